"""Whatever an expense engine answers, a reading ends, soon and without an exception.

Answers come from outside: documents are hostile, and a service may send anything. A good answer is
mutated at random, and others are made of nonsense alone.
"""

import copy
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sapmatch.reading.printed.expense import Reading, read_expense
from tests.builders.reading import fixture

SEEDS = int(os.environ.get("SAPMATCH_PROOF_SEEDS", "800")) // 20  # each reads whole documents
pytestmark = pytest.mark.timeout(900)
SECONDS = 5.0  # for one answer, on a busy machine
Maker = Callable[[random.Random], list[Any]]
TYPES = (
    "TOTAL SUBTOTAL TAX AMOUNT_DUE AMOUNT_PAID PRIOR_BALANCE DISCOUNT INVOICE_RECEIPT_ID PO_NUMBER "
    "INVOICE_RECEIPT_DATE DUE_DATE DELIVERY_DATE PAYMENT_TERMS VENDOR_NAME VENDOR_ADDRESS NAME "
    "CITY RECEIVER_ADDRESS VENDOR_VAT_NUMBER ACCOUNT_NUMBER GRATUITY OTHER PRICE QUANTITY ITEM"
).split()
HOSTILE = (
    "",
    "\0",
    "\ud800",
    "٣٤٥",
    "²½",
    "NaN",
    "-" * 5000,
    "1" * 5000,
    "1," * 3000,
    "1 " * 3000,
    "(" * 3000,
    "1.234,56-" * 500,
    "99/99/9999",
    "31.02.2026",
    "0001-01-01",
    "9999 days",
    "DE02" + " 1203" * 1000,
    "Bestellung " * 400,
    "PO PO PO 45" + "0" * 2000,
    "$" * 2000 + "1",
    "a1" * 1500,
    "Page 2 of 3",
)
NONSENSE: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    float("nan"),
    float("inf"),
    -1e308,
    [],
    {},
    [[]],
    [None] * 50,
    {"Text": {"Text": 1}},
    *HOSTILE,
)


def good() -> list[dict[str, Any]]:
    """A whole answer of two pages."""
    documents: list[dict[str, Any]] = json.loads(fixture("expense.json"))["ExpenseDocuments"]
    return documents


def mutated(chance: random.Random) -> list[Any]:
    """The good answer with a few of its places put out of order."""
    documents = copy.deepcopy(good())
    for _ in range(chance.randint(1, 12)):
        holder: Any = documents
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(holder[key], dict | list) and chance.random() < 0.9:
                holder = holder[key]
                continue
            _mutate(holder, key, chance)
            break
    return documents


def _mutate(holder: Any, key: Any, chance: random.Random) -> None:
    action = chance.randrange(4)
    if action == 0:
        holder[key] = chance.choice(NONSENSE)
    elif action == 1 and isinstance(holder, list):
        holder.extend(copy.deepcopy(holder[key]) for _ in range(chance.choice((1, 2, 60))))
    elif action == 2:
        del holder[key]
    elif isinstance(holder[key], str):
        holder[key] = holder[key][: chance.randrange(9)] + chance.choice(HOSTILE)


def nonsense(chance: random.Random) -> list[Any]:
    """Documents of the right shape whose types, labels, values and numbers mean nothing."""
    return [
        {
            "ExpenseIndex": chance.choice(NONSENSE),
            "SummaryFields": [_field(chance) for _ in range(chance.randrange(40))],
            "LineItemGroups": [
                {"LineItems": [{"LineItemExpenseFields": [_field(chance)]} for _ in range(20)]}
            ],
            "Blocks": [{"BlockType": "LINE", "Text": chance.choice(NONSENSE)} for _ in range(20)],
        }
        for _ in range(chance.randrange(6))
    ]


def _field(chance: random.Random) -> dict[str, Any]:
    amount = f"{chance.randrange(10 ** chance.randrange(1, 12))}{chance.choice('.,')}00"
    text = chance.choice((amount, amount, *HOSTILE))
    return {
        "Type": {"Text": chance.choice(TYPES), "Confidence": chance.choice((99, *NONSENSE))},
        "LabelDetection": {"Text": chance.choice(("Total", "MwSt 19 %", *HOSTILE))},
        "ValueDetection": {"Text": text, "Confidence": 99, "Geometry": chance.choice(NONSENSE)},
        "PageNumber": chance.choice((1, 2, *NONSENSE)),
        "Currency": {"Code": chance.choice(("EUR", *NONSENSE)), "Confidence": 99},
        "GroupProperties": [{"Types": chance.choice(("VENDOR", ["VENDOR"], *NONSENSE))}],
    }


def checked(documents: list[Any]) -> list[Reading]:
    """The readings of an answer, once it is sure that they are sane."""
    begun = time.monotonic()
    readings = read_expense(documents)
    assert time.monotonic() - begun < SECONDS
    assert readings
    for reading in readings:
        assert all(0 <= share <= 1 for share in reading.found.confidence.values())
        assert all(value is None or value.is_finite() for value in _amounts(reading))
        assert reading.pages == tuple(sorted(reading.pages))
    return readings


def _amounts(reading: Reading) -> Iterator[Any]:
    invoice = reading.invoice
    yield from (invoice.net, invoice.tax, invoice.total, invoice.payable, invoice.prepaid)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("make", [mutated, nonsense])
def test_no_answer_makes_a_reading_fail_or_hang(make: Maker, seed: int) -> None:
    checked(make(random.Random(f"{make.__name__} {seed}")))


def test_a_huge_answer_is_read_within_bounds() -> None:
    document = good()[0]
    document["SummaryFields"] = document["SummaryFields"] * 2000
    document["Blocks"] = [{"BlockType": "LINE", "Text": "Ihre Bestellung 4500000001"}] * 20_000
    assert checked([document])[0].invoice.number


def test_the_same_answer_is_always_read_the_same() -> None:
    first, second = checked(good())[0], checked(good())[0]
    assert first.invoice == second.invoice
    assert first.found.confidence == second.found.confidence
