"""Order numbers on paper: the buyer's, and the seller's own that must not be taken for it."""

import re
from collections.abc import Iterator

from sapmatch.reading.codes import order_references
from sapmatch.reading.slip import Seen, Slip

_NUMBER = r"(?:no|nr|num|number|nummer|numero|id|ref|reference|n°|nº|#)"
_BUYER = re.compile(
    r"purchase\s*-?order|\bp\.?\s?o\.?(?![a-z])|(?:your|customer|client|buyer'?s?)\s+order"
    r"|(?:ihre|kunden)?-?\s?bestell|bon\s+de\s+commande|votre\s+commande|"
    r"n[°ºo]?\.?\s*(?:de\s+)?commande|uw\s+(?:order|bestel)|bestelnummer|inkooporder"
    r"|ordine\s+d.acquisto|orden\s+de\s+compra|ert\s+ordernr|rekvisition",
    re.IGNORECASE,
)
_SELLER = re.compile(
    r"sales\s*order|our\s+order|auftrag|ordernummer|onze\s+order|notre\s+commande"
    r"|order\s*confirmation|web\s*order|^order\b",
    re.IGNORECASE,
)
_ORDER = r"(?=[^\s,;]*\d)[A-Za-z0-9][A-Za-z0-9/_.\-]{2,39}"
_TOKENS = re.compile(_ORDER)
_BEHIND = re.compile(rf"\w*[\s.\-]*(?:{_NUMBER}(?!\w))?[\s.:#]*({_ORDER})", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_MAX_ORDERS = 90


def buyer_orders(slip: Slip) -> list[tuple[str, Seen | None]]:
    """Each order number once with the field that shows it; None where it stood in free text."""
    found: dict[str, Seen | None] = {}
    for field in slip.of("PO_NUMBER", "OTHER"):
        is_order = field.type == "PO_NUMBER" or _BUYER.search(field.label)
        if is_order and not _SELLER.search(field.label):
            for number in _tokens(field.text):
                found.setdefault(number, field)
    for line in slip.lines:
        for number in _in_text(line):
            found.setdefault(number, None)
    return [(number, found[number]) for number in order_references(*found)][:_MAX_ORDERS]


def seller_order(slip: Slip) -> tuple[str, Seen] | None:
    """The seller's own order number (BT-14)."""
    for field in slip.of("PO_NUMBER", "OTHER"):
        if _SELLER.search(field.label) and not _BUYER.search(field.label):
            for number in _tokens(field.text):
                return number, field
    return None


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKENS.finditer(text):
        number = match.group().rstrip(".-/")
        if not _DATE.fullmatch(number):
            yield number


def _in_text(line: str) -> Iterator[str]:
    """`Bestellung Nr. 4711 vom 1.3.2026`: the token right behind the words."""
    for label in _BUYER.finditer(line):
        if behind := _BEHIND.match(line, label.end()):
            yield from _tokens(behind[1])
