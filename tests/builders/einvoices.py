"""Invoices that add up, with every business term of EN 16931 that is read, by seed."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from msgspec.structs import replace

from sapmatch.model.invoice import (
    Address,
    AllowanceCharge,
    BankAccount,
    Invoice,
    InvoiceLine,
    InvoiceReference,
    InvoiceType,
    Party,
    Payment,
    Period,
    TaxSubtotal,
)
from sapmatch.reading.codes import order_references

T = TypeVar("T")
CENT = Decimal("0.01")
TYPES: dict[InvoiceType, str] = {
    "invoice": "380",
    "credit-note": "381",
    "corrective-invoice": "384",
}
_RATES = (("S", Decimal(19)), ("S", Decimal(7)), ("Z", Decimal(0)), ("E", Decimal(0)))
_WORDS = ("Schraube", "Huile d'olive", "Kabel & Stecker", "Žluťoučký kůň", "<Sonderposten>", "油")


def invoice_of_seed(seed: int) -> Invoice:
    """An invoice in which each term is there or not by chance; its sums always fit."""
    chance = Random(seed)
    lines = tuple(_line(chance, index) for index in range(chance.randint(1, 5)))
    items = tuple(_item(chance) for _ in range(chance.randint(0, 2)))
    accounts = tuple(_account(chance) for _ in range(chance.randint(0, 2)))
    orders = _maybe(chance, f"45{chance.randrange(10**8):08}")
    invoice = Invoice(
        number=f"R-{seed}/{chance.randrange(1000)}",
        issue_date=_day(chance),
        due_date=_maybe(chance, _day(chance)),
        type=(kind := chance.choice(list(TYPES))),
        type_code=TYPES[kind],
        currency="EUR",
        period=_maybe(chance, _period(chance)),
        tax_point=_maybe(chance, _day(chance)),
        notes=tuple(_text(chance) for _ in range(chance.randint(0, 2))),
        profile="urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
        seller=_party(chance),
        buyer=_party(chance),
        payee=_maybe(chance, Party(name=_text(chance), identifiers=("4000001000005",))),
        delivered_to=_maybe(chance, _place(chance)),
        delivery_date=_maybe(chance, _day(chance)),
        payment=_payment(chance, accounts),
        iban=accounts[0].iban if accounts else None,
        order_references=order_references(orders, *(line.order_reference for line in lines)),
        sales_order_reference=_maybe(chance, "AB-9"),
        buyer_reference=_maybe(chance, "Einkauf 7"),
        contract_reference=_maybe(chance, "V-3"),
        project_reference=_maybe(chance, "P-12"),
        delivery_note=_maybe(chance, "LS-5"),
        receiving_advice=_maybe(chance, "WE-8"),
        invoiced_object=_maybe(chance, "Zähler 77"),
        accounting_reference=_maybe(chance, "4711"),
        preceding_invoices=tuple(_preceding(chance, n) for n in range(chance.randint(0, 2))),
        allowances_charges=items,
        lines=lines,
    )
    return _summed(invoice, chance)


def _summed(invoice: Invoice, chance: Random) -> Invoice:
    allowances = _sum(item.amount for item in invoice.allowances_charges if not item.is_charge)
    charges = _sum(item.amount for item in invoice.allowances_charges if item.is_charge)
    whole = _sum(line.net or Decimal(0) for line in invoice.lines)
    taxes = _taxes(invoice)
    net, tax = whole - allowances + charges, _sum(row.amount for row in taxes)
    prepaid, rounding = _maybe(chance, Decimal("10.00")), _maybe(chance, Decimal("-0.02"))
    foreign = _maybe(chance, "SEK")
    return replace(
        invoice,
        line_total=whole,
        allowance_total=allowances,
        charge_total=charges,
        net=net,
        tax=tax,
        total=net + tax,
        prepaid=prepaid,
        rounding=rounding,
        payable=net + tax - (prepaid or 0) + (rounding or 0),
        taxes=taxes,
        tax_currency=foreign,
        tax_accounted=(tax * 11).quantize(CENT) if foreign else None,
    )


def _taxes(invoice: Invoice) -> tuple[TaxSubtotal, ...]:
    bases: dict[tuple[str | None, Decimal | None], Decimal] = {}
    for line in invoice.lines:
        key = (line.tax_category, line.tax_rate)
        bases[key] = bases.get(key, Decimal("0.00")) + (line.net or 0)
    for item in invoice.allowances_charges:
        key = (item.tax_category, item.tax_rate)
        amount = item.amount if item.is_charge else -item.amount
        bases[key] = bases.get(key, Decimal("0.00")) + amount
    return tuple(
        TaxSubtotal(
            category=category,
            rate=rate,
            basis=basis,
            amount=(basis * (rate or 0) / 100).quantize(CENT),
            exemption="vatex-eu-132" if category == "E" else None,
        )
        for (category, rate), basis in bases.items()
    )


def _line(chance: Random, index: int) -> InvoiceLine:
    category, rate = chance.choice(_RATES)
    quantity, base = Decimal(chance.randint(1, 500)), chance.choice((None, Decimal(10)))
    discount = _maybe(chance, _amount(chance, 90))
    price = _amount(chance, 9000)
    items = tuple(
        replace(_item(chance), tax_category=None, tax_rate=None) for _ in "x" * (index % 2)
    )
    added = _sum(item.amount if item.is_charge else -item.amount for item in items)
    return InvoiceLine(
        id=str((index + 1) * 10),
        description=_text(chance),
        note=_maybe(chance, _text(chance)),
        quantity=quantity,
        unit="C62",
        unit_price=price,
        price_base_quantity=base,
        gross_price=price + discount if discount else None,
        price_discount=discount,
        net=(quantity * price / (base or 1)).quantize(CENT) + added,
        allowances_charges=items,
        tax_category=category,
        tax_rate=rate,
        period=_maybe(chance, _period(chance)),
        order_reference=_maybe(chance, f"45{chance.randrange(10**8):08}"),
        order_item=_maybe(chance, str(index + 1)),
        delivery_note=_maybe(chance, "LS-6"),
        accounting_reference=_maybe(chance, "623400"),
        seller_item_id=_maybe(chance, "S-8"),
        buyer_item_id=_maybe(chance, "MAT-1"),
        standard_item_id=_maybe(chance, "4012345000016"),
    )


def _item(chance: Random) -> AllowanceCharge:
    category, rate = chance.choice(_RATES[:2])
    percent = _maybe(chance, Decimal(chance.randint(1, 50)))
    base = Decimal(chance.randint(1, 90)) * 100
    return AllowanceCharge(
        is_charge=chance.random() < 0.5,
        amount=(base * percent / 100).quantize(CENT) if percent else _amount(chance, 900),
        reason=_text(chance),
        reason_code=_maybe(chance, "95"),
        base=base if percent else None,
        percent=percent,
        tax_category=category,
        tax_rate=rate,
    )


def _payment(chance: Random, accounts: tuple[BankAccount, ...]) -> Payment:
    debited = chance.random() < 0.3
    return Payment(
        means="59" if debited else "58",
        reference=_maybe(chance, "Kunde 4711"),
        terms=_maybe(chance, "#SKONTO#TAGE=14#PROZENT=2.00#"),
        accounts=accounts,
        mandate="M-1" if debited else None,
        debited_account="DE02120300000000202051" if debited else None,
    )


def _account(chance: Random) -> BankAccount:
    return BankAccount(
        iban=f"DE{chance.randrange(10**20):020}",
        name=_maybe(chance, _text(chance)),
        bic=_maybe(chance, "BYLADEM1001"),
    )


def _party(chance: Random) -> Party:
    return Party(
        name=_text(chance),
        trading_name=_maybe(chance, _text(chance)),
        vat_id=_maybe(chance, f"DE{chance.randrange(10**9):09}"),
        tax_id=_maybe(chance, "22/815/08154"),
        registration_id=_maybe(chance, "HRB 1"),
        identifiers=tuple(f"{n}70001" for n in range(chance.randint(0, 2))),
        electronic_address=_maybe(chance, "9930:de1"),
        address=_maybe(chance, _address(chance)),
        country="DE",
    )


def _place(chance: Random) -> Party:
    return Party(
        name=_maybe(chance, _text(chance)),
        identifiers=("4000001000005",),
        address=_address(chance),
        country="FR",
    )


def _address(chance: Random) -> Address:
    return Address(
        lines=tuple(_text(chance) for _ in range(chance.randint(0, 3))),
        city=_text(chance),
        postal_code=_maybe(chance, "20095"),
        region=_maybe(chance, "Hamburg"),
    )


def _preceding(chance: Random, index: int) -> InvoiceReference:
    return InvoiceReference(number=f"R-0{index + 1}", issue_date=_maybe(chance, _day(chance)))


def _period(chance: Random) -> Period:
    return Period(start=_day(chance), end=_maybe(chance, _day(chance)))


def _maybe(chance: Random, value: T) -> T | None:
    return value if chance.random() < 0.6 else None


def _day(chance: Random) -> date:
    return date(2020, 1, 1) + timedelta(days=chance.randrange(4000))


def _amount(chance: Random, most: int) -> Decimal:
    return Decimal(chance.randint(1, most * 100)) / 100


def _text(chance: Random) -> str:
    return f"{chance.choice(_WORDS)} {chance.randrange(100)}"


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))
