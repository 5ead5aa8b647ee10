"""Draws the sample files: `python -m local.samples.draw` writes the same bytes every time."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.samples import world
from local.samples.einvoice import cii, ubl
from local.samples.nouns import Sample
from local.samples.page import hybrid, pdf, scan, truncated
from local.samples.sap import seed

HERE = Path(__file__).parent


def samples() -> tuple[Sample, ...]:
    """All files to upload, in the order in which people read about them."""
    drives = world.bill("NM-2026-0431", date(2026, 10, 12), world.DRIVES, world.DRIVES_ORDER)
    stranger = world.bill("UH-77120", date(2026, 10, 30), world.STRANGER, world.NEVER_ORDERED)
    return (
        Sample(
            file="01-ubl-matched.xml",
            draw=ubl,
            invoice=drives,
            kind="ubl",
            decision="MATCHED",
            order="4500001001",
        ),
        Sample(
            file="02-cii-within-tolerance.xml",
            draw=cii,
            invoice=world.changed(
                world.bill("R26-88412", date(2026, 10, 13), world.BEARINGS, world.BEARINGS_ORDER),
                "2",
                price=Decimal("48.00"),
            ),
            kind="cii",
            decision="WITHIN_TOLERANCE",
            reason="PP",
            order="4500001002",
        ),
        Sample(
            file="03-hybrid-matched.pdf",
            draw=hybrid,
            invoice=world.bill(
                "MH-104417",
                date(2026, 10, 14),
                world.HYDRAULICS,
                world.HYDRAULICS_ORDER,
                delivery_note="LS-1003",
            ),
            kind="hybrid",
            decision="MATCHED",
            order="4500001003",
        ),
        Sample(
            file="04-pdf-matched.pdf",
            draw=pdf,
            invoice=world.bill("BW-2026-2204", date(2026, 10, 15), world.TOOLS, world.TOOLS_ORDER),
            kind="pdf-text",
            decision="MATCHED",
            order="4500001004",
        ),
        Sample(
            file="05-scan-matched.png",
            draw=scan,
            invoice=world.bill(
                "EF-260917", date(2026, 10, 19), world.FASTENERS, world.FASTENERS_ORDER
            ),
            kind="scan",
            decision="MATCHED",
            order="4500001005",
        ),
        Sample(
            file="06-partial-delivery.xml",
            draw=ubl,
            invoice=world.changed(
                world.bill(
                    "MS-60418",
                    date(2026, 10, 20),
                    world.STEEL,
                    world.STEEL_ORDER,
                    delivery_note="LS-1006",
                ),
                "1",
                quantity=Decimal(40),
            ),
            kind="ubl",
            decision="MATCHED",
            order="4500001006",
        ),
        Sample(
            file="07-price-out-of-tolerance.xml",
            draw=ubl,
            invoice=world.changed(
                world.bill(
                    "FE-2026-0933", date(2026, 10, 21), world.ELECTRONICS, world.ELECTRONICS_ORDER
                ),
                "1",
                price=Decimal("140.00"),
            ),
            kind="ubl",
            decision="OUT_OF_TOLERANCE",
            reason="PP",
            order="4500001007",
        ),
        Sample(
            file="08-duplicate-of-01.xml",
            draw=cii,
            invoice=drives,
            kind="cii",
            decision="DUPLICATE",
            reason="DUPLICATE",
            after="01-ubl-matched.xml",
        ),
        Sample(
            file="09-no-order.xml",
            draw=ubl,
            invoice=stranger,
            kind="ubl",
            decision="NO_CANDIDATE",
            reason="NO_ORDER",
        ),
        Sample(
            file="10-unreadable.pdf",
            draw=truncated,
            invoice=stranger,
            kind="pdf-text",
            decision="REJECTED",
            reason="BROKEN",
        ),
        Sample(
            file="11-sales-order.xml",
            draw=cii,
            invoice=world.bill(
                "DV-2026-0311",
                date(2026, 10, 26),
                world.DIRECT,
                world.PUMPS_ORDER,
                order="",
                sales_order=world.PUMPS_ORDER.id,
            ),
            kind="cii",
            decision="MATCHED",
            order="1000045",
        ),
        Sample(
            file="12-receipt-missing.xml",
            draw=ubl,
            invoice=world.bill("MK-5531", date(2026, 10, 28), world.PLASTICS, world.PLASTICS_ORDER),
            kind="ubl",
            decision="WAITING_RECEIPT",
            reason="RECEIPT_MISSING",
            order="4500001008",
        ),
    )


def expected(sample: Sample) -> dict[str, Any]:
    """What must become of the file; an unreadable one has no number and no total."""
    read = sample.decision != "REJECTED"
    return {
        "kind": sample.kind if read else None,
        "decision": sample.decision,
        "reason": sample.reason,
        "order": sample.order,
        "after": sample.after,
        "number": sample.invoice.number if read else None,
        "total": str(sample.invoice.total) if read else None,
    }


def draw(to: Path) -> None:
    """Write invoices/, sap.json and expected.json into the folder."""
    (to / "invoices").mkdir(parents=True, exist_ok=True)
    for sample in samples():
        (to / "invoices" / sample.file).write_bytes(sample.draw(sample.invoice))
    _write(to / "sap.json", seed())
    _write(to / "expected.json", {sample.file: expected(sample) for sample in samples()})


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    draw(HERE)
