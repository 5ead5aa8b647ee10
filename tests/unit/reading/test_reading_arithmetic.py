"""What an e-invoice says about its own sums is checked: each by the rule that it breaks."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import Problem
from sapmatch.model.invoice import AllowanceCharge, Invoice, InvoiceLine, TaxSubtotal
from sapmatch.reading.arithmetic import contradictions
from sapmatch.reading.einvoice.breakdown import broken_rules

TAX = {"tax_category": "S", "tax_rate": Decimal(19)}


def line(net: str, **terms: object) -> InvoiceLine:
    """A line of 19 %."""
    return InvoiceLine(id="1", net=Decimal(net), **{**TAX, **terms})  # type: ignore[arg-type]


def item(amount: str, *, is_charge: bool = False) -> AllowanceCharge:
    """An allowance or a charge of 19 %."""
    return AllowanceCharge(
        is_charge=is_charge, amount=Decimal(amount), tax_category="S", tax_rate=Decimal(19)
    )


WHOLE = Invoice(
    currency="EUR",
    lines=(line("60.00"), line("40.00")),
    allowances_charges=(item("10.00"), item("5.00", is_charge=True)),
    line_total=Decimal("100.00"),
    allowance_total=Decimal("10.00"),
    charge_total=Decimal("5.00"),
    net=Decimal("95.00"),
    tax=Decimal("18.05"),
    total=Decimal("113.05"),
    prepaid=Decimal("13.00"),
    rounding=Decimal("-0.05"),
    payable=Decimal("100.00"),
    taxes=(
        TaxSubtotal(category="S", rate=Decimal(19), basis=Decimal(95), amount=Decimal("18.05")),
    ),
)


def wrong(invoice: Invoice) -> list[Problem]:
    """What does not add up."""
    return [*contradictions(invoice), *broken_rules(invoice)]


def rules(invoice: Invoice) -> list[str]:
    """The rules that are broken."""
    return [problem.message.partition(":")[0] for problem in wrong(invoice)]


def test_an_invoice_that_adds_up_breaks_no_rule() -> None:
    assert wrong(WHOLE) == []


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"lines": (line("60.00"), line("41.00"))}, "BR-CO-10", "lines"),
        ({"allowance_total": Decimal(11)}, "BR-CO-11", "allowance_total"),
        ({"charge_total": Decimal(4)}, "BR-CO-12", "charge_total"),
        ({"net": Decimal("90.00")}, "BR-CO-13", "net"),
        ({"tax": Decimal("28.05")}, "BR-CO-14", "taxes"),
        ({"total": Decimal("123.05")}, "BR-CO-15", "total"),
        ({"payable": Decimal("110.00")}, "BR-CO-16", "payable"),
        (
            {"taxes": (replace(WHOLE.taxes[0], amount=Decimal("19.05")),)},
            "BR-CO-17",
            "taxes[0].amount",
        ),
        (
            {"taxes": (replace(WHOLE.taxes[0], basis=Decimal("85.00")),)},
            "BR-S-08",
            "taxes[0].basis",
        ),
    ],
)
def test_each_sum_is_checked_by_its_rule(changes: dict[str, object], rule: str, field: str) -> None:
    broken = wrong(replace(WHOLE, **changes))
    assert (rule, field) in {(p.message.partition(":")[0], p.field) for p in broken}
    assert {problem.code for problem in broken} == {"TOTALS"}


def test_the_sum_that_fails_is_named_with_both_amounts() -> None:
    (problem,) = wrong(replace(WHOLE, payable=Decimal("110.00")))
    assert problem.values == {
        "total less prepaid with rounding": "100.00 EUR",
        "stated": "110.00 EUR",
    }
    assert "100" not in problem.message


def test_tax_may_be_rounded_per_line() -> None:
    """MA-P35: 40 lines of 0.03 at 19 % are 0.40 of tax line by line, 0.23 in one sum."""
    lines = tuple(line("0.03") for _ in range(40))
    rows = (TaxSubtotal(category="S", rate=Decimal(19), basis=Decimal("1.20"), amount=Decimal(0)),)
    invoice = Invoice(currency="EUR", lines=lines, net=Decimal("1.20"), taxes=rows)
    by_line = replace(rows[0], amount=Decimal("0.40"))
    in_one = replace(rows[0], amount=Decimal("0.23"))
    neither = replace(rows[0], amount=Decimal("0.31"))
    assert [rules(replace(invoice, taxes=(row,))) for row in (by_line, in_one, neither)] == [
        [],
        [],
        ["BR-CO-17"],
    ]


def test_a_currency_without_decimals_is_compared_in_whole_units() -> None:
    yen = Invoice(currency="JPY", net=Decimal(1000), tax=Decimal(100), total=Decimal(1102))
    assert wrong(yen) == []
    assert rules(replace(yen, total=Decimal(1103))) == ["BR-CO-15"]


@pytest.mark.parametrize(
    "written",
    [
        {"allowances_charges": (item("-10.00"), item("5.00", is_charge=True))},
        {"allowance_total": Decimal("-10.00")},
        {"line_total": None, "allowance_total": None, "charge_total": None},
        {"allowance_total": None, "charge_total": None},
    ],
)
def test_signs_and_missing_sums_of_allowances_are_understood(written: dict[str, object]) -> None:
    assert wrong(replace(WHOLE, **written)) == []


def test_items_count_where_their_sums_are_not_stated() -> None:
    unsaid = replace(WHOLE, allowance_total=None, charge_total=None)
    assert rules(replace(unsaid, net=Decimal("100.00"), taxes=())) == ["BR-CO-13", "BR-CO-15"]


def test_lines_may_be_stated_with_tax() -> None:
    gross = Invoice(
        currency="EUR",
        lines=(line("119.00"),),
        net=Decimal("100.00"),
        tax=Decimal("19.00"),
        total=Decimal("119.00"),
        taxes=(
            TaxSubtotal(category="S", rate=Decimal(19), basis=Decimal(100), amount=Decimal(19)),
        ),
    )
    assert wrong(gross) == []


def test_what_is_given_back_is_not_due() -> None:
    correction = Invoice(currency="EUR", total=Decimal("-8.79"), payable=Decimal(0))
    assert wrong(replace(correction, lines=(InvoiceLine(id="1"),))) == []
    owed = replace(correction, total=Decimal("8.79"), lines=(InvoiceLine(id="1"),))
    assert rules(owed) == ["BR-CO-16"]


def test_a_category_without_tax_may_name_no_rate_but_bears_no_tax() -> None:
    row = TaxSubtotal(category="AE", basis=Decimal(100), amount=Decimal(0))
    free = Invoice(currency="EUR", lines=(line("100.00", tax_category="AE", tax_rate=None),))
    assert wrong(replace(free, taxes=(row,))) == []
    assert rules(replace(free, taxes=(replace(row, amount=Decimal(19)),))) == ["BR-CO-17"]


def test_lines_are_computed_only_where_the_sender_claims_to_follow_peppol() -> None:
    """PEPPOL-EN16931-R120; EN 16931 itself has no such rule, and published invoices break it."""
    odd = line("50.00", quantity=Decimal(2), unit_price=Decimal("10.00"))
    peppol = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    assert wrong(Invoice(currency="EUR", lines=(odd,))) == []
    (problem,) = wrong(Invoice(currency="EUR", lines=(odd,), profile=peppol))
    assert (problem.field, problem.values["stated"]) == ("lines[0].net", "50.00 EUR")
    many = wrong(Invoice(currency="EUR", lines=(odd,) * 10_000, profile=peppol))
    assert len(many) == 20


@pytest.mark.parametrize(
    ("terms", "net"),
    [
        ({"quantity": Decimal(1000), "unit_price": Decimal("0.33")}, "333.33"),
        ({"quantity": Decimal("0.333"), "unit_price": Decimal(1000)}, "333.33"),
        (
            {
                "quantity": Decimal(200),
                "unit_price": Decimal("30.00"),
                "price_base_quantity": Decimal(100),
            },
            "60.00",
        ),
        (
            {
                "quantity": Decimal(2),
                "unit_price": Decimal("10.00"),
                "allowances_charges": (item("1.00"), item("3.00", is_charge=True)),
            },
            "22.00",
        ),
        (
            {
                "quantity": Decimal(1),
                "unit_price": Decimal("9.00"),
                "gross_price": Decimal("10.00"),
                "price_discount": Decimal("1.00"),
            },
            "9.00",
        ),
    ],
)
def test_a_line_may_be_rounded_in_its_price_and_quantity(
    terms: dict[str, object], net: str
) -> None:
    peppol = "urn:fdc:peppol.eu:2017"
    assert wrong(Invoice(currency="EUR", lines=(line(net, **terms),), profile=peppol)) == []


def test_gross_price_less_discount_is_the_price() -> None:
    odd = line(
        "9.00",
        quantity=Decimal(1),
        unit_price=Decimal("9.00"),
        gross_price=Decimal("12.00"),
        price_discount=Decimal("1.00"),
    )
    (problem,) = wrong(Invoice(currency="EUR", lines=(odd,), profile="urn:fdc:peppol.eu:2017"))
    assert problem.field == "lines[0].unit_price"


def test_a_category_of_the_lines_has_its_row_in_the_breakdown() -> None:
    """BR-S-01: a line of 7 % beside a breakdown of 19 % alone bears no tax."""
    lines = (line("60.00"), line("40.00", tax_rate=Decimal(7)))
    whole = replace(WHOLE, lines=lines)
    assert {"BR-S-01", "BR-S-08"} == set(rules(whole))


@pytest.mark.parametrize(("tax", "broken"), [("270", []), ("271", ["BR-CO-17"])])
def test_whole_amounts_are_rounded_to_whole_ones(tax: str, broken: list[str]) -> None:
    """27 % of 1001 forints are 270.27: ISO 4217 knows fillers, the shops do not."""
    row = TaxSubtotal(category="S", rate=Decimal(27), basis=Decimal(1001), amount=Decimal(tax))
    assert rules(Invoice(currency="HUF", taxes=(row,))) == broken
