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
    if name == LOCAL:
        request = _Request(asked=asked, user=_os_user())
    else:
        request = _Request(asked=asked, signature=sign(asked.digest(name)))
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
    return _decisions(parts).decide(request.asked, _caller(parts, request, account))


def _caller(parts: Services, request: _Request, account: str) -> str:
    if os.environ.get(Environment.OS_USERS) and account == _EMULATED:
        if not _USER.fullmatch(request.user or ""):
            raise LogonRefused("the decision names no user of the operating system")
        return str(request.user)
    if request.signature is None:
        raise LogonRefused("the decision is not signed; decide with sapmatch decide")
    digest = request.asked.digest(parts.stage)
    return caller(request.signature, digest, account, parts.clock.now())


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
