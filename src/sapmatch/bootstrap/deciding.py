"""Decisions of people: asked for from outside, taken inside a function."""

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from sapmatch.aws.identity import Signature, caller, sign
from sapmatch.bootstrap.parts import Services
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.reviewing.asked import Asked, require
from sapmatch.settings import Environment

if TYPE_CHECKING:
    from sapmatch.reviewing.decide import Answer, Decisions

LOCAL = "local"  # the stage of the emulator, which knows no identities
_EMULATED = "000000000000"  # the account of emulators; AWS gives it to nobody
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class _Request(Struct, frozen=True, kw_only=True):
    """What comes to the function; `user` of the operating system counts on the local stage only."""

    asked: Asked
    signature: Signature | None = None
    user: str | None = None


def ask(stage: str | None, asked: Asked) -> dict[str, Any]:
    """Have the function of a deployed stage decide, as the user of this environment.

    The one right that it takes is lambda:InvokeFunction on this function, so its name is not
    looked up. Returns {"outcome", "message", ...}.
    """
    from sapmatch.aws.clients import client
    from sapmatch.aws.functions import call

    name = stage or os.environ.get(Environment.STAGE, "prod")
    user, signature = vouched(name, asked.digest(name))
    request = _Request(asked=asked, signature=signature, user=user)
    function = f"sapmatch-{name}-decide-exception"
    return call(client("lambda", attempts=1), function, msgspec.to_builtins(request))


def decide(parts: Services, event: Mapping[str, Any], account: str) -> "Answer":
    """Take the decision that came to the function; `account` is the function's own.

    Raises InputRejected and LogonRefused where it is refused.
    """
    try:
        request = msgspec.convert(event, _Request)
    except msgspec.ValidationError as exc:
        raise InputRejected(
            "the decision cannot be read; use the sapmatch of this stage's version"
        ) from exc
    require(request.asked)
    digest = request.asked.digest(parts.stage)
    who = proved(parts, digest, account, request.signature, request.user)
    return _decisions(parts).decide(request.asked, who)


def vouched(stage: str, digest: str) -> tuple[str | None, Signature | None]:
    """By what the user of this environment is known: one of the operating system, or a signature.

    The digest is that of what they want of the stage.
    """
    return (_os_user(), None) if stage == LOCAL else (None, sign(digest))


def proved(
    parts: Services, digest: str, account: str, signature: Signature | None, user: str | None
) -> str:
    """Who wants what has this digest, in a function of this account; LogonRefused for nobody."""
    if os.environ.get(Environment.OS_USERS) and account == _EMULATED:
        if not _USER.fullmatch(user or ""):
            raise LogonRefused("the decision names no user of the operating system")
        return str(user)
    if signature is None:
        raise LogonRefused("the decision is not signed; decide with sapmatch decide")
    return caller(signature, digest, account, parts.clock.now())


def _decisions(parts: Services) -> "Decisions":
    from sapmatch.reviewing.decide import Decisions

    return Decisions(
        reviews=parts.reviews,
        documents=parts.documents,
        waits=parts.workflows,
        rules=parts.settings.reviewing,
        worth=parts.rehearsal.worth,
        rehearse=parts.rehearsal.rehearse,
        clock=parts.clock,
    )


def _os_user() -> str:
    import getpass

    return getpass.getuser()
