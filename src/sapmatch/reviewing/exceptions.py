"""Raise an exception once: a record, then one mail, or a line in a digest."""

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import msgspec

from sapmatch.model.document import DocumentRecord, ExceptionRecord
from sapmatch.model.errors import TransientError
from sapmatch.model.invoice import ReadResult
from sapmatch.model.match import Decision
from sapmatch.model.outbox import Outbox
from sapmatch.model.ports import Clock, Documents, Mailer, Objects
from sapmatch.model.stored import decision_key, decision_of, invoice_key, result_of, revision_key
from sapmatch.reviewing.budget import MailBudget
from sapmatch.reviewing.mail import words
from sapmatch.reviewing.mail.attributes import attributes_of
from sapmatch.reviewing.mail.connection import (
    CERTIFICATE_EXPIRES,
    LOGON_STOPPED,
    Expiry,
    StoppedLogon,
    expiry_mail,
    logon_stopped_mail,
)
from sapmatch.reviewing.mail.document import Incident, copy_mail, document_mail
from sapmatch.reviewing.mail.run import audit_mail, extraction_mail, sweep_mail
from sapmatch.reviewing.mail.text import Mail
from sapmatch.reviewing.mail.write_back import (
    Stage,
    file_mail,
    rejected_mail,
    stopped_mail,
    unknown_mail,
)
from sapmatch.reviewing.offers import Offers
from sapmatch.reviewing.trouble import Trouble
from sapmatch.reviewing.written import Answer, written_run

_FILE_REJECTED = "FILE_REJECTED"
_TOLD = (("rejected", "SAP_REJECTED", rejected_mail), ("unknown", "OUTCOME_UNKNOWN", unknown_mail))
_EXPIRED = "REVIEW_EXPIRED"
_DOCUMENT = re.compile(r"[0-9a-f]{64}")
_CHANGED = "ORDER_CHANGED"


class Exceptions:
    """Raises exceptions: about documents, runs of either direction, and what was lost."""

    def __init__(
        self,
        *,
        objects: Objects,
        documents: Documents,
        outbox: Outbox,
        mailer: Mailer,
        budget: MailBudget,
        clock: Clock,
        stage: str,
        bucket: str,
        decide_within: timedelta,
        offers: Offers,
    ) -> None:
        self._objects = objects
        self._documents = documents
        self._outbox = outbox
        self._mailer = mailer
        self._budget = budget
        self._clock = clock
        self._stage = stage
        self._bucket = bucket
        self._decide_within = decide_within
        self._offers = offers

    def about_document(self, document_id: str, reason: str | None = None) -> ExceptionRecord:
        """The document's own state, or `reason` where the workflow itself came to an end.

        The end of a workflow is told once a day: a later one is another one, though it looks alike.
        """
        incident = self._incident(self._documents.get(document_id), reason)
        return self._tell_incident(
            incident, (), f"{self._clock.now():%Y-%m-%d}" if reason else None
        )

    def about_order_change(self, document_id: str, revision: int) -> ExceptionRecord:
        """What a recorded match would be by now; each revision is told once (MA-P54)."""
        record = self._documents.get(document_id)
        key = revision_key(document_id, revision)
        incident = msgspec.structs.replace(
            self._incident(record, _CHANGED),
            decision=decision_of(self._objects.read(key)),
            recorded=self._decision(record),
        )
        return self._tell_incident(incident, (key,), f"revision {revision}")

    def about_copy(self, document_id: str, key: str) -> ExceptionRecord:
        """The same content arrived under another key."""
        record = self._documents.get(document_id)
        return self._tell(
            copy_mail(record, key),
            within_budget=True,
            document_id=document_id,
            state="DUPLICATE",
            cause=key,
            number=record.number,
            company_code=record.company_code,
            evidence=(record.key, key),
        )

    def about_run(
        self, flow: str, run_id: str, reason: str | None = None, *, at_once: bool = True
    ) -> list[ExceptionRecord]:
        """The records of a run that SAP refused, and those whose outcome nobody knows.

        The same records are told once, however many runs meet them.
        `reason` where the workflow itself failed: there may be no response file. Not `at_once`: by
        the next digest, for runs that stand in SAP's network.
        """
        run = written_run(flow, run_id, self._objects)
        stage = Stage(name=self._stage, bucket=self._bucket)
        evidence = (run.table,) if run.table else ()
        if reason:
            told = stopped_mail(reason, run, stage)
            mail = file_mail(run, stage) if reason == _FILE_REJECTED else told
            subject = f"{flow}/{run_id}"
            return [self._tell(mail, document_id=subject, state=reason, evidence=evidence)]
        raised = []
        for status, state, mail_of in _TOLD:
            affected = run.with_status(status)
            if affected:
                mail = mail_of(run, affected, stage)
                subject = f"{flow}/{_identity(affected, run_id)}"
                known: dict[str, Any] = {"document_id": subject, "evidence": evidence}
                raised.append(self._tell(mail, state=state, at_once=at_once, **known))
        return raised

    def about_extraction(self, trouble: Trouble) -> ExceptionRecord:
        """A run that failed; runs that fail alike are told once, until one is published again."""
        return self._tell(
            extraction_mail(trouble),
            document_id=trouble.subject_id,
            state=trouble.state,
            cause=trouble.cause,
        )

    def about_audit(self, day: str, differences: Sequence[str]) -> ExceptionRecord:
        """What we wrote and SAP says differently; the same differences are told once.

        By the next digest: the audit stands in SAP's network, and no mail leaves from there.
        """
        found = hashlib.sha256("\n".join(differences).encode()).hexdigest()[:32]
        return self._tell(
            audit_mail(day, differences),
            at_once=False,
            document_id=f"audit/{found}",
            state="AUDIT_DIFFERENCE",
            evidence=(f"audits/{day}.json",),
        )

    def about_sweep(self, day: str, missing: Sequence[str]) -> ExceptionRecord:
        """What the sweep of a day found; the same is told once."""
        found = hashlib.sha256("\n".join(missing).encode()).hexdigest()[:32]
        return self._tell(
            sweep_mail(day, missing),
            document_id=f"sweep/{day}",
            state="SWEEP_FOUND",
            cause=found,
        )

    def about_stopped_logon(self, stop: StoppedLogon) -> ExceptionRecord:
        """A connection that is used no more, lest SAP locks its user; each stop is told once."""
        return self._tell(
            logon_stopped_mail(stop, self._stage),
            document_id=f"logon/{stop.connection}",
            state=LOGON_STOPPED,
            occasion=stop.since.isoformat(),
        )

    def about_expiry(self, expiry: Expiry) -> ExceptionRecord:
        """A certificate that ends soon; told once for each number of days before its end."""
        return self._tell(
            expiry_mail(expiry, self._stage),
            document_id=f"expiry/{expiry.connection}",
            state=CERTIFICATE_EXPIRES,
            cause=expiry.place,
            occasion=f"{expiry.ends:%Y-%m-%d}/{expiry.before}",
        )

    def _tell_incident(
        self, incident: Incident, evidence: tuple[str, ...], occasion: str | None
    ) -> ExceptionRecord:
        invoice, decision = incident.invoice, incident.decision
        return self._tell(
            document_mail(incident),
            within_budget=True,
            document_id=incident.record.id,
            state=incident.state,
            cause=incident.cause,
            number=incident.record.number or invoice.number,
            seller=invoice.seller.name,
            company_code=incident.record.company_code,
            total=invoice.total,
            currency=invoice.currency,
            difference=incident.difference,
            owner=incident.owner,
            remedy=incident.remedy,
            candidates=(decision.orders or decision.candidates) if decision else (),
            evidence=(*self._evidence(incident), *evidence),
            occasion=occasion,
            offers=incident.offers,
        )

    def _tell(
        self,
        mail: Mail,
        *,
        state: str,
        at_once: bool = True,
        within_budget: bool = False,
        **known: Any,
    ) -> ExceptionRecord:
        """Store, mail, note that it was mailed: a repetition after any step sends nothing twice
        but the mail whose note was lost. What is not mailed now a digest tells: no workflow fails
        because mails cannot be sent."""
        fields = {"cause": None, "owner": words.owner_of(state), **known}
        record = self._outbox.store(
            ExceptionRecord(
                state=state,
                subject=mail.subject,
                body=mail.body,
                raised_at=self._clock.now(),
                **fields,
            )
        )
        sender = " ".join((record.document_id, *record.identity))
        due = at_once and record.notified_at is None
        if due and (not within_budget or self._budget.take(sender)):
            with suppress(TransientError):
                self._mailer.send(record.subject, record.body, attributes_of(record))
                self._outbox.told(record, self._clock.now())
        return record

    def _incident(self, record: DocumentRecord, reason: str | None) -> Incident:
        """A workflow that failed says nothing about the decision; one that waited in vain does."""
        decided = record.decision and reason in (None, _EXPIRED)
        decision = self._decision(record) if decided else None
        return Incident(
            state=reason or record.state,
            record=record,
            decision=decision,
            offers=self._offers.of(record, decision) if reason is None else (),
            earlier=self._earlier(record, decision),
            takes_two=reason is None and self._offers.takes_two(record),
            result=self._result(record.id),
            stage=self._stage,
            until=self._clock.now() + self._decide_within,
        )

    def _earlier(self, record: DocumentRecord, decision: Decision | None) -> DocumentRecord | None:
        """The document of ours that this one may be a copy of; one of SAP has no id of ours."""
        named = (decision.duplicate_of if decision else None) or record.duplicate_of
        return self._documents.get(named) if named and _DOCUMENT.fullmatch(named) else None

    def _evidence(self, incident: Incident) -> tuple[str, ...]:
        """Keys of the objects that show it."""
        record = incident.record
        keys = [record.key]
        if incident.result:
            keys.append(invoice_key(record.id))
        if incident.decision:
            keys.append(decision_key(record.id, record.decision))
        return tuple(keys)

    def _result(self, document_id: str) -> ReadResult | None:
        key = invoice_key(document_id)
        return result_of(self._objects.read(key)) if self._objects.exists(key) else None

    def _decision(self, record: DocumentRecord) -> Decision:
        return decision_of(self._objects.read(decision_key(record.id, record.decision)))


def _identity(answers: Sequence[Answer], run_id: str) -> str:
    """The same for the same intents in any run; rows that never became intents are the run's."""
    names = {answer.intent or f"{run_id}/{answer.record}" for answer in answers}
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:32]
