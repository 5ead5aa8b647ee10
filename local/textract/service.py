"""The three operations of AnalyzeExpense (Textract developer guide, API version 2018-06-27)."""

import base64
import binascii
from typing import Any

from local.textract import parameters
from local.textract.documents import check_stored, refusal, sync_document
from local.textract.errors import invalid
from local.textract.faults import Faults
from local.textract.jobs import Job, Jobs
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.ocr import analyze_expense

MODEL = "sapmatch-local-1"
MOST_RESULTS = 20
_NOT_HERE = ("NotificationChannel", "OutputConfig", "KMSKeyId")


class Textract:
    """Answers calls, and fails where `faults` say so."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.jobs = Jobs(self.faults)

    def call(self, target: str, body: bytes) -> Record:
        """The answer's JSON; raises Refused."""
        name = parameters.operation(target)
        self.faults.check(name)
        given = parameters.parameters(name, body)
        operations = {
            "AnalyzeExpense": self._analyze,
            "StartExpenseAnalysis": self._start,
            "GetExpenseAnalysis": self._get,
        }
        return operations[name](given)

    def _analyze(self, given: dict[str, Any]) -> Record:
        data = sync_document(given["Document"])
        try:
            documents = analyze_expense(data)
        except InputRejected as exc:
            raise refusal(exc) from exc
        return {"DocumentMetadata": {"Pages": 1}, "ExpenseDocuments": documents}

    def _start(self, given: dict[str, Any]) -> Record:
        for name in _NOT_HERE:
            if name in given:
                raise invalid(f"{name} is not supported by the local stand-in; poll for the job")
        where = given["DocumentLocation"].get("S3Object")
        if not where or not where.get("Bucket") or not where.get("Name"):
            raise invalid("DocumentLocation.S3Object needs Bucket and Name")
        return {"JobId": self.jobs.start(given, lambda: check_stored(where))}

    def _get(self, given: dict[str, Any]) -> Record:
        job = self.jobs.get(given["JobId"])
        begin = _offset(given.get("NextToken"), job)
        if job.status == "IN_PROGRESS":
            return {"JobStatus": job.status, "AnalyzeExpenseModelVersion": MODEL}
        most = self.faults.results or MOST_RESULTS
        end = begin + min(given.get("MaxResults", most), most)
        answer: Record = {
            "JobStatus": job.status,
            "DocumentMetadata": {"Pages": job.pages},
            "ExpenseDocuments": job.documents[begin:end],
            "AnalyzeExpenseModelVersion": MODEL,
        }
        if end < len(job.documents):
            answer["NextToken"] = _token(job, end)
        else:
            job.taken += 1
        if job.warnings:
            answer["Warnings"] = job.warnings
        if job.message:
            answer["StatusMessage"] = job.message
        return answer


def _token(job: Job, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{job.id}:{offset}".encode()).decode()


def _offset(token: str | None, job: Job) -> int:
    """Where the page begins; a token of another job is refused."""
    if token is None:
        return 0
    try:
        job_id, _, offset = base64.urlsafe_b64decode(token).decode().partition(":")
    except (binascii.Error, ValueError) as exc:
        raise invalid("NextToken is not one of ours") from exc
    if job_id != job.id or not offset.isdecimal():
        raise invalid("NextToken is not one of this job")
    return int(offset)
