"""Asynchronous jobs: one worker reads the documents in the order they were started."""

import hashlib
import json
import sys
import threading
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from local.textract.documents import job_document, pages, refusal
from local.textract.errors import Refused
from local.textract.faults import Faults
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.ocr import expense_documents

MAX_OPEN = 100  # jobs that wait or run
MAX_KEPT = 1000  # jobs whose results are kept; Textract keeps them for seven days

Started = dict[str, Any]


@dataclass
class Job:
    """One job; `status` is set last, when all the rest stands."""

    id: str
    where: dict[str, str]
    token: str | None = None
    fault: str | None = None
    status: str = "IN_PROGRESS"
    message: str | None = None
    pages: int = 0
    documents: list[Record] = field(default_factory=list)
    warnings: list[Record] = field(default_factory=list)
    taken: int = 0  # how often its whole result was handed out

    @property
    def lost(self) -> bool:
        """Whether nobody knows it any more."""
        return self.fault == "lose"


class Jobs:
    """All jobs of this process."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._tokens: dict[str, tuple[str, str]] = {}  # token -> request's hash, job id
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="textract-job")
        self._stopped = threading.Event()

    def start(self, request: Started, check: Callable[[], None]) -> str:
        """The job's id; the same token and request give the same job, without `check`."""
        token = request.get("ClientRequestToken")
        digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        with self._lock:
            if known := self._known(token, digest):
                return known
        check()
        with self._lock:
            if known := self._known(token, digest):
                return known
            job = self._new(request["DocumentLocation"]["S3Object"], token)
            if token:
                self._tokens[token] = (digest, job.id)
        self._worker.submit(self._run, job)
        return job.id

    def get(self, job_id: str) -> Job:
        """The job, InvalidJobIdException where there is none."""
        with self._lock:
            if job_id not in self._jobs or self._jobs[job_id].lost:
                raise Refused("InvalidJobIdException", "there is no such job")
            return self._jobs[job_id]

    def seen(self) -> list[Record]:
        """Every job that was started, for tests."""
        with self._lock:
            return [
                {
                    "id": job.id,
                    "bucket": job.where["Bucket"],
                    "name": job.where["Name"],
                    "version": job.where.get("Version"),
                    "token": job.token,
                    "status": "LOST" if job.lost else job.status,
                    "taken": job.taken,
                }
                for job in self._jobs.values()
            ]

    def close(self) -> None:
        """Drop what waits and leave the running job after its current page."""
        self._stopped.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _known(self, token: str | None, digest: str) -> str | None:
        """The job of a token, as long as it is known; a lost one is started again."""
        if token is None or token not in self._tokens:
            return None
        known, job_id = self._tokens[token]
        if known != digest:
            raise Refused(
                "IdempotentParameterMismatchException",
                "this ClientRequestToken started another request",
            )
        return None if self._jobs[job_id].lost else job_id

    def _new(self, where: dict[str, str], token: str | None) -> Job:
        if sum(job.status == "IN_PROGRESS" for job in self._jobs.values()) >= MAX_OPEN:
            raise Refused("LimitExceededException", f"{MAX_OPEN} jobs are open already")
        job = Job(uuid.uuid4().hex + uuid.uuid4().hex, where, token, self._faults.end())
        self._jobs[job.id] = job
        if len(self._jobs) > MAX_KEPT:
            dropped = next(iter(self._jobs))
            del self._jobs[dropped]
            self._tokens = {t: seen for t, seen in self._tokens.items() if seen[1] != dropped}
        return job

    def _run(self, job: Job) -> None:
        try:
            data = job_document(job.where)
            job.pages = pages(data)
            if job.fault == "slow":
                self._stopped.wait(self._faults.seconds)
            if job.fault == "fail":
                raise Refused("InternalServerError", "a test asked for this")
            if not job.lost:
                self._read(job, data)
        except Refused as exc:
            job.message, job.status = f"{exc.code}: {exc.message}", "FAILED"
        except Exception:  # noqa: BLE001 - the worker outlives its jobs; the log has the rest
            traceback.print_exc(file=sys.stderr)
            job.message, job.status = "InternalServerError: see the log", "FAILED"

    def _read(self, job: Job, data: bytes) -> None:
        try:
            for document in expense_documents(data):
                job.documents.append(document)
                if self._stopped.is_set():
                    return
                if job.fault == "partial":
                    _end_early(job, "InternalServerError")
                    return
        except InputRejected as exc:
            if not job.documents:
                raise refusal(exc) from exc
            _end_early(job, refusal(exc).code)
        else:
            job.status = "SUCCEEDED"


def _end_early(job: Job, code: str) -> None:
    """Some pages were read, the others are named."""
    missing = list(range(len(job.documents) + 1, job.pages + 1))
    job.warnings = [{"ErrorCode": code, "Pages": missing}]
    job.status = "PARTIAL_SUCCESS"
