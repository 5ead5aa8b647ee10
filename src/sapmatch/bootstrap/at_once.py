"""A decision that is written at once by the person who took it, with a token of their own.

The token goes in the payload of one synchronous call and is kept nowhere; of the decision, its
SHA-256 was signed, so that nobody else's token is taken for it.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.writing import writing_desk
from sapmatch.model.errors import InputRejected, LogonRefused, SapmatchError
from sapmatch.model.ports import Clock
from sapmatch.settings import Environment

if TYPE_CHECKING:
    from sapmatch.model.document import DocumentRecord
    from sapmatch.model.intent import Intent

RECORDED_WITHIN = timedelta(seconds=20)  # what one call waits for the workflow
ASKED_FOR = timedelta(minutes=3)  # how long a command asks again
_LONGEST = 300  # seconds that the function may run
_LATER = (
    "the decision is recorded and not written yet: `sapmatch exceptions` shows what became of it"
)


class _Request(Struct, frozen=True, kw_only=True):
    document_id: str
    token: str

    def __repr__(self) -> str:
        return f"_Request({self.document_id!r})"


def digest(token: str) -> str:
    """What of a token may be kept: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def write_now(stage: str | None, document_id: str, token: str, clock: Clock) -> dict[str, Any]:
    """Have the function of a deployed stage write a decision; {"outcome", "message"}.

    Outcome "later" where the workflow has not recorded the match in time: the schedule writes it.
    """
    from sapmatch.aws.clients import client
    from sapmatch.aws.functions import call

    name = stage or os.environ.get(Environment.STAGE, "prod")
    function = f"sapmatch-{name}-write-decision"
    request = {"document_id": document_id, "token": token}
    connected = client("lambda", attempts=1, read_timeout=_LONGEST)
    end = clock.now() + ASKED_FOR
    while True:
        answer = call(connected, function, request)
        if answer["outcome"] != "waiting":
            return answer
        if clock.now() >= end:
            return {"outcome": "later", "message": _LATER}


def write_decision(
    parts: Services, event: Mapping[str, Any], owner: str, until: datetime
) -> dict[str, str]:
    """What the function does; {"outcome": "written|refused|later|waiting", "message"}.

    Raises InputRejected and LogonRefused where it is not this person's to write.
    """
    from sapmatch.writing.at_once import outcome_of

    request = msgspec.convert(event, _Request)
    _require_own(parts, request)
    record = _recorded(parts, request.document_id)
    if record is None:
        return {"outcome": "waiting", "message": "the workflow has not recorded it yet"}
    why = _write(parts, _intents(parts, record), request.token, owner, until)
    outcome, message = outcome_of(_intents(parts, record))
    return {"outcome": outcome, "message": f"{message}; {why}" if why else message}


def _require_own(parts: Services, request: _Request) -> None:
    review = parts.reviews.get(request.document_id)
    where = f"document {request.document_id[:12]}"
    if review is None or review.verdict is None:
        raise InputRejected(f"{where}: nobody decided on it, or it could not be carried out")
    signed = review.verdict.token_sha256 or ""
    if not hmac.compare_digest(signed, digest(request.token)):
        raise LogonRefused(f"{where}: was not decided with this token", "user-token")


def _recorded(parts: Services, document_id: str) -> "DocumentRecord | None":
    """The record once it is matched; None where that takes too long."""
    end = parts.clock.now() + RECORDED_WITHIN
    while not (record := parts.documents.get(document_id)).is_matched:
        if parts.clock.now() >= end:
            return None
        parts.clock.sleep(1.0)
    return record


def _intents(parts: Services, record: "DocumentRecord") -> "list[Intent]":
    return [parts.intents.get(intent_id) for intent_id in record.intents]


def _write(
    parts: Services, intents: "list[Intent]", token: str, owner: str, until: datetime
) -> str:
    """Flow by flow; why one ended early."""
    from sapmatch.writing.at_once import is_waiting, write_at_once

    for name in dict.fromkeys(intent.flow for intent in intents if is_waiting(intent)):
        mine = [intent for intent in intents if intent.flow == name]
        run_id = f"now-{mine[0].document_id or ''}"[:16] + f"-{parts.clock.now():%Y%m%dT%H%M%SZ}"
        flow = parts.flow(name)
        try:
            with writing_desk(parts, flow, owner, urgent=True, until=until, token=token) as desk:
                write_at_once(name, run_id, mine, flow=flow, desk=desk, objects=parts.objects)
        except SapmatchError as exc:
            return str(exc)
        finally:
            with suppress(SapmatchError):  # the audit and the command tell it too
                parts.exceptions.about_run(name, run_id, at_once=False)
    return ""
