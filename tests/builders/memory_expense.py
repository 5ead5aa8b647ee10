"""An OCR service in memory, for tests of what stands above it."""

from typing import Any

from sapmatch.model.errors import SapmatchError
from sapmatch.model.expense import Analysis, ExpenseSource


class MemoryExpense:
    """Port Expense: jobs are named job-1, job-2; each keeps running until `finish`."""

    def __init__(self, *documents: dict[str, Any], model: str = "stand-in 1") -> None:
        self.answer = Analysis(documents=documents, pages=1, model=model)
        self.at_once = True
        self.error: SapmatchError | None = None
        self.started: list[ExpenseSource] = []
        self.asked: list[str] = []
        self.jobs: dict[str, Analysis | Exception | None] = {}

    def start(self, source: ExpenseSource) -> Analysis | str:
        if self.error:
            raise self.error
        self.started.append(source)
        if self.at_once:
            return self.answer
        running = [job for job, found in self.jobs.items() if found is None]
        job = running[0] if running else f"job-{len(self.jobs) + 1}"
        self.jobs[job] = None
        return job

    def result(self, job: str) -> Analysis | None:
        self.asked.append(job)
        found = self.jobs[job]
        if isinstance(found, Exception):
            raise found
        return found

    def finish(self, job: str, found: Analysis | Exception | None = None) -> None:
        self.jobs[job] = found or self.answer
