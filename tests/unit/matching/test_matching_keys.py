"""Every tolerance key: a value at its limit passes, one step more fails (MA-P42)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.invoice import AllowanceCharge, Invoice, InvoiceLine
from sapmatch.model.match import Decision
from sapmatch.model.order import GoodsReceipt, Order, OrderItem, PlannedCost, ScheduleLine
from sapmatch.model.policy import Tolerance
from tests.unit.matching.desk import D, decide, invoice, item, line, order, policy, posting

CENT = D("0.01")
FREE = {key: Tolerance() for key in ("PP", "DQ", "DW", "AN", "LA")}
NAMED = {"order_item": "10", "order_reference": "4500000012"}
FOUR_BOUNDS = ("lower_absolute", "lower_percent", "upper_absolute", "upper_percent")


def of(bound: str, limit: int) -> Tolerance:
    """Limits with this one alone."""
    limits: dict[str, Any] = {bound: D(limit)}
    return Tolerance(**limits)


class Scene(Struct, frozen=True):
    """What makes a deviation of so many steps, and how many steps a limit of 1 is."""

    deviate: Callable[[int], tuple[Invoice, Order]]
    steps: int = 100  # cents of an absolute limit of 1.00


def _billed(amount: Decimal, **more: Any) -> InvoiceLine:
    return line(10, "100", "10.00", net=amount, **{**NAMED, **more})


def _priced(sign: int, **more: Any) -> Callable[[int], tuple[Invoice, Order]]:
    """100 pieces of 10.00 for 1000.00 and so many cents."""

    def deviate(cents: int) -> tuple[Invoice, Order]:
        amount = D(1000) + sign * cents * CENT
        return invoice(_billed(amount)), order("4500000012", item(**more))

    return deviate


def _counted(sign: int) -> Callable[[int], tuple[Invoice, Order]]:
    """1000 pieces of a cent and so many more or less."""

    def deviate(pieces: int) -> tuple[Invoice, Order]:
        of_a_cent = item(quantity="1000", price="0.01", delivery_completed=True)
        counted = line(10, str(1000 + sign * pieces), "0.01", **NAMED)
        return invoice(counted), order("4500000012", of_a_cent)

    return deviate


def _early_receipt(pieces: int) -> tuple[Invoice, Order]:
    """Pieces of a cent, none of them received."""
    of_a_cent = item(quantity="10000", price="0.01", received=[])
    return invoice(line(10, str(pieces), "0.01", **NAMED)), order("4500000012", of_a_cent)


def _early_invoice(pieces: int) -> tuple[Invoice, Order]:
    """Pieces of a cent, a day before they were to come."""
    planned = (ScheduleLine(delivery_date=date(2026, 10, 13), quantity=D(10000)),)
    of_a_cent = item(quantity="10000", price="0.01", schedule=planned)
    return invoice(line(10, str(pieces), "0.01", **NAMED)), order("4500000012", of_a_cent)


def _charged(name: str, planned: int, sign: int = 1) -> Callable[[int], tuple[Invoice, Order]]:
    """A charge of the planned euros and so many cents."""
    costs = (PlannedCost(condition="FRB1", amount=D(planned), quantity=D(100)),) if planned else ()

    def deviate(cents: int) -> tuple[Invoice, Order]:
        charge = AllowanceCharge(is_charge=True, amount=planned + sign * cents * CENT, reason=name)
        billed = invoice(
            _billed(D(1000)), net=D(1000) + charge.amount, allowances_charges=(charge,)
        )
        return billed, order("4500000012", item(planned_costs=costs))

    return deviate


def _limited(cents: int) -> tuple[Invoice, Order]:
    """A limit order of 1000.00, and so many cents beyond it."""
    limit: dict[str, Any] = {
        "price": "0",
        "overall_limit": D(1000),
        "receipt_expected": False,
        "received": [],
    }
    blanket = item(quantity="1", **limit)
    amount = D(1000) + cents * CENT
    billed = line(10, "1", net=amount, unit_price=amount, **NAMED)
    return invoice(billed), order("4500000012", blanket)


def _dated(days: int) -> tuple[Invoice, Order]:
    """A limit order that ended so many days before the invoice."""
    billed, blanket = _limited(0)
    ended = date.fromordinal(date(2026, 10, 12).toordinal() - days)
    return billed, order("4500000012", *blanket.items, valid_to=ended)


def _weighed(sign: int, **more: Any) -> Callable[[int], tuple[Invoice, Order]]:
    """10 boxes of 100 kg each by the order, and so many kg more or less, at 1.00 a kg."""

    def deviate(kilos: int) -> tuple[Invoice, Order]:
        amount = D(1000) + sign * kilos
        boxes = line(10, "10", "1.00", unit="BX", net=amount, **NAMED)
        return invoice(boxes), order("4500000012", _boxes(**more))

    return deviate


def _boxes(**more: Any) -> OrderItem:
    """10 boxes that weighed 1000 kg when they came."""
    by_weight: dict[str, Any] = {"unit": "BOX", "price_unit": "KG", "price_unit_numerator": D(100)}
    boxes = item(quantity="10", price="1.00", **{**by_weight, **more})
    return replace(boxes, receipts=tuple(_came(r) for r in boxes.receipts))


def _came(receipt: GoodsReceipt) -> GoodsReceipt:
    return replace(receipt, price_quantity=100 * receipt.quantity)


def _of_stock(sign: int) -> Callable[[int], tuple[Invoice, Order]]:
    stocked: dict[str, Any] = {"moving_average_price": D(10), "stock": D(100)}
    return _priced(sign, **stocked)


SCENES = {
    ("PP", "upper_absolute"): Scene(_priced(1)),
    ("PP", "lower_absolute"): Scene(_priced(-1)),
    ("PP", "upper_percent"): Scene(_priced(1), 1000),
    ("PP", "lower_percent"): Scene(_priced(-1), 1000),
    ("PS", "upper_absolute"): Scene(_priced(1, price_estimated=True)),
    ("PS", "lower_absolute"): Scene(_priced(-1, price_estimated=True)),
    ("PS", "upper_percent"): Scene(_priced(1, price_estimated=True), 1000),
    ("PS", "lower_percent"): Scene(_priced(-1, price_estimated=True), 1000),
    ("PC", "upper_absolute"): Scene(_priced(1, contract_price=D(10))),
    ("PC", "lower_absolute"): Scene(_priced(-1, contract_price=D(10))),
    ("PC", "upper_percent"): Scene(_priced(1, contract_price=D(10)), 1000),
    ("PC", "lower_percent"): Scene(_priced(-1, contract_price=D(10)), 1000),
    ("DQ", "upper_absolute"): Scene(_counted(1)),
    ("DQ", "lower_absolute"): Scene(_counted(-1)),
    ("DQ", "upper_percent"): Scene(_counted(1), 10),
    ("DQ", "lower_percent"): Scene(_counted(-1), 10),
    ("DW", "upper_absolute"): Scene(_early_receipt),
    ("AN", "upper_absolute"): Scene(_charged("Mindermenge", 0)),
    ("KW", "upper_absolute"): Scene(_charged("Fracht", 100)),
    ("KW", "lower_absolute"): Scene(_charged("Fracht", 100, -1)),
    ("KW", "upper_percent"): Scene(_charged("Fracht", 100), 100),
    ("KW", "lower_percent"): Scene(_charged("Fracht", 100, -1), 100),
    ("LA", "upper_absolute"): Scene(_limited),
    ("LA", "upper_percent"): Scene(_limited, 1000),
    ("LD", "upper_absolute"): Scene(_dated, 1),
    ("ST", "upper_absolute"): Scene(_early_invoice),
    ("BR", "upper_percent"): Scene(_weighed(1, received=[]), 10),
    ("BR", "lower_percent"): Scene(_weighed(-1, received=[]), 10),
    ("BW", "upper_percent"): Scene(_weighed(1), 10),
    ("BW", "lower_percent"): Scene(_weighed(-1), 10),
}


def verdicts(key: str, tolerance: Tolerance, billed: Invoice, ordered: Order) -> set[str]:
    """What the key says when no other key says anything."""
    decision = decide(billed, ordered, rules=policy({**FREE, key: tolerance}))
    assert decision.lines, decision.explanation
    return {check.verdict for check in decision.tolerances if check.key == key}


@pytest.mark.parametrize(("key", "bound"), SCENES, ids=map("-".join, SCENES))
@settings(max_examples=8, deadline=None)
@given(limit=st.integers(1, 9))
def test_a_value_at_the_limit_passes_and_one_step_more_fails(
    key: str, bound: str, limit: int
) -> None:
    """MA-P42"""
    scene, tolerance = SCENES[key, bound], of(bound, limit)
    at = scene.deviate(limit * scene.steps)
    beyond = scene.deviate(limit * scene.steps + 1)
    assert "fail" not in verdicts(key, tolerance, *at)
    assert verdicts(key, tolerance, *beyond) == {"fail"}


@pytest.mark.parametrize(("key", "bound"), SCENES, ids=map("-".join, SCENES))
def test_zero_allows_nothing_and_off_allows_everything(key: str, bound: str) -> None:
    """MA-P41"""
    one = SCENES[key, bound].deviate(1)
    assert verdicts(key, of(bound, 0), *one) == {"fail"}
    others: dict[str, Any] = {b: D(0) for b in FOUR_BOUNDS if b[:5] != bound[:5]}
    assert "fail" not in verdicts(key, Tolerance(**others), *one)


def outcome(tolerances: dict[str, Tolerance], billed: Invoice, ordered: Order) -> Decision:
    return decide(billed, ordered, rules=policy({**FREE, **tolerances}))


def test_the_planned_freight_of_100_may_be_billed_at_110_and_not_at_111() -> None:
    """MA-P38: KW, the worked case of SAP."""
    ten = {"KW": Tolerance(upper_absolute=D(10))}
    scene = SCENES["KW", "upper_absolute"]
    assert outcome(ten, *scene.deviate(1000)).state == "WITHIN_TOLERANCE"
    failed = outcome(ten, *scene.deviate(1100))
    assert (failed.state, failed.cause) == ("OUT_OF_TOLERANCE", "KW")
    exact = outcome(ten, *scene.deviate(0))
    assert exact.state == "MATCHED"


@pytest.mark.parametrize(
    ("now", "state"), [("510", "WITHIN_TOLERANCE"), ("511", "OUT_OF_TOLERANCE")]
)
def test_a_limit_of_1000_bears_500_and_510_and_not_500_and_511(now: str, state: str) -> None:
    """MA-P25: LA, the worked case of SAP."""
    limit: dict[str, Any] = {
        "price": "0",
        "overall_limit": D(1000),
        "receipt_expected": False,
        "received": [],
    }
    blanket = item(quantity="1", postings=(posting("1", "500"),), **limit)
    billed = line(10, "1", net=D(now), unit_price=D(now), **NAMED)
    ten = {"LA": Tolerance(upper_absolute=D(10))}
    assert outcome(ten, invoice(billed), order("4500000012", blanket)).state == state


def test_the_weight_of_boxes_is_compared_with_the_receipt_where_there_is_one() -> None:
    """MA-P28: the boxes came with 1100 kg, the order planned 1000."""
    heavy = _boxes()
    heavy = replace(heavy, receipts=(replace(heavy.receipts[0], price_quantity=D(1100)),))
    strict = {key: Tolerance(lower_percent=D(0), upper_percent=D(0)) for key in ("BR", "BW")}
    as_received = line(10, "10", "1.00", unit="BX", net=D(1100), **NAMED)
    decision = outcome(strict, invoice(as_received), order("4500000012", heavy))
    assert not [check for check in decision.tolerances if check.key in strict]
    as_ordered = line(10, "10", "1.00", unit="BX", net=D(990), **NAMED)
    decision = outcome(strict, invoice(as_ordered), order("4500000012", heavy))
    checks = [(c.key, c.bound, c.value) for c in decision.tolerances if c.key in strict]
    assert checks == [("BW", "lower_percent", D("10.0000"))]


@pytest.mark.parametrize("printed", [{"net": D(1000)}, {"unit": "KGM"}, {"unit_price": None}])
def test_a_line_that_tells_one_quantity_is_not_weighed(printed: dict[str, Any]) -> None:
    """MA-P28: BR and BW need the counted and the weighed quantity."""
    strict = {"BW": Tolerance(lower_percent=D(0), upper_percent=D(0))}
    plain: dict[str, Any] = {"unit": "BX", "net": D(990)}
    one = line(10, "10", "1.00", **{**NAMED, **plain, **printed})
    decision = outcome(strict, invoice(one), order("4500000012", _boxes()))
    assert not [check for check in decision.tolerances if check.key == "BW"]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_small_difference_in_the_sums_is_one_in_either_direction(sign: int) -> None:
    """MA-P42: BD; beyond it the document contradicts itself."""
    for limit in (1, 5):
        rules = {"BD": Tolerance(upper_absolute=limit * CENT)}
        at = invoice(total=D(1190) + sign * limit * CENT)
        assert outcome(rules, at, order()).state == "WITHIN_TOLERANCE"
        assert outcome(rules, at, order()).cause == "BD"
        beyond = invoice(total=D(1190) + sign * (limit + 1) * CENT)
        assert outcome(rules, beyond, order()).state == "INVALID"


def test_a_change_of_the_average_price_is_a_warning() -> None:
    """VP: 50.00 more on a stock of 100 at 10.00 makes the average 5 % higher."""
    for limit, warned in (("5", set()), ("4.99", {"warning"})):
        rules = {"VP": Tolerance(upper_percent=D(limit))}
        decision = outcome(rules, *_of_stock(1)(5000))
        assert {c.verdict for c in decision.tolerances if c.key == "VP"} == warned
        assert decision.state == "WITHIN_TOLERANCE"


def test_what_the_stock_no_longer_holds_does_not_change_its_price() -> None:
    """VP: of 100 pieces 50 are left, so half of the difference meets half of the stock's value."""
    for stock, value in (("50", "5.0000"), ("200", "2.5000")):
        dearer = _priced(1, moving_average_price=D(10), stock=D(stock))
        decision = outcome({"VP": Tolerance(upper_percent=D(0))}, *dearer(5000))
        assert [c.value for c in decision.tolerances if c.key == "VP"] == [D(value)]


def test_the_amount_of_an_item_has_a_ceiling_of_its_own() -> None:
    """AP: however well it fits."""
    billed, ordered = _priced(1)(0)
    fits = outcome({"AP": Tolerance(upper_absolute=D(1000))}, billed, ordered)
    assert (fits.state, fits.tolerances) == ("MATCHED", ())
    failed = outcome({"AP": Tolerance(upper_absolute=D("999.99"))}, billed, ordered)
    assert (failed.state, failed.cause) == ("OUT_OF_TOLERANCE", "AP")
