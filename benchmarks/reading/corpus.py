"""Documents whose content is known: a folder with files and a manifest.jsonl."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks.reading import seen
from sapmatch.model.invoice import Invoice, ReadResult
from sapmatch.reading import ReadLimits, confidence, read_document, verdict
from sapmatch.reading.findings import Findings

# Manifest name of a field, and where our invoice has it.
FIELDS = {
    "invoice_number": "number",
    "issue_date": "issue_date",
    "due_date": "due_date",
    "currency": "currency",
    "net": "net",
    "tax": "tax",
    "total": "total",
    "amount_due": "payable",
    "po_number": "order_references",
    "sales_order_number": "sales_order_reference",
    "vendor_name": "seller.name",
    "vendor_vat_id": "seller.vat_id",
    "buyer_name": "buyer.name",
    "iban": "iban",
    "document_type": "type",
}
UNSCORED = {"buyer_vat_id": "buyer.vat_id"}


class Document(NamedTuple):
    """One file, what must become of it, and what it says; fields in `ambiguous` are not scored.

    `truth` has a value per field, None where the document is known to hold none; a field that is
    absent is not known. `group` is the same for all forms of one invoice.
    """

    path: Path
    file: str
    kind: str
    group: str
    pages: int
    outcome: str
    truth: dict[str, Any]
    ambiguous: frozenset[str]


class Read(NamedTuple):
    """What became of a document, and what the confidence was worked out from."""

    document: Document
    result: ReadResult
    found: Findings | None


def documents(folder: Path, prefix: str = "") -> Iterator[Document]:
    """Every file of the manifest but recorded answers of a service; `prefix` of their kinds."""
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["expect"]["outcome"] != "contract":
            yield Document(
                path=folder / row["file"],
                file=row["file"],
                kind=prefix + row["kind"],
                group=row.get("group") or row["file"],
                pages=row.get("pages") or 1,
                outcome=row["expect"]["outcome"],
                truth=row.get("ground_truth") or {},
                ambiguous=frozenset(row.get("ambiguous") or ()),
            )


def read(document: Document) -> Read:
    """What `sapmatch read --ocr local` says of the file."""
    judged: list[tuple[Invoice, Findings]] = []

    def spy(invoice: Invoice, found: Findings, **more: Any) -> dict[str, float]:
        judged.append((invoice, found))
        return confidence.calibrated(invoice, found, **more)

    with patch.object(verdict, "calibrated", spy):
        result = read_document(
            document.path.read_bytes(),
            name=document.file,
            limits=ReadLimits(),
            analyse=seen.analyse,
            method="ocr",
        )
    of_result = (found for invoice, found in judged if invoice is result.invoice)
    return Read(document, result, next(of_result, None))


def value(result: ReadResult, field: str) -> Any:
    """What was read for a field of the manifest, None where nothing was."""
    found: Any = result.invoice
    for name in (FIELDS | UNSCORED)[field].split("."):
        found = None if found is None else getattr(found, name)
    if field == "po_number":
        return next(iter(found or ()), None)
    return found.replace("-", "_") if field == "document_type" and found else found
