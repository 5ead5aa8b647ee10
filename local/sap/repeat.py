"""Gateway's idempotency: RequestID and RepeatabilityCreation give the first answer again (OD-P76).

SAP keeps the answer for hours and the id longer (OD-P78): in between, and where the request was
made too long ago for SAP to remember the id, it says that the id is outdated (OD-P77).
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from local.sap.errors import Refusal, ours
from local.sap.exchange import Request, Response

ANSWER_KEPT = timedelta(hours=6)
ID_KEPT = timedelta(hours=12)
OUTDATED = "/IWBEP/CM_COS/005"
_ID = "requestid"
_CREATION = "repeatabilitycreation"
_GUID = re.compile(r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}")
_MAX_ANSWERS = 10_000

_Key = tuple[str, str]  # user, id


@dataclass(slots=True)
class _Answer:
    place: str
    since: datetime
    response: Response


class Repeats:
    """Answers of successful writes by user and id."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: OrderedDict[_Key, _Answer] = OrderedDict()

    def once(self, request: Request, write: Callable[[Request], Response]) -> Response:
        """The first answer where the id is known, else that of `write`, kept for later."""
        identity, creation = request.headers.get(_ID), request.headers.get(_CREATION)
        if identity is None and creation is None:
            return write(request)
        key, created = _key(request, identity or ""), _moment(creation or "")
        place = f"{request.method} {request.path}"
        if key in self._answers:
            return self._again(self._answers[key], place)
        if self._now() - created > ID_KEPT:
            raise _outdated()
        response = write(request)
        response.headers["RepeatabilityResult"] = "accepted"
        self._answers[key] = _Answer(place, self._now(), _copy(response))
        while len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)
        return response

    def _again(self, first: _Answer, place: str) -> Response:
        if first.place != place:
            raise ours(97, "This RequestID was used for another request")
        if self._now() - first.since > ANSWER_KEPT:
            raise _outdated()
        return first.response.without_effects()

    def outdate(self) -> None:
        """Let all answers so far pass their time; the ids stay known."""
        for each in self._answers.values():
            each.since -= ANSWER_KEPT

    def forget(self) -> None:
        """Know no id any more."""
        self._answers.clear()


def _copy(response: Response) -> Response:
    return replace(response, headers=dict(response.headers))


def _key(request: Request, identity: str) -> _Key:
    if not _GUID.fullmatch(identity):
        raise ours(96, "RequestID must be a GUID", target="RequestID")
    return request.user, identity.replace("-", "").upper()


def _moment(creation: str) -> datetime:
    try:
        moment = parsedate_to_datetime(creation)
    except ValueError as error:
        raise _no_date() from error
    if moment.tzinfo is None:
        raise _no_date()
    return moment


def _no_date() -> Refusal:
    text = "RepeatabilityCreation must be an HTTP date in GMT"
    return ours(96, text, target="RepeatabilityCreation")


def _outdated() -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, OUTDATED, "RequestID is outdated")
