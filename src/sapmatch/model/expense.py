"""What an OCR service that knows invoices is asked, and what it answers."""

from typing import Protocol

from msgspec import Struct

from sapmatch.model.intent import Record


class ExpenseSource(Struct, frozen=True, kw_only=True):
    """The object to be read: exactly one version of it, `size` in bytes.

    `attempt` tells readings apart that follow one which the service failed; else it is 0.
    """

    bucket: str
    key: str
    version_id: str | None
    pages: int
    size: int
    attempt: int = 0


class Analysis(Struct, frozen=True, kw_only=True):
    """A finished AnalyzeExpense: the service's own documents, unread so far.

    `missing` are the pages that it could not read (PARTIAL_SUCCESS, or a warning): such an answer
    is no success. `pages` is what is paid for; `model` what the service calls itself.
    """

    documents: tuple[Record, ...]
    pages: int
    missing: tuple[int, ...] = ()
    model: str | None = None


class Expense(Protocol):
    """Textract AnalyzeExpense over objects in S3."""

    def start(self, source: ExpenseSource) -> Analysis | str:
        """The analysis of one small page, done at once; else the id of the job that reads it.

        The same version and attempt always get the same job. Raises Throttled, or InputRejected
        where the service refuses the document for good.
        """
        ...

    def result(self, job: str) -> Analysis | None:
        """The finished job, None while it runs, LookupError where the service lost it.

        Raises Throttled, or InputRejected where the job failed for good.
        """
        ...


class Pace(Protocol):
    """A token bucket that all functions of a stage share, one per operation of a service."""

    def take(self, operation: str) -> None:
        """Wait for the right to make one call; Throttled where that takes too long."""
        ...

    def slow_down(self, operation: str) -> None:
        """The service asked for fewer calls: leave more time between them, for a while."""
        ...
