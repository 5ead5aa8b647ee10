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
    status: str = "IN_PROGRESS"
    message: str | None = None
    pages: int = 0
    documents: list[Record] = field(default_factory=list)
    warnings: list[Record] = field(default_factory=list)


class Jobs:
    """All jobs of this process."""

    def __init__(self) -> None:
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
            if token in self._tokens:
                return self._known(token, digest)
        check()
        with self._lock:
            if token in self._tokens:
                return self._known(token, digest)
            job = self._new()
            if token:
                self._tokens[token] = (digest, job.id)
        self._worker.submit(self._run, job, request["DocumentLocation"]["S3Object"])
        return job.id

    def get(self, job_id: str) -> Job:
        """The job, InvalidJobIdException where there is none."""
        with self._lock:
            if job_id not in self._jobs:
                raise Refused("InvalidJobIdException", "there is no such job")
            return self._jobs[job_id]

    def close(self) -> None:
        """Drop what waits and leave the running job after its current page."""
        self._stopped.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _known(self, token: str, digest: str) -> str:
        known, job_id = self._tokens[token]
        if known != digest:
            raise Refused(
                "IdempotentParameterMismatchException",
                "this ClientRequestToken started another request",
            )
        return job_id

    def _new(self) -> Job:
        if sum(job.status == "IN_PROGRESS" for job in self._jobs.values()) >= MAX_OPEN:
            raise Refused("LimitExceededException", f"{MAX_OPEN} jobs are open already")
        job = Job(uuid.uuid4().hex + uuid.uuid4().hex)
        self._jobs[job.id] = job
        if len(self._jobs) > MAX_KEPT:
            dropped = next(iter(self._jobs))
            del self._jobs[dropped]
            self._tokens = {t: seen for t, seen in self._tokens.items() if seen[1] != dropped}
        return job

    def _run(self, job: Job, where: dict[str, str]) -> None:
        try:
            data = job_document(where)
            job.pages = pages(data)
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
        except InputRejected as exc:
            if not job.documents:
                raise refusal(exc) from exc
            missing = list(range(len(job.documents) + 1, job.pages + 1))
            job.warnings = [{"ErrorCode": refusal(exc).code, "Pages": missing}]
            job.status = "PARTIAL_SUCCESS"
        else:
            job.status = "SUCCEEDED"
