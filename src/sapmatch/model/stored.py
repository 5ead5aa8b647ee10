"""What is kept of a document in objects: its invoice, in the form of today and the one before, and
the decisions on it."""

import re
from typing import Any

import msgspec

from sapmatch.model.invoice import Evidence, ReadResult, StoredInvoice
from sapmatch.model.match import Decision

# A place on a page as schema 1 wrote it: page 1 (left,top,width,height).
_PLACE = re.compile(r"page (\d{1,4}) \(([\d.,\s]{1,80})\)")


def invoice_key(document_id: str) -> str:
    """Where the invoice of a document is kept."""
    return f"documents/{document_id}/invoice.json"


def decision_key(document_id: str, number: int) -> str:
    """Where a decision on a document is kept; they count from 1."""
    return f"documents/{document_id}/decision-{number}.json"


def revision_key(document_id: str, number: int) -> str:
    """Where is kept what a match would be by now; they count from 1."""
    return f"{revisions_prefix(document_id)}{number}.json"


def revisions_prefix(document_id: str) -> str:
    """What the keys of all revisions of a document begin with."""
    return f"documents/{document_id}/revision-"


def decision_of(stored: bytes) -> Decision:
    """A decision as it was kept."""
    return msgspec.json.decode(stored, type=Decision)


def kept(stored: bytes) -> StoredInvoice | None:
    """The whole of it, None where it is of schema 1, which did not say where it came from."""
    plain: dict[str, Any] = msgspec.json.decode(stored)
    return msgspec.convert(plain, StoredInvoice) if "schema" in plain else None


def result_of(stored: bytes) -> ReadResult:
    """What was read; schema 1 is a result on its own, with its evidence in words."""
    plain: dict[str, Any] = msgspec.json.decode(stored)
    if "schema" in plain:
        return msgspec.convert(plain, StoredInvoice).result
    evidence = {field: _place(text) for field, text in plain.get("evidence", {}).items()}
    invoice = plain.get("invoice") or {}
    if earlier := invoice.get("invoice_reference"):
        invoice["preceding_invoices"] = [{"number": earlier}]
    return msgspec.convert(plain | {"evidence": evidence}, ReadResult)


def _place(text: str) -> Evidence:
    found = _PLACE.fullmatch(text)
    if not found:
        return Evidence(xpath=text)
    sides = [float(side) for side in found[2].split(",")]
    return Evidence(page=int(found[1]), box=tuple(sides) if len(sides) == 4 else None)  # type: ignore[arg-type]
