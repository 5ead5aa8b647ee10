"""What SAP's answer to a batch says of each operation, and what it leaves open."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from http import HTTPStatus

from msgspec import Struct

from sapmatch.model.errors import (
    InputRejected,
    OutcomeUnknown,
    SapmatchError,
    SapMessage,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.intent import Record
from sapmatch.model.ports import Page
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import errors, multipart
from sapmatch.sap.odata.batch import Call, Create, Group, OperationResult, Read, Status, Write
from sapmatch.sap.odata.catalog import codec_of
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.messages import from_body, from_header
from sapmatch.sap.odata.metadata import StructuredType
from sapmatch.sap.odata.operations import row_of
from sapmatch.sap.session import Answer

# Raises what the answer to a write means, or returns the messages beside its success.
Check = Callable[[Answer], tuple[SapMessage, ...]]
# Gateway's default for changesets, and the sales order API of OData V4 (KBA 3474176): no codes.
_ONE_ONLY = re.compile(r"only one operation|changeset restrictions", re.IGNORECASE)


def parse_batch(
    answer: Answer,
    groups: Sequence[Group],
    *,
    place: str,
    codec: Codec,
    kind: Callable[[str], StructuredType | None],
    check: Check,
    check_read: Callable[[Answer], None],
) -> list[OperationResult]:
    """One result for every operation, in the order of submission.

    Whatever is missing, cut off, too much or contradicts itself makes an outcome unknown; it is
    `not_executed` only where SAP closed its answer after the first error (OD-P99). ValueError
    where the answer is no multipart at all.
    """
    boundary = multipart.boundary_of(answer.headers.get("Content-Type", ""))
    if boundary is None:
        raise ValueError("the answer is no multipart")
    found = multipart.split(answer.body, boundary)
    replies = [_reply(part, answer.url) for part in found.parts]
    return _Judge(place, codec, kind, check, check_read).all(groups, replies, closed=found.closed)


class _Reply(Struct, frozen=True):
    """One part of the answer: the one HTTP answer in it, or (`nested`) those of a changeset."""

    answers: list[Answer]
    nested: bool
    whole: bool

    @property
    def refuses(self) -> bool:
        return any(_is_refusal(answer) for answer in self.answers)

    def names(self, content_ids: Collection[str]) -> bool:
        return any(answer.headers.get("Content-ID") in content_ids for answer in self.answers)


def _reply(part: multipart.Part, url: str) -> _Reply:
    """What of a part came whole; nothing of one that cannot be read."""
    boundary = multipart.boundary_of(part.headers.get("Content-Type", ""))
    try:
        inner = [part] if boundary is None else multipart.split(part.body, boundary).parts
        # The delimiter behind a changeset ends its last part too.
        is_ended = boundary is not None and part.whole
        answers = [multipart.answer_of(one, url) for one in inner if one.whole or is_ended]
    except ValueError:
        answers = []
    return _Reply(answers, boundary is not None, part.whole)


def _is_aligned(groups: Sequence[Group], replies: Sequence[_Reply], *, closed: bool) -> bool:
    """Whether the parts can be told apart by their order alone."""
    missing = len(groups) - len(replies)
    if missing < 0 or (missing and closed and not (replies and replies[-1].refuses)):
        return False
    return all(_may_answer(*pair) for pair in zip(replies, groups, strict=False))


def _may_answer(reply: _Reply, group: Group) -> bool:
    if not reply.answers:
        return True
    if group.read:
        return not reply.nested
    return reply.nested or len(group.writes) == 1 or reply.refuses


class _Judge(Struct, frozen=True):
    place: str
    codec: Codec
    kind: Callable[[str], StructuredType | None]
    check: Check
    check_read: Callable[[Answer], None]

    def all(
        self, groups: Sequence[Group], replies: Sequence[_Reply], *, closed: bool
    ) -> list[OperationResult]:
        """By their order where they can be told apart by it, else by their Content-IDs."""
        if not _is_aligned(groups, replies, closed=closed):
            return self.by_content_id(groups, replies)
        known = {content_id for group in groups for content_id in group.writes}
        results: list[OperationResult] = []
        for group, reply in zip(groups, replies, strict=False):
            misplaced = reply.names(known - set(group.writes))
            results += self.unknown(group) if misplaced else self.group(group, reply)
        for group in groups[len(replies) :]:
            results += self.not_executed(group) if closed else self.unknown(group)
        return results

    def group(self, group: Group, reply: _Reply) -> list[OperationResult]:
        if group.read:
            return [self._read(group.read, one) for one in reply.answers] or self.unknown(group)
        if len(reply.answers) == 1 and reply.refuses:
            return self._refused(group, reply.answers[0])
        matched = _matched(group.writes, reply)
        results = [self._result(group, content_id, matched) for content_id in group.writes]
        return _contradicted(results) if reply.refuses else results

    def by_content_id(
        self, groups: Sequence[Group], replies: Iterable[_Reply]
    ) -> list[OperationResult]:
        """Nothing but what names itself can be believed where the parts are not those expected."""
        answers = [answer for reply in replies if reply.nested for answer in reply.answers]
        named = _named(answers, [content_id for group in groups for content_id in group.writes])
        results: list[OperationResult] = []
        for group in groups:
            results += [self._result(group, content_id, named) for content_id in group.writes]
            results += self.unknown(group) if group.read else []
        return results

    def unknown(self, group: Group) -> list[OperationResult]:
        """No answer: a read may be repeated, a write may have happened."""
        if group.read:
            error = SapUnavailable(
                f"{self.place}: {group.read.entity_set}: SAP's batch answer does not hold what "
                "was read; read it again"
            )
            return [OperationResult(operation=group.read, status="unknown", error=error)]
        return [self._unanswered(group, content_id) for content_id in group.writes]

    def not_executed(self, group: Group) -> list[OperationResult]:
        """SAP stopped before it."""
        if group.read:
            return [OperationResult(operation=group.read, status="not_executed")]
        return [
            OperationResult(operation=one, status="not_executed", content_id=content_id)
            for content_id, one in group.writes.items()
        ]

    def _result(
        self, group: Group, content_id: str, answers: Mapping[str, Answer]
    ) -> OperationResult:
        answer = answers.get(content_id)
        if answer is None:
            return self._unanswered(group, content_id)
        return self._written(group.writes[content_id], content_id, answer)

    def _unanswered(self, group: Group, content_id: str) -> OperationResult:
        one = group.writes[content_id]
        error = OutcomeUnknown(
            f"{self.place}: {one.entity_set}: SAP's batch answer does not say what became of "
            f"operation {content_id}; read it back"
        )
        return OperationResult(operation=one, status="unknown", content_id=content_id, error=error)

    def _read(self, one: Read, answer: Answer) -> OperationResult:
        page, row = None, {}
        try:
            self.check_read(answer)
            codec = codec_of(answer, self.codec)
            if one.key is None:
                page = _page(codec, answer)
            else:
                row = codec.entity(answer.body)
        except SapmatchError as exc:
            return self._failed(one, answer, _plain(exc, answer))
        except UNREADABLE as exc:
            error = SapUnavailable(
                f"{self.place}: {one.entity_set}: {len(answer.body)} bytes of a batch answer are "
                f"no complete OData {codec.VERSION} answer ({type(exc).__name__}); try again"
            )
            return self._failed(one, answer, error)
        return OperationResult(
            operation=one,
            status="succeeded",
            http_status=answer.status,
            row=row,
            page=page,
            etag=codec.etag_of(row) or answer.headers.get("ETag"),
            messages=from_header(answer.headers),
        )

    def _failed(self, one: Read, answer: Answer, error: SapmatchError) -> OperationResult:
        return OperationResult(
            operation=one, status="failed", http_status=answer.status, error=error
        )

    def _written(self, one: Write, content_id: str, answer: Answer) -> OperationResult:
        messages, error = self._checked(answer)
        row = {} if error else self._row(one, answer)
        key = self._key(one, answer, row)
        if error is None and isinstance(one, Create) and not row and not key:
            error = OutcomeUnknown(
                f"{self.place}: {one.entity_set}: SAP answered {answer.status} and named no "
                "record; read it back"
            )
        return OperationResult(
            operation=one,
            status=_status(error),
            content_id=content_id,
            http_status=answer.status,
            row=row,
            key=key,
            etag=self.codec.etag_of(row) or answer.headers.get("ETag"),
            messages=messages,
            error=error,
            repeatability=errors.repeatability_of(answer.headers) or None,
        )

    def _row(self, one: Write, answer: Answer) -> Record:
        """Empty where there is none that can be read: the status of a part is SAP's own."""
        if answer.status == HTTPStatus.NO_CONTENT or not answer.body:
            return {}
        try:
            codec = codec_of(answer, self.codec)
            if isinstance(one, Call):
                return row_of(codec.result(answer.body, one.function))
            return codec.entity(answer.body)
        except UNREADABLE:
            return {}

    def _key(self, one: Write, answer: Answer, row: Record) -> dict[str, ODataValue]:
        if not isinstance(one, Create):
            return dict(one.key)
        kind = self.kind(one.entity_set)
        location = answer.headers.get("Location") or answer.headers.get("OData-EntityId")
        return self.codec.key_of(one.entity_set, row, location, kind.keys if kind else ())

    def _refused(self, group: Group, answer: Answer) -> list[OperationResult]:
        """One error for a whole changeset, in either of the two forms (OD-P98)."""
        _, error = self._checked(answer, several=len(group.writes) > 1)
        culprit = _culprit(group.writes, answer)
        return [
            OperationResult(
                operation=one,
                status=_status(error),
                content_id=content_id,
                http_status=answer.status,
                error=error,
                culprit=culprit,
            )
            for content_id, one in group.writes.items()
        ]

    def _checked(
        self, answer: Answer, *, several: bool = False
    ) -> tuple[tuple[SapMessage, ...], SapmatchError | None]:
        """Messages beside a success, or the error; `several` operations share the answer."""
        found = from_body(answer.body) if several else None
        texts = [found.text, *(one.text for one in found.details)] if found else []
        if found and _ONE_ONLY.search("\n".join(texts)):
            return (), InputRejected(
                f"{self.place}: SAP lets a changeset hold one operation only ({found.code}: "
                f"{found.text}); set one_operation_changesets = true for this service below "
                f"{self.place}, then each operation stands for itself"
            )
        try:
            return self.check(answer), None
        except SapmatchError as exc:
            return (), _plain(exc, answer)


def _page(codec: Codec, answer: Answer) -> Page:
    """Links as SAP wrote them: Service.pages takes them."""
    found = codec.feed(answer.body)
    return Page(
        rows=found.rows,
        next_link=found.next,
        delta_link=found.delta,
        count=found.count,
        size=len(answer.body),
        preferences=answer.headers.get("Preference-Applied", ""),
    )


def _matched(writes: Mapping[str, Write], reply: _Reply) -> dict[str, Answer]:
    """Answers by Content-ID, else by their order where that cannot deceive."""
    named = _named(reply.answers, writes)
    if named or len(reply.answers) > len(writes):
        return named
    if reply.whole and len(reply.answers) < len(writes):
        return {}
    return dict(zip(writes, reply.answers, strict=False))


def _named(answers: Iterable[Answer], known: Collection[str]) -> dict[str, Answer]:
    """Those that carry a Content-ID of ours; one that comes twice identifies nothing."""
    named: dict[str, Answer] = {}
    twice: set[str] = set()
    for answer in answers:
        content_id = answer.headers.get("Content-ID", "")
        if content_id in named:
            twice.add(content_id)
        if content_id in known:
            named[content_id] = answer
    return {content_id: answer for content_id, answer in named.items() if content_id not in twice}


def _contradicted(results: Iterable[OperationResult]) -> list[OperationResult]:
    """Successes beside a refusal in one changeset, which is all or nothing: unknown."""
    return [
        result
        if result.error
        else OperationResult(
            operation=result.operation,
            status="unknown",
            content_id=result.content_id,
            http_status=result.http_status,
            error=OutcomeUnknown(
                f"{result.operation.entity_set}: SAP reports success of operation "
                f"{result.content_id} in a changeset that it refused; read it back"
            ),
        )
        for result in results
    ]


def _culprit(writes: Mapping[str, Write], answer: Answer) -> str:
    """The operation that SAP names, or the only one there is."""
    if len(writes) == 1:
        return next(iter(writes))
    found = from_body(answer.body)
    named = [answer.headers.get("Content-ID", "")]
    if found:
        named += [found.content_id, *(one.content_id for one in found.details)]
    return next((content_id for content_id in named if content_id in writes), "")


def _status(error: SapmatchError | None) -> Status:
    if error is None:
        return "succeeded"
    return "unknown" if isinstance(error, OutcomeUnknown) else "failed"


def _is_refusal(answer: Answer) -> bool:
    return answer.status >= HTTPStatus.BAD_REQUEST


def _plain(exc: SapmatchError, answer: Answer) -> SapmatchError:
    """As a value; a part without an error body says nothing about the service as a whole."""
    if answer.status == HTTPStatus.NOT_FOUND and from_body(answer.body) is None:
        return SapRejected(
            f"HTTP {answer.status}", answer.reason or "no text", http_status=answer.status
        )
    return exc.with_traceback(None)
