"""`sapmatch read FILE...`"""

import argparse

from sapmatch.cli import output
from sapmatch.cli.documents import read_file
from sapmatch.cli.options import add_common, add_ocr, existing, settings_or_defaults
from sapmatch.model.invoice import Invoice, ReadResult

REFUSED = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", metavar="FILE", nargs="+")
    add_ocr(parser)
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what each document holds; 3 where one of them is no readable invoice."""
    existing(arguments.files)
    intake = settings_or_defaults(arguments).intake
    unreadable = 0
    for name in output.track(arguments.files, "reading"):
        result = read_file(name, ocr=arguments.ocr, intake=intake)
        unreadable += result.invoice is None
        if arguments.json:
            output.json_line(_line(name, result))
        else:
            _show(name, result)
    return REFUSED if unreadable else 0


def _line(name: str, result: ReadResult) -> dict[str, object]:
    return {
        "document": name,
        "outcome": result.outcome,
        "kind": result.kind,
        "method": result.method,
        "invoice": result.invoice,
        "confidence": result.confidence,
        "problems": result.problems,
    }


def _show(name: str, result: ReadResult) -> None:
    how = ", ".join(part for part in (result.kind, result.method) if part)
    output.heading(f"{name}: {result.outcome}" + (f" ({how})" if how else ""))
    if result.invoice:
        _show_invoice(result.invoice)
    for problem in result.problems:
        where = f" ({problem.field})" if problem.field else ""
        output.line(f"{problem.code}: {problem.message}{where}")


def _show_invoice(invoice: Invoice) -> None:
    output.facts(
        (
            ("Number", invoice.number),
            ("Date", invoice.issue_date),
            ("Due", invoice.due_date),
            ("Type", invoice.type),
            ("Seller", invoice.seller.name),
            ("Seller's VAT id", invoice.seller.vat_id),
            ("Buyer", invoice.buyer.name),
            ("Orders", ", ".join(invoice.order_references)),
            ("Sales order", invoice.sales_order_reference),
            ("Net", invoice.net),
            ("Tax", invoice.tax),
            ("Total", invoice.total),
            ("Currency", invoice.currency),
        )
    )
    columns = ("Line", "Description", "Quantity", "Unit", "Price", "Per", "Net", "Order", "Item")
    output.table(
        columns,
        (
            (
                line.id,
                line.description,
                line.quantity,
                line.unit,
                line.unit_price,
                line.price_base_quantity,
                line.net,
                line.order_reference,
                line.order_item,
            )
            for line in invoice.lines
        ),
    )
