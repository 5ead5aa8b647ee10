"""`sapmatch read FILE...`"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sapmatch.cli import output
from sapmatch.cli.documents import Reader, holds_invoice, invoices, place
from sapmatch.cli.options import add_common, add_ocr, files_of, settings_or_defaults
from sapmatch.model.errors import InputRejected
from sapmatch.model.invoice import Invoice, ReadResult
from sapmatch.reviewing.fields import in_words, problem_line, shown, value_of

Read = Iterator[tuple[str, ReadResult]]
COLUMNS = ("Document", "Kind", "Method", "Number", "Date", "Total", "Currency", "Outcome")
NARROW = ("Document", "Number", "Date", "Total", "Outcome")
_NUMBER = 20  # characters of a number in a table


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="also as a pattern: 'in/**/*.pdf'")
    parser.add_argument(
        "--verbose", action="store_true", help="all of each document, not one row for it"
    )
    parser.add_argument(
        "--evidence",
        metavar="FILE.png",
        type=Path,
        help="draw where each value was found on the page; FILE-2.png is the second page",
    )
    add_ocr(parser)
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what each document holds; 3 where one of them holds no invoice."""
    files = files_of(arguments.files)
    if arguments.evidence and len(files) > 1:
        raise InputRejected(f"--evidence: draws one document, and {len(files)} are named")
    if arguments.evidence and not arguments.evidence.parent.is_dir():
        raise InputRejected(
            f"--evidence: the folder {arguments.evidence.parent} does not exist; make it first"
        )
    reader = Reader(arguments.ocr, settings_or_defaults(arguments))
    read: Read = ((name, reader.read(name)) for name in output.track(files, "reading"))
    if arguments.evidence:
        read = iter(_drawn(list(read), arguments.evidence))
    if arguments.json:
        refused = _print_lines(read)
    elif arguments.verbose or len(files) == 1:
        refused = _print_details(read)
    else:
        refused = _print_table(read)
    return reader.ended(refused)


def _each(read: Read) -> Iterator[tuple[str, int | None, ReadResult]]:
    """Every invoice with its file, and its number where the file holds several."""
    for name, whole in read:
        for part, result in enumerate(invoices(whole), start=1):
            yield name, part if whole.parts else None, result


def _drawn(read: list[tuple[str, ReadResult]], to: Path) -> list[tuple[str, ReadResult]]:
    from sapmatch.cli.evidence import draw

    for name, result in read:
        if any(each.invoice for each in invoices(result)):
            for file in draw(name, invoices(result), to):
                output.note(f"drawn: {file}")
        else:
            output.note(f"--evidence: nothing was read from {name}, so nothing is drawn")
    return read


def _print_lines(read: Read) -> int:
    refused = 0
    for name, part, result in _each(read):
        output.json_line(line(name, result, part))
        refused += not holds_invoice(result)
    return refused


def line(name: str, result: ReadResult, part: int | None = None) -> dict[str, Any]:
    """A document as `read --json` prints it; `part` and `pages` where a file holds several."""
    found: dict[str, Any] = {
        "document": name,
        "outcome": result.outcome,
        "kind": result.kind,
        "method": result.method,
        "invoice": result.invoice,
        "confidence": result.confidence,
        "problems": result.problems,
        "evidence": result.evidence,
    }
    return found | ({"part": part, "pages": result.pages} if part else {})


def _print_table(read: Read) -> int:
    """One row each, then what is wrong with those that are not plainly read."""
    found = [(place(name, result), result) for name, _, result in _each(read)]
    columns = COLUMNS if output.wide() else NARROW
    cells = [_row(document, result) for document, result in found]
    output.rows(columns, [[row[column] for column in columns] for row in cells])
    for document, result in found:
        if result.problems:
            output.heading(document)
        for problem in result.problems:
            output.line(f"  {problem_line(problem, result)}")
    return sum(not holds_invoice(result) for _, result in found)


def _row(document: str, result: ReadResult) -> dict[str, Any]:
    invoice = result.invoice or Invoice()
    return {
        "Document": document,
        "Kind": result.kind,
        "Method": result.method,
        "Number": output.shortened(invoice.number or "", _NUMBER),
        "Date": invoice.issue_date,
        "Total": invoice.total,
        "Currency": invoice.currency,
        "Outcome": result.outcome,
    }


def _print_details(read: Read) -> int:
    refused = 0
    for name, _, result in _each(read):
        how = ", ".join(word for word in (result.kind, result.method) if word)
        output.heading(f"{place(name, result)}: {result.outcome}" + (f" ({how})" if how else ""))
        if result.invoice:
            output.facts(_facts(result.invoice, result))
            _print_items(result.invoice)
        for problem in result.problems:
            output.line(f"{problem.code}: {problem_line(problem, result)}")
        refused += not holds_invoice(result)
    return refused


_SHOWN = (
    "number issue_date due_date type seller.name seller.vat_id buyer.name buyer.vat_id "
    "order_references sales_order_reference delivery_note net tax total prepaid payable currency "
    "iban"
).split()


def _facts(invoice: Invoice, result: ReadResult) -> Iterator[tuple[str, str]]:
    for field in _SHOWN:
        value = value_of(invoice, field)
        if value not in (None, ()):
            sure = result.confidence.get(field, 1.0)
            doubt = f"  ({output.percent(sure)} sure)" if sure < 1 else ""
            yield in_words(field), f"{shown(value)}{doubt}"


def _print_items(invoice: Invoice) -> None:
    columns = ("Line", "Description", "Quantity", "Unit", "Price", "Per", "Net", "Order", "Item")
    rows = (
        (
            item.id,
            item.description,
            item.quantity,
            item.unit,
            item.unit_price,
            item.price_base_quantity,
            item.net,
            item.order_reference,
            item.order_item,
        )
        for item in invoice.lines
    )
    if invoice.lines:
        output.table(columns, rows)
