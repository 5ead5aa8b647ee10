"""Rows of an invoice that are no goods: freight, packing, tax, rounding (MA-P10, MA-P38)."""

import re

_COST = re.compile(
    r"(?:fracht|versand|porto|transport|liefer|verpackung|zustell|maut|diesel|energie"
    r"|mindermengen|bearbeitung)s?(?:kosten|pauschale|gebuehr|anteil|zuschlag)+n?"
    r"|fracht|versand|porto|verpackung|freight|shipping|postage|carriage|handling|surcharge"
)
_LINE = re.compile(
    rf"{_COST.pattern}"
    r"|rundung|rundungsdifferenz|rundungsausgleich|rounding"
    r"|mwst|ust|mehrwertsteuer|umsatzsteuer|vat|tax|skonto|rabatt|nachlass|discount"
)
_ITEM = re.compile(
    r"(?:fracht|versand|porto|transport|liefer|verpack|zustell|maut|zuschlag|pauschale|freight"
    r"|shipping|postage|carriage|delivery|handling|surcharge|rundung|rounding|rabatt|discount)"
)
_LONGEST = 40  # characters of a word; the rest of an endless one says nothing


def names_charge(words: frozenset[str]) -> bool:
    """Whether a line says that it bills a charge and no goods."""
    return any(_LINE.fullmatch(word[:_LONGEST]) for word in words)


def names_delivery_cost(words: frozenset[str]) -> bool:
    """Whether a line bills what comes with a delivery, neither rounding, tax nor a discount."""
    return any(_COST.fullmatch(word[:_LONGEST]) for word in words)


def may_be_charge(words: frozenset[str]) -> bool:
    """Whether an order item may be one: orders name charges in many ways."""
    return any(_ITEM.match(word[:_LONGEST]) for word in words)
