"""SAP's rows as facts about orders.

Rows come as OData V2 sends them: decimals as strings, `/Date(ms)/` or ISO days, NUMC fields
without leading zeros, `"0"` for no reference.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from sapmatch.extracting.facts import conditions, documents, orders, partners
from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.fields import Row, read_row
from sapmatch.model.errors import Problem
from sapmatch.model.facts import Version
from sapmatch.model.intent import Record
from sapmatch.model.policy import STANDARD, CompanyCode, ItemFields

Reader = Callable[[Row, Version], Iterator[Line]]

# What a row holds of another entity set: navigation, set, and the fields that it may not repeat,
# each with the field of the outer row that has the same value.
Nested = tuple[str, str, Mapping[str, str]]


def _nested(navigation: str, entity_set: str, *same: str, **named: str) -> Nested:
    return navigation, entity_set, {**{field: field for field in same}, **named}


_ITEM = {"PurchasingDocument": "PurchaseOrder", "PurchasingDocumentItem": "PurchaseOrderItem"}
_POSITION = ("PurchaseOrder", "PurchaseOrderItem")
_NESTED: Mapping[str, tuple[Nested, ...]] = {
    "A_PurchaseOrder": (_nested("to_PurchaseOrderItem", "A_PurchaseOrderItem", "PurchaseOrder"),),
    "A_PurchaseOrderItem": (
        _nested("to_ScheduleLine", "A_PurchaseOrderScheduleLine", **_ITEM),
        _nested("to_PurchaseOrderPricingElement", "A_PurOrdPricingElement", *_POSITION),
    ),
    "A_SalesOrder": (_nested("to_Item", "A_SalesOrderItem", "SalesOrder"),),
    "A_MaterialDocumentHeader": (
        _nested(
            "to_MaterialDocumentItem",
            "A_MaterialDocumentItem",
            "MaterialDocument",
            "MaterialDocumentYear",
        ),
    ),
    "A_SupplierInvoice": (
        _nested(
            "to_SuplrInvcItemPurOrdRef",
            "A_SuplrInvcItemPurOrdRef",
            "SupplierInvoice",
            "FiscalYear",
        ),
    ),
    "A_BusinessPartner": (
        _nested("to_BusinessPartnerTax", "A_BusinessPartnerTaxNumber", "BusinessPartner"),
        _nested("to_BusinessPartnerBank", "A_BusinessPartnerBank", "BusinessPartner"),
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
        item_fields: ItemFields = STANDARD,
        planned_at: datetime | None = None,
        run: str = "",
    ) -> None:
        self._planned_at = instant(planned_at) if planned_at else ""
        self._run = run
        self._readers: Mapping[str, Reader] = {
            **orders.readers(company_codes, item_fields),
            **conditions.READERS,
            **documents.READERS,
            **partners.READERS,
        }
        self._removals = {
            **orders.REMOVALS,
            **conditions.REMOVALS,
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
        yield from self._inner(head, head.entity_set, read)

    def _inner(self, outer: Row, entity_set: str, read: Version) -> Iterator[Line]:
        """What the rows say that are expanded in a row, and those in them."""
        for navigation, inner, fields in _NESTED.get(entity_set, ()):
            inherited = {field: outer.record.get(name) for field, name in fields.items()}
            for record in outer.nested(navigation) if navigation in outer.record else ():
                named = f"{outer.entity_set}.{navigation}"
                row = Row(named, outer.number, {**inherited, **record}, outer.problems)
                yield from self._readers[inner](row, read)
                yield from self._inner(row, inner, read)


def instant(moment: datetime) -> str:
    """A point in time as text that sorts: UTC, always of one length."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_plain(line: Line) -> bool:
    """Whether its names may stand in one line, with tabs between them."""
    return all(name.isprintable() for name in (line.number, *(line.about or ())))
