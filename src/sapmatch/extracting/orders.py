"""SAP's rows as orders with their ledger, and as invoices that SAP holds already.

For rows that are all there at once, as `sapmatch match --orders` has them. An item, receipt or
invoice item of an order that is not among the rows is left out.
"""

from collections.abc import Iterable, Iterator, Mapping

from sapmatch.extracting.facts.reader import FactReader
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.facts import Fact, Facts
from sapmatch.model.intent import Record
from sapmatch.model.ledger import Subject, SubjectKind, is_later, named, news, same, side_of, told
from sapmatch.model.netting import order_of, parties, posted_of
from sapmatch.model.order import Order, PostedInvoice
from sapmatch.model.policy import STANDARD, CompanyCode, ItemFields

Rows = Mapping[str, Iterable[bytes | Record]]

MOST_PROBLEMS = 100  # enough to see what is wrong with a set
_SHOWN_PROBLEMS = 10


def orders_from_rows(
    rows: Rows,
    *,
    connection: str,
    client: str,
    company_codes: Mapping[str, CompanyCode],
    item_fields: ItemFields = STANDARD,
) -> tuple[list[Order], list[PostedInvoice]]:
    """All orders with receipts and postings, and the heads of all supplier invoices, by number.

    `rows` by entity set; a missing one means none. Raises InputRejected naming entity set, record
    number and field of every mistake (at most 100 of them), and records that contradict each other.
    """
    near = Subject(connection, client, "supplier", "")
    ledger = _ledger(rows, FactReader(company_codes, item_fields=item_fields), near)
    _tell(ledger)
    posted = [posted_of(facts) for one, facts in ledger.items() if one.kind == "supplier_invoice"]
    orders = list(_orders(ledger))
    return (
        sorted((order for order in orders if order), key=lambda order: (order.side, order.id)),
        sorted((one for one in posted if one), key=lambda p: (p.supplier_invoice, p.fiscal_year)),
    )


def _orders(ledger: dict[Subject, dict[str, Fact]]) -> Iterator[Order | None]:
    """Each order takes its facts out of the ledger: to hold all of them twice would be too much."""
    for subject in [subject for subject in ledger if side_of(subject) is not None]:
        yield order_of(subject, _with_parties(subject, ledger.pop(subject), ledger))


def _ledger(rows: Rows, reader: FactReader, near: Subject) -> dict[Subject, dict[str, Fact]]:
    problems: list[Problem] = []
    ledger: dict[tuple[SubjectKind, str], dict[str, Fact]] = {}
    place = 0
    for entity_set, given in rows.items():
        if not reader.knows(entity_set):
            continue
        first = place
        for number, row in enumerate(given, start=1):
            said = reader.read(entity_set, number, row, place)
            problems += said.problems[: MOST_PROBLEMS - len(problems)]
            for line in said.lines:
                known = ledger.setdefault((line.kind, line.number), {})
                other = known.get(line.fact.key)
                if other and other.version.place >= first and _contradicts(other, line.fact):
                    twice = _twice(entity_set, number, other.version.place - first + 1)
                    problems += [twice][: MOST_PROBLEMS - len(problems)]
                if other is None or is_later(line.fact, other):
                    known[line.fact.key] = line.fact
            place += 1
    _refuse(problems)
    return {near.other(kind, number): facts for (kind, number), facts in ledger.items()}


def _contradicts(one: Fact, other: Fact) -> bool:
    """Whether they differ and SAP tells no time of change by which one is the later."""
    return one.version.changed_at == other.version.changed_at and not same(one, other)


def _twice(entity_set: str, number: int, other: int) -> Problem:
    """SAP may repeat a row; two that differ leave open which one is true (OD-P24)."""
    where = f"has the key of record {other}" if other != number else "holds a key twice"
    message = f"{entity_set}, record {number}: {where} and says something else; keep one of them"
    return Problem(code="ROW", message=message, field=f"{entity_set}[{number}]")


def _refuse(problems: list[Problem]) -> None:
    if not problems:
        return
    shown = "".join(f"\n  {problem.message}" for problem in problems[:_SHOWN_PROBLEMS])
    more = "" if len(problems) <= _SHOWN_PROBLEMS else "\n  ..."
    raise InputRejected(f"{len(problems)} mistake(s) in SAP's rows:{shown}{more}", problems)


def _tell(ledger: dict[Subject, dict[str, Fact]]) -> None:
    """What documents and partners say, to the orders and parties that they name."""
    for subject, facts in list(ledger.items()):
        for other in named(subject, facts.values()):
            known = ledger.setdefault(other, {})
            known |= news(known, told(other, facts, known))


def _with_parties(
    subject: Subject, facts: dict[str, Fact], ledger: Mapping[Subject, dict[str, Fact]]
) -> Facts:
    for party in parties(subject, facts):
        facts |= ledger.get(party, {})
    return facts
