"""Textract AnalyzeExpense: one page at once, more pages as a job."""

import hashlib
from typing import TYPE_CHECKING, Any

from sapmatch.aws.errors import translated
from sapmatch.model.errors import InputRejected
from sapmatch.model.expense import Analysis, ExpenseSource
from sapmatch.model.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_textract import TextractClient

SYNC_BYTES = 10_485_760  # AnalyzeExpense takes no more, and one page only

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

    def start(self, source: ExpenseSource) -> Analysis | str:
        """One small page at once, all else as a job."""
        where: Any = {"Bucket": source.bucket, "Name": source.key}
        if source.version_id:
            where["Version"] = source.version_id
        with translated(f"document {source.key}", _REFUSED):
            if source.pages > 1 or source.size > SYNC_BYTES:
                return self._job(where)
            answer = self._client.analyze_expense(Document={"S3Object": where})
            documents = tuple(dict(document) for document in answer["ExpenseDocuments"])
            return Analysis(documents=documents, pages=1)

    def analyze_bytes(self, data: bytes, pages: int) -> Analysis:
        """ExpenseDocuments of a file that is not in S3: Textract takes one page of it."""
        if pages > 1:
            raise InputRejected(
                f"document of {pages} pages: Textract takes one page without S3; upload the file "
                "to a stage, or read it with --ocr local"
            )
        with translated("document", _REFUSED):
            answer = self._client.analyze_expense(Document={"Bytes": data})
        return Analysis(
            documents=tuple(dict(document) for document in answer["ExpenseDocuments"]), pages=pages
        )

    def _job(self, where: dict[str, str]) -> str:
        token = hashlib.sha256("\n".join(where.values()).encode()).hexdigest()
        return self._client.start_expense_analysis(
            DocumentLocation={"S3Object": where},  # type: ignore[typeddict-item]
            ClientRequestToken=token,
        )["JobId"]

    def result(self, job: str) -> Analysis | None:
        """All result pages of the job; PARTIAL_SUCCESS is no success (pages would be missing)."""
        with translated(f"job {job}", _REFUSED):
            answer: Any = self._client.get_expense_analysis(JobId=job)
            if answer["JobStatus"] == "IN_PROGRESS":
                return None
            if answer["JobStatus"] != "SUCCEEDED":
                raise InputRejected(
                    f"job {job}: Textract could not read all pages ({answer['JobStatus']}); "
                    "open the file and save or scan it anew"
                )
            documents = list(answer["ExpenseDocuments"])
            while more := answer.get("NextToken"):
                answer = self._client.get_expense_analysis(JobId=job, NextToken=more)
                documents += answer["ExpenseDocuments"]
            pages = answer["DocumentMetadata"]["Pages"]
            return Analysis(documents=tuple(documents), pages=pages)
