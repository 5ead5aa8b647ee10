"""Exceptions with their mails, which of them nobody was told, and who gets the mails at all."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from sapmatch.model.document import ExceptionRecord


class Outbox(Protocol):
    """Records of exceptions; what is stored is told in the end, whatever fails in between."""

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


class Subscription(Struct, frozen=True, kw_only=True):
    """One address, and whether its owner confirmed that mails may go there."""

    address: str
    protocol: str
    confirmed: bool


class Subscriptions(Protocol):
    """Who gets the mails."""

    def subscriptions(self) -> Iterator[Subscription]:
        """All subscriptions, those that were never confirmed too."""
        ...
