"""Raise an exception once: a record, then one mail."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from sapmatch.model.document import ExceptionRecord
from sapmatch.model.invoice import ReadResult
from sapmatch.model.match import Decision
from sapmatch.model.outbox import Outbox
from sapmatch.model.ports import Clock, Documents, Mailer, Objects
from sapmatch.model.stored import invoice_key, result_of
from sapmatch.reviewing.mail import (
    Mail,
    copy_mail,
    document_mail,
    extraction_mail,
    sweep_mail,
    write_back_mail,
)
from sapmatch.reviewing.trouble import Trouble

LINES = 20  # of a run in one mail; the response file has them all
_REACHED = "What became of its records stands in the response file."
_UNREACHED = "It is not known how far it came: there is no response file."
_STATUS = {"rejected": "SAP_REJECTED", "unknown": "OUTCOME_UNKNOWN"}


class Exceptions:
    """Raises exceptions: about documents, runs of either direction, and what was lost."""

    def __init__(
        self,
        *,
        objects: Objects,
        documents: Documents,
        outbox: Outbox,
        mailer: Mailer,
        clock: Clock,
    ) -> None:
        self._objects = objects
        self._documents = documents
        self._outbox = outbox
        self._mailer = mailer
        self._clock = clock

    def about_document(self, document_id: str, reason: str | None = None) -> ExceptionRecord:
        """The document's own state, or `reason` where the workflow itself failed."""
        record = self._documents.get(document_id)
        decision = self._decision(document_id, record.decision) if reason is None else None
        state = reason or record.state
        cause = (decision.cause if decision else None) or record.reason
        result = self._result(document_id) if reason is None and decision is None else None
        mail = document_mail(state, record, decision, result)
        return self._raise(document_id, state, cause, mail)

    def about_copy(self, document_id: str, key: str) -> ExceptionRecord:
        """The same content arrived under another key."""
        record = self._documents.get(document_id)
        return self._raise(document_id, "DUPLICATE", key, copy_mail(record, key))

    def about_run(self, flow: str, run_id: str, reason: str | None = None) -> list[ExceptionRecord]:
        """The records of a run that SAP refused, and those whose outcome nobody knows.

        The same records are told once, however many runs meet them.
        `reason` where the workflow itself failed: there may be no response file.
        """
        file = f"responses/{flow}/{run_id}.ndjson"
        found = self._objects.exists(file)
        stored = self._objects.read(file).splitlines() if found else []
        answers = [msgspec.json.decode(line) for line in stored]
        if reason:
            lines = [_line(a) for a in answers if a.get("status") == "rejected"]
            told = _bounded(lines) or [_REACHED if found else _UNREACHED]
            mail = write_back_mail(reason, run_id, flow, told, file)
            return [self._raise(f"{flow}/{run_id}", reason, None, mail)]
        raised = []
        for status, state in _STATUS.items():
            affected = [a for a in answers if a.get("status") == status]
            if affected:
                lines = [_line(a) for a in affected]
                mail = write_back_mail(state, run_id, flow, _bounded(lines), file)
                subject = f"{flow}/{_identity(affected, run_id)}"
                raised.append(self._raise(subject, state, None, mail))
        return raised

    def about_extraction(self, trouble: Trouble) -> ExceptionRecord:
        """A run that failed; runs that fail alike are told once, until one is published again."""
        mail = extraction_mail(trouble)
        return self._raise(trouble.subject_id, trouble.state, trouble.cause, mail)

    def about_sweep(self, day: str, missing: Sequence[str]) -> ExceptionRecord:
        """What the sweep of a day found; the same is told once."""
        found = hashlib.sha256("\n".join(missing).encode()).hexdigest()[:32]
        return self._raise(f"sweep/{day}", "SWEEP_FOUND", found, sweep_mail(day, missing))

    def _raise(self, subject_id: str, state: str, cause: str | None, mail: Mail) -> ExceptionRecord:
        """Store, mail, note that it was mailed: a repetition after any step sends nothing twice
        but the mail whose note was lost."""
        record = self._outbox.store(
            ExceptionRecord(
                document_id=subject_id,
                state=state,
                cause=cause,
                subject=mail.subject,
                body=mail.body,
                raised_at=self._clock.now(),
            )
        )
        if record.notified_at is None:
            attributes = {"state": state, "cause": cause or "NONE", "document": subject_id}
            self._mailer.send(record.subject, record.body, attributes)
            self._outbox.told(record, self._clock.now())
        return record

    def _result(self, document_id: str) -> ReadResult | None:
        key = invoice_key(document_id)
        return result_of(self._objects.read(key)) if self._objects.exists(key) else None

    def _decision(self, document_id: str, number: int) -> Decision | None:
        if not number:
            return None
        stored = self._objects.read(f"documents/{document_id}/decision-{number}.json")
        return msgspec.json.decode(stored, type=Decision)


def _identity(answers: Sequence[Mapping[str, object]], run_id: str) -> str:
    """The same for the same intents in any run; rows that never became intents are the run's."""
    names = {str(a.get("intent") or f"{run_id}/{a.get('record')}") for a in answers}
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:32]


def _line(answer: Mapping[str, object]) -> str:
    return f"Record {answer.get('record')}: {answer.get('sap_message') or answer.get('status')}"


def _bounded(lines: list[str]) -> list[str]:
    more = len(lines) - LINES
    return lines if more <= 0 else [*lines[:LINES], f"and {more} more in the response file"]
