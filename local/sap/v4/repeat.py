"""Repeatable requests (OASIS Repeatable Requests 1.0): the same id gives the first answer again."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from local.sap.exchange import Request, Response
from local.sap.v4.errors import bad, refusal

_ID = "repeatability-request-id"
_SENT = "repeatability-first-sent"
_RESULT = "repeatability-result"
_MAX_ANSWERS = 10_000
_MAX_ID = 200


class Repeats:
    """Answers of successful writes by user and id."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str], tuple[str, Response]] = OrderedDict()

    def once(self, request: Request, write: Callable[[Request], Response]) -> Response:
        """The first answer where the id is known, else the answer of `write`, kept for later."""
        given = request.headers.get(_ID), request.headers.get(_SENT)
        if given == (None, None):
            return write(request)
        key = (request.user, _checked_id(*given))
        place = f"{request.method} {request.path}"
        if key in self._answers:
            return self._again(key, place)
        response = write(request)
        response.headers[_RESULT] = "accepted"
        self._answers[key] = (place, replace(response, headers=dict(response.headers)))
        while len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)
        return response

    def _again(self, key: tuple[str, str], place: str) -> Response:
        first, response = self._answers[key]
        if first != place:
            text = "This Repeatability-Request-ID was used for another request"
            raise refusal(HTTPStatus.PRECONDITION_FAILED, text)
        return response.without_effects()

    def forget(self) -> None:
        """Know no id any more, as after the time that SAP keeps them."""
        self._answers.clear()


def _checked_id(identity: str | None, sent: str | None) -> str:
    if not identity or not sent or len(identity) > _MAX_ID:
        raise bad("Repeatability-Request-ID and Repeatability-First-Sent go together")
    try:
        parsedate_to_datetime(sent)
    except ValueError as error:
        raise bad("Repeatability-First-Sent must be an HTTP date") from error
    return identity
