"""Exceptions with their mails, and which of them nobody was told yet (a transactional outbox)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from sapmatch.model.document import ExceptionRecord


class Outbox(Protocol):
    """Records of exceptions; what was stored is told in the end, whatever fails in between."""

    def store(self, record: ExceptionRecord) -> ExceptionRecord:
        """Store the exception once; returns the stored one, maybe told already."""
        ...

    def told(self, record: ExceptionRecord, at: datetime, digest: str | None = None) -> None:
        """Note that its mail went out, or the digest that tells it with others."""
        ...

    def of(self, subject_id: str) -> tuple[ExceptionRecord, ...]:
        """All exceptions of one document, run or sweep, oldest first."""
        ...

    def unsent(self) -> Iterator[ExceptionRecord]:
        """Exceptions that nobody was told, oldest first, maybe a moment late."""
        ...
