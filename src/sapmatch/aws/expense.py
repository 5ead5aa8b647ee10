"""Textract AnalyzeExpense: one page at once, more pages as a job."""

import hashlib
from typing import TYPE_CHECKING, Any

from sapmatch.aws.errors import translated
from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.model.intent import Record
from sapmatch.model.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_textract import TextractClient

SYNC_BYTES = 10_485_760  # AnalyzeExpense takes no more, and one page only
POLL_SECONDS = 2.0
JOB_SECONDS = 480.0  # within the time limit of the function that waits

_REFUSED = {
    "BadDocumentException": "Textract cannot read it; open the file and save or scan it anew",
    "DocumentTooLargeException": "is too large for Textract; split it or scan with fewer dots",
    "InvalidParameterException": "Textract does not take it; save it as PDF, PNG, JPEG or TIFF",
    "InvalidS3ObjectException": "Textract cannot reach it; bucket and function must share a region",
    "UnsupportedDocumentException": "Textract does not take this format; save it as PDF or PNG",
}


class TextractExpense:
    """Port Expense; the same object version never starts two jobs."""

    def __init__(self, client: "TextractClient", clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def analyze(
        self, bucket: str, key: str, version_id: str | None, *, pages: int, size: int
    ) -> list[Record]:
        """ExpenseDocuments of all pages, as Textract sends them."""
        where: Any = {"Bucket": bucket, "Name": key}
        if version_id:
            where["Version"] = version_id
        with translated(f"document {key}", _REFUSED):
            if pages > 1 or size > SYNC_BYTES:
                return self._job(where)
            answer = self._client.analyze_expense(Document={"S3Object": where})
            return [dict(document) for document in answer["ExpenseDocuments"]]

    def analyze_bytes(self, data: bytes, pages: int) -> list[Record]:
        """ExpenseDocuments of a file that is not in S3: Textract takes one page of it."""
        if pages > 1:
            raise InputRejected(
                f"document of {pages} pages: Textract takes one page without S3; upload the file "
                "to a stage, or read it with --ocr local"
            )
        with translated("document", _REFUSED):
            answer = self._client.analyze_expense(Document={"Bytes": data})
        return [dict(document) for document in answer["ExpenseDocuments"]]

    def _job(self, where: dict[str, str]) -> list[Record]:
        token = hashlib.sha256("\n".join(where.values()).encode()).hexdigest()
        job = self._client.start_expense_analysis(
            DocumentLocation={"S3Object": where},  # type: ignore[typeddict-item]
            ClientRequestToken=token,
        )["JobId"]
        first = self._finished(job, where["Name"])
        documents = list(first["ExpenseDocuments"])
        more = first.get("NextToken")
        while more:
            page = self._client.get_expense_analysis(JobId=job, NextToken=more)
            documents += page["ExpenseDocuments"]
            more = page.get("NextToken")
        return documents

    def _finished(self, job: str, key: str) -> Any:
        """The first result page; PARTIAL_SUCCESS is no success (pages would be missing)."""
        deadline = self._clock.now().timestamp() + JOB_SECONDS
        while True:
            answer = self._client.get_expense_analysis(JobId=job)
            status = answer["JobStatus"]
            if status == "SUCCEEDED":
                return answer
            if status != "IN_PROGRESS":
                raise InputRejected(
                    f"document {key}: Textract could not read all pages ({status}); "
                    "open the file and save or scan it anew"
                )
            if self._clock.now().timestamp() > deadline:
                raise Throttled(f"document {key}: Textract has not finished its job yet")
            self._clock.sleep(POLL_SECONDS)
