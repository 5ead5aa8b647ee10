"""Textract AnalyzeExpense: one page at once, more pages as a job."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import structs

from sapmatch.aws.clients import as_user
from sapmatch.aws.errors import translated, unanswered
from sapmatch.aws.pages import numbered, single_pages
from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.model.expense import Analysis, ExpenseSource, Pace

if TYPE_CHECKING:
    from mypy_boto3_textract import TextractClient

SYNC_BYTES = 10_485_760  # AnalyzeExpense takes no more, and one page only
JOB_TAG = "sapmatch"
_ANALYZE, _START, _GET = OPERATIONS = (
    "AnalyzeExpense",
    "StartExpenseAnalysis",
    "GetExpenseAnalysis",
)
_MOST_ANSWERS = 3000  # a job has at most as many pages, and every answer carries one
_KIND = re.compile(r"[A-Za-z]\w{2,59}")

_ANEW = "open the file, and save or scan it anew"
_REFUSED = {
    "BadDocumentException": f"Textract cannot read it; {_ANEW}",
    "DocumentTooLargeException": "is too large for Textract (images 10 MB and 10,000 dots a side, "
    "PDF and TIFF 500 MB); split it, or scan it with fewer dots per inch",
    "IdempotentParameterMismatchException": "Textract read this version before, with other "
    f"parameters; {_ANEW}",
    "InvalidParameterException": "Textract does not take it; save it as PDF, PNG, JPEG or TIFF",
    "InvalidS3ObjectException": "Textract cannot get it from S3; bucket and function must be in "
    "one region, and the function must be allowed to read the object and to use its key",
    "UnsupportedDocumentException": "Textract does not take it: it is no PDF, PNG, JPEG or TIFF, "
    "or has a password or an XFA form, or several pages where one is asked for; save it as a "
    "plain PDF",
}


class TextractExpense:
    """Port Expense; the same object version never starts two jobs.

    The client must not repeat calls by itself: every call has to be booked with `pace`.
    """

    def __init__(self, client: "TextractClient", pace: Pace) -> None:
        self._client = client
        self._pace = pace

    def start(self, source: ExpenseSource) -> Analysis | str:
        """One small page at once, all else as a job.

        A page whose answer got lost goes on as a job: that is paid for once however often it is
        asked for.
        """
        if source.pages > 1 or source.size > SYNC_BYTES:
            return self._job(source)
        try:
            with self._paced(_ANALYZE, _subject(source)):
                answer: Any = self._client.analyze_expense(Document={"S3Object": _place(source)})
        except Throttled as exc:
            if source.version_id and unanswered(exc):
                return self._job(source)
            raise
        return _analysis([answer])

    def _job(self, source: ExpenseSource) -> str:
        with self._paced(_START, _subject(source)):
            return self._client.start_expense_analysis(
                DocumentLocation={"S3Object": _place(source)}, JobTag=JOB_TAG, **_token(source)
            )["JobId"]

    def result(self, job: str) -> Analysis | None:
        """All result pages of the job; NextToken is followed to its end."""
        answers: list[Mapping[str, Any]] = []
        more: dict[str, Any] = {}
        for _ in range(_MOST_ANSWERS):
            answer = self._answer(job, more)
            if answer["JobStatus"] == "IN_PROGRESS":
                return None
            if answer["JobStatus"] == "FAILED":
                raise _failed(job, answer)
            answers.append(answer)
            if not answer.get("NextToken"):
                return _analysis(answers)
            more = {"NextToken": answer["NextToken"]}
        raise InputRejected(f"Textract job {job}: its answer does not end; split the file")

    def _answer(self, job: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
        lost = self._client.exceptions.InvalidJobIdException
        try:
            with self._paced(_GET, f"Textract job {job}"):
                return self._client.get_expense_analysis(JobId=job, **more)
        except lost as exc:
            raise LookupError(f"Textract job {job}: is not known any more") from exc

    @contextmanager
    def _paced(self, operation: str, subject: str) -> Iterator[None]:
        """One call when its turn has come; where Textract is busy, all take more time."""
        self._pace.take(operation)
        try:
            with translated(subject, _REFUSED):
                yield
        except Throttled:
            self._pace.slow_down(operation)
            raise


def analyze_bytes(client: "TextractClient", data: bytes, pages: int) -> Analysis:
    """A file that is not in S3: page by page, because Textract takes no more of it at once.

    Raises LogonRefused and AuthorizationMissing for what the user's environment has wrong.
    """
    answers: list[Any] = []
    for number, page in enumerate(single_pages(data) if pages > 1 else [data], start=1):
        with translated(f"Textract, page {number}", _REFUSED), as_user("textract"):
            answer = client.analyze_expense(Document={"Bytes": page})
        answers.append({**answer, "ExpenseDocuments": numbered(answer["ExpenseDocuments"], number)})
    return structs.replace(_analysis(answers), pages=pages)


def _subject(source: ExpenseSource) -> str:
    return f"document {source.key}"


def _place(source: ExpenseSource) -> Any:
    where = {"Bucket": source.bucket, "Name": source.key}
    return where | ({"Version": source.version_id} if source.version_id else {})


def _token(source: ExpenseSource) -> dict[str, Any]:
    """ClientRequestToken of the object version; without a version the bytes may be other ones.

    Textract gives a job that failed for the token that started it: a new attempt has its own.
    """
    if not source.version_id:
        return {}
    attempt = (str(source.attempt),) if source.attempt else ()
    named = "\n".join((source.bucket, source.key, source.version_id, *attempt))
    return {"ClientRequestToken": hashlib.sha256(named.encode()).hexdigest()}


def _analysis(answers: Sequence[Mapping[str, Any]]) -> Analysis:
    pages = max(answer["DocumentMetadata"]["Pages"] for answer in answers)
    return Analysis(
        documents=tuple(dict(d) for answer in answers for d in answer["ExpenseDocuments"]),
        pages=pages,
        missing=_missing(answers, pages),
        model=answers[0].get("AnalyzeExpenseModelVersion"),
    )


def _missing(answers: Sequence[Mapping[str, Any]], pages: int) -> tuple[int, ...]:
    """Pages that a warning names; where an incomplete answer names none it may be any of them."""
    warnings = [warning for answer in answers for warning in answer.get("Warnings", ())]
    named = {page for warning in warnings for page in warning.get("Pages", ())}
    partial = any(answer.get("JobStatus") == "PARTIAL_SUCCESS" for answer in answers)
    unnamed = (partial and not named) or not all(warning.get("Pages") for warning in warnings)
    return tuple(range(1, pages + 1)) if unnamed else tuple(sorted(named))


def _failed(job: str, answer: Mapping[str, Any]) -> InputRejected:
    """Why a job failed, by the word of its StatusMessage; the rest of it may quote the document."""
    kind = _KIND.match(answer.get("StatusMessage") or "")
    name = kind.group() if kind else answer["JobStatus"]
    remedy = _REFUSED.get(name, f"Textract could not read it; {_ANEW}")
    return InputRejected(f"Textract job {job}: failed with {name}: {remedy}")
