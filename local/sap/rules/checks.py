"""What SAP checks in documents of every kind: known materials, open posting periods."""

from local.sap.backend import Backend
from local.sap.errors import NO_MATERIAL, Refusal, ours, rejected
from local.sap.values import Row, day_of


def bad(text: str, *, target: str) -> Refusal:
    """A field that is missing or does not fit."""
    return ours(400, text, target=target)


def check_material(given: Row, backend: Backend) -> None:
    """Refuse a material that does not exist; without any product nobody knows the materials."""
    material = given.get("Material")
    if not material or not backend.store.count("A_Product"):
        return
    product = backend.find("A_Product", Product=material)
    if product is None or product["IsMarkedForDeletion"]:
        text = f"The material {material} does not exist or is not activated"
        raise rejected(NO_MATERIAL, text, target="Material")


def check_period(posting_date: str, code: str, backend: Backend) -> None:
    """Refuse a posting date in a period that is closed; `code` is SAP's message for it."""
    day = day_of(posting_date)
    if backend.closed_until is not None and day <= backend.closed_until:
        text = f"Posting period {day.month:03} {day.year} is not open"
        raise rejected(code, text, target="PostingDate")
