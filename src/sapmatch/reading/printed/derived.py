"""Values that follow from others or are printed without a name of their own, with their sources."""

from collections.abc import Iterator
from decimal import Decimal

from sapmatch.model.invoice import Evidence, Invoice, Party
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.amounts import Notation
from sapmatch.reading.printed.numbers import parse_amount
from sapmatch.reading.slip import Seen, Slip

_SUMS = ("SUBTOTAL", "TOTAL", "AMOUNT_DUE")
_EXTRAS = ("SHIPPING_HANDLING_CHARGE", "SERVICE_CHARGE", "GRATUITY", "DISCOUNT")
_FREE_TEXT = 0.8


def note_amounts(invoice: Invoice, slip: Slip, notation: Notation, found: Findings) -> None:
    """Where the tax rows, allowances and charges of a page stand; else what they follow from."""
    taxes, sums, extras = (
        _by_amount(slip, types, notation) for types in (("TAX",), _SUMS, _EXTRAS)
    )
    for index, row in enumerate(invoice.taxes):
        name = f"taxes[{index}]"
        _note(f"{name}.amount", taxes.get(abs(row.amount)), ("tax",), found)
        _note(f"{name}.basis", sums.get(abs(row.basis)), ("net",), found)
        if row.rate is not None:
            _note(f"{name}.rate", taxes.get(abs(row.amount)), (f"{name}.amount",), found)
    for index, item in enumerate(invoice.allowances_charges):
        name, seen = f"allowances_charges[{index}]", extras.get(item.amount)
        _note(f"{name}.amount", seen, ("net", "lines"), found)
        if item.reason:
            _note(f"{name}.reason", seen, (f"{name}.amount",), found)


def note_derived(invoice: Invoice, found: Findings) -> None:
    """What the readers noted no place for, because it only says what other fields mean."""
    for field, sources in _derived(invoice):
        if field not in found.confidence:
            known = tuple(source for source in sources if source in found.confidence)
            sure = min((found.confidence[source] for source in known), default=1.0)
            found.keep(field, None, sure, Evidence(derived_from=known or sources))
    account = "payment.accounts[0].iban"
    if invoice.iban and "iban" not in found.confidence and account in found.confidence:
        found.keep("iban", None, found.confidence[account], found.evidence.get(account))


def _by_amount(slip: Slip, types: tuple[str, ...], notation: Notation) -> dict[Decimal, Seen]:
    seen = [(parse_amount(field.text, notation.mark), field) for field in reversed(slip.of(*types))]
    return {abs(amount): field for amount, field in seen if amount is not None}


def _note(field: str, seen: Seen | None, sources: tuple[str, ...], found: Findings) -> None:
    sure = seen.confidence if seen else _FREE_TEXT
    place = seen.evidence if seen else Evidence(derived_from=sources)
    found.keep(field, None, sure, place)


def _derived(invoice: Invoice) -> Iterator[tuple[str, tuple[str, ...]]]:
    if invoice.rounding is not None:
        yield "rounding", ("net", "tax", "payable")
    for side in ("seller", "buyer", "delivered_to"):
        party: Party | None = getattr(invoice, side)
        if party and party.country:
            yield (
                f"{side}.country",
                (f"{side}.address.country", f"{side}.address", f"{side}.vat_id"),
            )
    if invoice.order_references:
        lines = enumerate(invoice.lines)
        named = (f"lines[{at}].order_reference" for at, line in lines if line.order_reference)
        yield "order_references", tuple(named)
    for index, _ in enumerate(invoice.allowances_charges):
        yield from _of_charge(f"allowances_charges[{index}]")
    for index, line in enumerate(invoice.lines):
        yield f"lines[{index}].id", ("lines",)
        for place, _ in enumerate(line.allowances_charges):
            yield from _of_charge(f"lines[{index}].allowances_charges[{place}]")


def _of_charge(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield f"{name}.is_charge", (f"{name}.amount",)
