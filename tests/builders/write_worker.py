"""A process that does what the write-back functions do, until it is done or killed."""

import faulthandler
import os
import random
import sys
import time
import traceback
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from functions import collect_intents, reconcile_intents, write_records
from sapmatch.bootstrap import Services, services
from sapmatch.bootstrap import writing as bootstrapped
from sapmatch.limits import breaker
from sapmatch.model.connection import Connection
from sapmatch.model.errors import PreconditionFailed, TransientError
from sapmatch.writing.protocol import write
from sapmatch.writing.protocol.effects import Rules

_PAUSE = 0.5  # seconds between two rounds of calls


class Job(Struct, frozen=True):
    """Runs of one flow, each with so many records; output goes to `log`.

    `environment` is where the functions find their stage.
    """

    flow: str
    runs: Mapping[str, int]
    environment: Mapping[str, str]
    log: Path


class Call(Struct, frozen=True):
    """What Lambda tells a function of its call."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def collect(job: Job, inbox: Sequence[str]) -> None:
    """Collect each dropped file into the run beside it."""
    with _Logged(job):
        for run_id, key in zip(job.runs, inbox, strict=True):
            event = {"flow": job.flow, "run_id": run_id, "inbox_key": key}
            collect_intents.handler(event, Call(uuid.uuid4().hex))


def work(job: Job, works: Pipe) -> None:
    """Write and read back until every record of every run is in SAP, in whatever order.

    `works` is told once everything is loaded that a function loads at its first call.
    """
    with _Logged(job):
        _hurry()
        left = list(job.runs)
        _load(services(), job.flow)
        works.send("works")
        while left:
            random.shuffle(left)
            left = [run_id for run_id in left if _confirmed(job.flow, run_id) < job.runs[run_id]]
            time.sleep(_PAUSE)


def _confirmed(flow: str, run_id: str) -> int:
    """One round of a run, as the state machine makes it: SAP's troubles end a call, not the run."""
    confirmed = 0
    for function in (write_records, reconcile_intents):
        with suppress(TransientError, PreconditionFailed):
            event = {"flow": flow, "run_id": run_id}
            answer = function.handler(event, Call(uuid.uuid4().hex))
            confirmed = answer["confirmed"]
    return confirmed


def _load(parts: Services, connection: str) -> None:
    """Make the clients, as a function does at its first call."""
    assert parts.objects
    assert parts.intents
    assert parts.control
    assert parts.sap(connection)


def _hurry() -> None:
    """The times of the functions are made for Lambda and SAP; here all is on one machine."""
    rules_of = bootstrapped.rules_of

    def short(connection: Connection) -> Rules:
        slack, lease = timedelta(seconds=2), timedelta(seconds=6)
        return replace(rules_of(connection), slack=slack, lease=lease)

    bootstrapped.rules_of = short
    breaker.STEP_SECONDS = 5.0
    write.FIRST_BACK_OFF, write.LONGEST_BACK_OFF = 0.2, 2.0


class _Logged:
    """The environment of the job, and its log as the output of this process."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __enter__(self) -> None:
        os.environ.update(self._job.environment)
        file = os.open(self._job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(file, stream)
        faulthandler.enable()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error:
            traceback.print_exception(error)
        sys.stdout.flush()
        sys.stderr.flush()
        if not error:
            # As Lambda ends a process: the end of the interpreter is no part of a function's life.
            os._exit(0)
