"""SAP's rows as facts about orders.

Rows come as OData V2 sends them: decimals as strings, `/Date(ms)/` or ISO days, NUMC fields
without leading zeros, `"0"` for no reference.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from sapmatch.extracting.facts import documents, orders, partners
from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.fields import Row, read_row
from sapmatch.model.errors import Problem
from sapmatch.model.facts import Version
from sapmatch.model.intent import Record
from sapmatch.model.policy import CompanyCode

Reader = Callable[[Row, Version], Iterator[Line]]

# What a row holds of another entity set: navigation, set, and fields that it may not repeat.
_NESTED: Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "A_PurchaseOrder": (("to_PurchaseOrderItem", "A_PurchaseOrderItem", ("PurchaseOrder",)),),
    "A_SalesOrder": (("to_Item", "A_SalesOrderItem", ("SalesOrder",)),),
    "A_MaterialDocumentHeader": (
        (
            "to_MaterialDocumentItem",
            "A_MaterialDocumentItem",
            ("MaterialDocument", "MaterialDocumentYear"),
        ),
    ),
    "A_SupplierInvoice": (
        (
            "to_SuplrInvcItemPurOrdRef",
            "A_SuplrInvcItemPurOrdRef",
            ("SupplierInvoice", "FiscalYear"),
        ),
    ),
    "A_BusinessPartner": (
        ("to_BusinessPartnerTax", "A_BusinessPartnerTaxNumber", ("BusinessPartner",)),
        ("to_BusinessPartnerBank", "A_BusinessPartnerBank", ("BusinessPartner",)),
    ),
}


class Said(Struct, frozen=True, kw_only=True):
    """What one row says: its facts, or what is wrong with it and therefore left out."""

    lines: tuple[Line, ...] = ()
    problems: tuple[Problem, ...] = ()


class FactReader:
    """Reads the rows of one run; the facts of all rows together do not depend on their order."""

    def __init__(
        self,
        company_codes: Mapping[str, CompanyCode],
        *,
        planned_at: datetime | None = None,
        run: str = "",
    ) -> None:
        self._planned_at = instant(planned_at) if planned_at else ""
        self._run = run
        self._readers: Mapping[str, Reader] = {
            **orders.readers(company_codes),
            **documents.READERS,
            **partners.READERS,
        }
        self._removals = {
            **orders.REMOVALS,
            **documents.REMOVALS,
            **partners.REMOVALS,
        }

    def knows(self, entity_set: str) -> bool:
        """Whether rows of the set say anything about orders."""
        return entity_set in self._readers

    def is_gone(self, entity_set: str) -> bool:
        """Whether a row that a later snapshot has not is gone from SAP.

        Documents are not: they are reversed, never undone, and leave a snapshot where they are
        archived or the logon may no longer see them. What was invoiced stays invoiced.
        """
        return entity_set not in documents.READERS

    def read(self, entity_set: str, number: int, row: bytes | Record, place: int) -> Said:
        """Facts of one row and of those expanded in it; `place` is later than that of rows before.

        A row with a mistake says nothing but its mistakes.
        """
        problems: list[Problem] = []
        head = read_row(entity_set, number, row, problems)
        lines = [] if problems else [line for line in self._lines(head, place) if line.number]
        if not all(_is_plain(line) for line in lines):
            message = f"{entity_set}, record {number}: its number is no plain text"
            problems.append(Problem(code="ROW", message=message, field=f"{entity_set}[{number}]"))
        return Said(problems=tuple(problems)) if problems else Said(lines=tuple(lines))

    def removed(self, entity_set: str, keys: Record, place: int) -> tuple[Line, ...]:
        """The fact that a row is gone, by its key fields; none where they are not there."""
        row = Row(entity_set, place, keys, [])
        version = Version(self._planned_at, self._planned_at, self._run, place)
        line = self._removals[entity_set](row, version)
        return (line,) if line.number and _is_plain(line) else ()

    def _lines(self, head: Row, place: int) -> Iterator[Line]:
        read = Version(self._planned_at, self._planned_at, self._run, place)
        changed_at = head.moment("LastChangeDateTime")
        changed = instant(changed_at) if changed_at else self._planned_at
        yield from self._readers[head.entity_set](
            head, msgspec.structs.replace(read, changed_at=changed)
        )
        for navigation, entity_set, fields in _NESTED.get(head.entity_set, ()):
            inherited = {field: head.record.get(field) for field in fields}
            for record in head.nested(navigation):
                named = f"{head.entity_set}.{navigation}"
                row = Row(named, head.number, {**inherited, **record}, head.problems)
                yield from self._readers[entity_set](row, read)


def instant(moment: datetime) -> str:
    """A point in time as text that sorts: UTC, always of one length."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_plain(line: Line) -> bool:
    """Whether its names may stand in one line, with tabs between them."""
    return all(name.isprintable() for name in (line.number, *(line.about or ())))
