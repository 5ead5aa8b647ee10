"""$batch of OData V4 (protocol 4.0, 11.7): single requests and change sets, all or nothing."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from local.sap.errors import Refusal
from local.sap.exchange import Inner, Request, Response
from local.sap.multipart import (
    HTTP,
    MIXED,
    Call,
    Part,
    call_of,
    joined,
    media_type,
    nested_part,
    parts_of,
    response_part,
)
from local.sap.v4.answers import VERSION
from local.sap.v4.errors import bad, not_allowed, refusal
from local.sap.v4.model import ROOT, Service
from local.sap.v4.query import preferences

_INHERITED = ("cookie", "sap-client", "sap-language")
_CONTINUE = ("odata.continue-on-error", "continue-on-error")
_READING = frozenset({"GET", "HEAD"})
_WRITING = frozenset({"POST", "PATCH", "PUT", "DELETE"})


@dataclass(slots=True)
class Tools:
    """What a batch needs of the stand-in: answer one request, show a refusal, undo."""

    answer: Callable[[Request], Response]
    refused: Callable[[Refusal, Request], Response]
    kept: Callable[[], Callable[[], None]]  # call it to keep the state, the result to restore it


@dataclass(slots=True)
class Batch:
    """Runs one $batch request of a service."""

    service: Service
    request: Request
    tools: Tools
    _inner: list[Inner] = field(default_factory=list)

    def run(self) -> Response:
        """202 with one part per request that was carried out, up to the first that failed."""
        if self.request.method != "POST":
            raise not_allowed("$batch is called by POST")
        kind = self.request.headers.get("content-type", "")
        if media_type(kind) != MIXED:
            raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "$batch must be multipart/mixed")
        try:
            calls = [_calls(part) for part in parts_of(self.request.body, kind)]
        except ValueError as error:  # a malformed part runs nothing
            raise bad(f"Malformed $batch: {error}") from error
        parts = list(self._answers(calls))
        boundary = uuid.uuid4().hex.upper()
        kind = f"{MIXED}; boundary={boundary}"
        body = joined(parts, boundary)
        return Response(HTTPStatus.ACCEPTED, body, kind, dict(VERSION), inner=self._inner)

    def _answers(self, calls: Sequence[Call | list[Call]]) -> Iterator[bytes]:
        wanted = preferences(self.request.headers.get("prefer", ""))
        goes_on = any(name in wanted for name in _CONTINUE)
        for group in calls:
            answer, failed = self._group(group) if isinstance(group, list) else self._single(group)
            yield answer
            if failed and not goes_on:
                return

    def _single(self, call: Call) -> tuple[bytes, bool]:
        response = self._answer(call, {})
        return response_part(response, call.content_id), _failed(response)

    def _group(self, calls: list[Call]) -> tuple[bytes, bool]:
        """A change set: the answers of all, or one answer that names the culprit (OD-P98)."""
        try:
            self._check(calls)
        except Refusal as refused:
            return response_part(self.tools.refused(refused, self.request)), True
        restore = self.tools.kept() if len(calls) > 1 else None
        begin = len(self._inner)
        known: dict[str, str] = {}
        responses: list[Response] = []
        for call in calls:
            response = self._answer(call, known)
            if _failed(response):
                if restore is not None:
                    restore()
                self._undo(begin)
                return response_part(_naming(response, call.content_id), call.content_id), True
            known[call.content_id] = _entity_of(response, call)
            responses.append(response)
        pairs = zip(responses, calls, strict=True)
        inner = [response_part(response, call.content_id) for response, call in pairs]
        return nested_part(inner, uuid.uuid4().hex.upper()), False

    def _check(self, calls: list[Call]) -> None:
        if any(call.method in _READING for call in calls):
            raise bad("A change set takes no reads")
        if self.service.one_write_per_changeset and len(calls) != 1:
            raise bad("A change set of this service takes exactly one request")

    def _answer(self, call: Call, known: dict[str, str]) -> Response:
        request = self._request(call, known)
        try:
            if call.method not in _READING | _WRITING:
                raise not_allowed(f"{call.method[:10]} is unknown")
            response = self.tools.answer(request)
        except Refusal as refused:
            response = self.tools.refused(refused, request)
        self._inner.append(Inner(request, response, call.content_id, undone=False))
        return response

    def _undo(self, begin: int) -> None:
        """For the request log: what came before the culprit did nothing in the end."""
        self._inner[begin:-1] = [
            replace(each, response=each.response.without_effects(), undone=True)
            for each in self._inner[begin:-1]
        ]

    def _request(self, call: Call, known: dict[str, str]) -> Request:
        """The request with its URL below the service, and the logon of the batch."""
        root = f"{ROOT}/{self.service.path}/"
        path, query = call.target(known, self.request.origin)
        path = path if path.startswith("/") else root + path
        inherited = {
            name: value for name, value in self.request.headers.items() if name in _INHERITED
        }
        return replace(
            self.request,
            method=call.method,
            path=path,
            query=query,
            headers=inherited | dict(call.headers),
            body=call.body,
        )


def _calls(part: Part) -> Call | list[Call]:
    if part.kind == HTTP:
        return call_of(part)
    if part.kind != MIXED:
        raise bad("A part of $batch must be application/http or multipart/mixed")
    calls = [_call(each) for each in parts_of(part.body, part.headers["content-type"])]
    names = [each.content_id for each in calls]
    if not all(names) or len(set(names)) != len(names):
        raise bad("Every request of a change set needs a Content-ID of its own")
    return calls


def _call(part: Part) -> Call:
    if part.kind != HTTP:
        raise bad("A request of $batch must be application/http")
    return call_of(part)


def _failed(response: Response) -> bool:
    return response.status >= HTTPStatus.BAD_REQUEST


def _entity_of(response: Response, call: Call) -> str:
    """What `$<Content-ID>` stands for in the requests that follow."""
    return response.headers.get("location", call.url).partition("?")[0]


def _naming(response: Response, content_id: str) -> Response:
    shown = json.loads(response.body)
    shown["error"]["@SAP__core.ContentID"] = content_id
    return replace(response, body=json.dumps(shown).encode())
