"""SAP's rows as orders with their ledger, and as invoices that SAP holds already.

For rows that are all there at once, as `sapmatch match --orders` has them. An item, receipt or
invoice item of an order that is not among the rows is left out.
"""

from collections.abc import Iterable, Mapping

from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.facts.reader import FactReader
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.facts import Fact, Facts
from sapmatch.model.intent import Record
from sapmatch.model.ledger import Subject, by_key, named, news, side_of, told
from sapmatch.model.netting import order_of, parties, posted_of
from sapmatch.model.order import Order, PostedInvoice
from sapmatch.model.policy import CompanyCode

Rows = Mapping[str, Iterable[bytes | Record]]

MOST_PROBLEMS = 100  # enough to see what is wrong with a set
_SHOWN_PROBLEMS = 10


def orders_from_rows(
    rows: Rows,
    *,
    connection: str,
    client: str,
    company_codes: Mapping[str, CompanyCode],
) -> tuple[list[Order], list[PostedInvoice]]:
    """All orders with receipts and postings, and the heads of all supplier invoices, by number.

    `rows` by entity set; a missing one means none. Raises InputRejected naming entity set, record
    number and field of every mistake (at most 100 of them).
    """
    said: dict[Subject, list[Fact]] = {}
    for line in _lines(rows, FactReader(company_codes)):
        subject = Subject(connection, client, line.kind, line.number)
        said.setdefault(subject, []).append(line.fact)
    ledger = {subject: by_key(facts) for subject, facts in said.items()}
    _tell(ledger)
    orders = [
        order_of(subject, _with_parties(subject, ledger))
        for subject in ledger
        if side_of(subject) is not None
    ]
    posted = [posted_of(facts) for one, facts in ledger.items() if one.kind == "supplier_invoice"]
    return (
        sorted((order for order in orders if order), key=lambda order: (order.side, order.id)),
        sorted((one for one in posted if one), key=lambda p: (p.supplier_invoice, p.fiscal_year)),
    )


def _lines(rows: Rows, reader: FactReader) -> list[Line]:
    problems: list[Problem] = []
    lines: list[Line] = []
    place = 0
    for entity_set, given in rows.items():
        if not reader.knows(entity_set):
            continue
        for number, row in enumerate(given, start=1):
            said = reader.read(entity_set, number, row, place)
            place += 1
            problems += said.problems[: MOST_PROBLEMS - len(problems)]
            lines += said.lines
    _refuse(problems)
    return lines


def _refuse(problems: list[Problem]) -> None:
    if not problems:
        return
    shown = "".join(f"\n  {problem.message}" for problem in problems[:_SHOWN_PROBLEMS])
    more = "" if len(problems) <= _SHOWN_PROBLEMS else "\n  ..."
    raise InputRejected(f"{len(problems)} field(s) of SAP's rows are wrong:{shown}{more}", problems)


def _tell(ledger: dict[Subject, dict[str, Fact]]) -> None:
    """What documents and partners say, to the orders and parties that they name."""
    for subject, facts in list(ledger.items()):
        for other in named(subject, facts.values()):
            known = ledger.setdefault(other, {})
            known |= news(known, told(other, facts, known))


def _with_parties(subject: Subject, ledger: Mapping[Subject, dict[str, Fact]]) -> Facts:
    facts = dict(ledger[subject])
    for party in parties(subject, facts):
        facts |= ledger.get(party, {})
    return facts
