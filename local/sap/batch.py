"""$batch of OData V2: reads and change sets, each change set all or nothing.

Gateway goes on after an error. Whatever is malformed refuses the whole batch, and nothing of it
is executed.
"""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from local.sap.errors import BAD_REQUEST, Refusal, ours
from local.sap.exchange import ROOT, Inner, Request, Response
from local.sap.metadata import Service
from local.sap.multipart import (
    HTTP,
    MIXED,
    Call,
    Part,
    call_of,
    joined,
    nested_part,
    parts_of,
    response_part,
)
from local.sap.paths import segments_of
from local.sap.reading import V2

_URL = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})+")
_READING = frozenset({"GET", "HEAD"})
_WRITING = frozenset({"POST", "PUT", "PATCH", "MERGE", "DELETE"})
_ROOT_SIZE = len(segments_of(ROOT)) + 1  # segments of a service's address
_ONE_ONLY = "Default changeset implementation allows only one operation"


@dataclass(frozen=True, slots=True)
class Tools:
    """What a batch needs of the stand-in.

    `answer` carries out one request. `refused` shows a refusal. `kept` keeps the documents, and
    what it returns puts them back. `one_only` are services and entity sets whose change sets hold
    one operation (OD-P100). `stops` says whether the first error ends the batch (OD-P99).
    """

    answer: Callable[[Request], Response]
    refused: Callable[[Refusal, Request], Response]
    kept: Callable[[], Callable[[], None]]
    one_only: Sequence[str]
    stops: bool


@dataclass(frozen=True, slots=True)
class _Done:
    call: Call
    request: Request
    response: Response

    @property
    def failed(self) -> bool:
        return self.response.status >= HTTPStatus.BAD_REQUEST

    @property
    def part(self) -> bytes:
        return response_part(self.response, self.call.content_id)

    @property
    def entity(self) -> str:
        """What `$<Content-ID>` stands for in the operations that follow."""
        return self.response.headers.get("location", self.request.path)


@dataclass(slots=True)
class Batch:
    """Runs one $batch request of a service."""

    service: Service
    request: Request
    tools: Tools
    _inner: list[Inner] = field(default_factory=list)

    def run(self) -> Response:
        """202 with one part per read and per change set, in their order."""
        try:
            parts = parts_of(self.request.body, self.request.headers.get("content-type", ""))
            groups = [_group(part) for part in parts]
        except ValueError as error:
            raise _bad(f"Malformed $batch: {error}") from error
        boundary = uuid.uuid4().hex.upper()
        body = joined(self._answers(groups), boundary)
        kind = f"{MIXED}; boundary={boundary}"
        return Response(HTTPStatus.ACCEPTED, body, kind, dict(V2), inner=self._inner)

    def _answers(self, groups: Sequence[Call | list[Call]]) -> Iterator[bytes]:
        for group in groups:
            if isinstance(group, list):
                answer, failed = self._change_set(group)
            else:
                answer, failed = self._read(group)
            yield answer
            if failed and self.tools.stops:
                return

    def _read(self, operation: Call) -> tuple[bytes, bool]:
        done = self._done(operation, {}, _READING)
        self._note(done)
        return done.part, done.failed

    def _change_set(self, operations: list[Call]) -> tuple[bytes, bool]:
        """The answers of all, or one answer that names the culprit (OD-P98)."""
        if len(operations) > 1 and self._takes_one_only(operations):
            refused = self.tools.refused(ours(98, _ONE_ONLY), self._request(operations[0], {}))
            return response_part(refused), True
        restore = self.tools.kept() if len(operations) > 1 else None
        done = list(self._until_one_fails(operations))
        last = done[-1]
        if last.failed and restore is not None:
            restore()
        for each in done:
            self._note(each, undone=last.failed and each is not last)
        if last.failed:
            return last.part, True
        return nested_part((each.part for each in done), uuid.uuid4().hex.upper()), False

    def _until_one_fails(self, operations: list[Call]) -> Iterator[_Done]:
        known: dict[str, str] = {}
        for operation in operations:
            done = self._done(operation, known, _WRITING)
            yield done
            if done.failed:
                return
            known[operation.content_id] = done.entity

    def _takes_one_only(self, operations: list[Call]) -> bool:
        paths = (segments_of(self._request(each, {}).path) for each in operations)
        sets = {path[_ROOT_SIZE].partition("(")[0] for path in paths if len(path) > _ROOT_SIZE}
        return not {self.service.name, *sets}.isdisjoint(self.tools.one_only)

    def _done(self, operation: Call, known: Mapping[str, str], methods: frozenset[str]) -> _Done:
        request = self._request(operation, known)
        try:
            if request.method not in methods:
                raise _bad("A read stands by itself, a write inside a change set")
            if segments_of(request.path)[:_ROOT_SIZE] != segments_of(self._root):
                raise _bad("The request is for another service than its $batch")
            return _Done(operation, request, self.tools.answer(request))
        except Refusal as refusal:
            refusal.name(operation.content_id)
            return _Done(operation, request, self.tools.refused(refusal, request))

    @property
    def _root(self) -> str:
        return f"{ROOT}/{self.service.name}/"

    def _request(self, call: Call, known: Mapping[str, str]) -> Request:
        """The request with its URL below the service; the logon is that of the batch."""
        path, query = call.target(known, self.request.origin)
        return replace(
            self.request,
            method=call.method,
            path=self.request.inside(path) if path.startswith("/") else self._root + path,
            query=query,
            headers=call.headers,
            body=call.body,
        )

    def _note(self, done: _Done, *, undone: bool = False) -> None:
        """For the request log; what was put back was neither created nor changed."""
        response = done.response.without_effects() if undone else done.response
        self._inner.append(Inner(done.request, response, done.call.content_id, undone))


def _group(part: Part) -> Call | list[Call]:
    if part.kind == HTTP:
        return _operation(part)
    if part.kind != MIXED:
        raise _bad("A part of $batch must be application/http or multipart/mixed")
    operations = [_operation(each) for each in parts_of(part.body, part.headers["content-type"])]
    if not operations:
        raise _bad("Malformed $batch: a change set is empty")
    named = [each.content_id for each in operations if each.content_id]
    if len(set(named)) != len(named):
        raise _bad("Malformed $batch: a Content-ID stands twice in a change set")
    return operations


def _operation(part: Part) -> Call:
    if part.kind != HTTP:
        raise _bad("A request inside a change set must be application/http")
    call = call_of(part)
    if not _URL.fullmatch(call.url):
        raise _bad("Malformed $batch: a URL is not percent-encoded")
    return call


def _bad(text: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, BAD_REQUEST, text)
