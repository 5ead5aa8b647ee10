"""Worker processes that are killed at random moments, and replaced until all is written."""

import multiprocessing
import random
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from msgspec import Struct
from msgspec.structs import replace

from tests.builders.write_worker import Job, collect, work

_LIFE = (0.0, 3.0)  # seconds, at least and at most, that a worker works before it is killed
_COLLECTING = 60.0  # seconds
_GONE = 10.0  # seconds after which a killed process is certainly gone
_context = multiprocessing.get_context("spawn")  # nothing of ours is in them but what they load


class _Life(Struct, frozen=True):
    """One process; `end` is known once it tells that it works."""

    job: Job
    process: BaseProcess
    works: Connection
    end: float | None = None

    def kill(self) -> None:
        self.process.kill()
        self.process.join(_GONE)
        self.works.close()


class DyingWorkers:
    """`each` processes for every job; `kills` by flow."""

    def __init__(self, jobs: Sequence[Job], each: int, seed: int) -> None:
        self._jobs = [job for job in jobs for _ in range(each)]
        self._random = random.Random(seed)
        self.kills = dict.fromkeys((job.flow for job in jobs), 0)

    def finish(self, killing: float, most: float) -> None:
        """Kill for so many seconds, then let them come to their end: within `most` seconds."""
        began = time.monotonic()
        lives = [self._begun(job) for job in self._jobs]
        try:
            while lives and time.monotonic() < began + most:
                time.sleep(0.02)
                lives = [life for life in lives if not _is_over(life)]
                if time.monotonic() < began + killing:
                    lives = [self._next(life) for life in lives]
            assert not lives, said(lives[0].job)
        finally:
            for life in lives:
                life.kill()

    def _begun(self, job: Job) -> _Life:
        works, told = _context.Pipe(duplex=False)
        process = _context.Process(target=work, args=(job, told))
        process.start()
        told.close()
        return _Life(job, process, works)

    def _next(self, life: _Life) -> _Life:
        now = time.monotonic()
        if life.end is None:
            return (
                replace(life, end=now + self._random.uniform(*_LIFE)) if life.works.poll() else life
            )
        if now < life.end:
            return life
        life.kill()
        self.kills[life.job.flow] += 1
        return self._begun(life.job)


def collected(job: Job, inbox: Sequence[str]) -> None:
    """Have each dropped file collected into the run beside it, by a process that may live."""
    process = _context.Process(target=collect, args=(job, inbox))
    process.start()
    process.join(_COLLECTING)
    assert process.exitcode == 0, said(job)


def said(job: Job) -> str:
    """The end of what its workers said."""
    return job.log.read_text()[-3000:]


def _is_over(life: _Life) -> bool:
    """Whether it came to its end by itself; anything else than its own end is a failure."""
    code = life.process.exitcode
    assert code in (None, 0), f"exit code {code}\n{said(life.job)}"
    return code == 0
