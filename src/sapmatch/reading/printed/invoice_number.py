"""Which printed number is the invoice's own (BT-1), and when two of them are the same."""

import re

from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import Seen, Slip, key

_INVOICE = re.compile(
    r"inv|rechn|fact|fatt|fakt|beleg|bill|receipt|credit|gutschr|avoir|lasku|doklad|nota\b|bon\b",
    re.I,
)
_NUMBER = re.compile(r"num|\bnr|\bno\b|#|n[°º]|[cč][ií]slo|\bn\.?$|nummer|numm|\bid\b", re.I)
_OTHER = re.compile(
    r"order|customer|kunde|client|account|\bp\.?o\b|deliver|liefer|original|corrected|commande"
    r"|pedido|ordine|bestel|zam[oó]w|objedn|bestilling|tilaus|encomenda",
    re.I,
)
_PREFIX = re.compile(
    r"^(?:(?:tax\s+)?(?:invoice|rechnung|facture|factuur|factura|fattura|faktura|faktury|lasku|"
    r"fatura|receipt|bill|credit note|gutschrift|avoir)[\s.:#]+)?"
    r"(?:(?:number|nummer|numero|num|no|nr|n°|nº|č)[\s.:#]+|#\s*)?(?=\S*\d)",
    re.I,
)
_CONFUSED = str.maketrans("oil|sb", "011158")  # what OCR takes for each other
_RIVAL = 0.85


def invoice_number(slip: Slip, found: Findings) -> str | None:
    """The number with the clearest label, without the words before it."""
    best = best_number(slip)
    if best is None or not (number := _PREFIX.sub("", " ".join(best.text.split())).strip(" .:#")):
        return None
    others = [other for other in slip.of("INVOICE_RECEIPT_ID") if _rank(other) == _rank(best)]
    rivals = any(number_key(other.text) != number_key(best.text) for other in others)
    confidence = best.confidence * (_RIVAL if rivals else 1)
    return found.keep("number", number, confidence, best.evidence)


def best_number(slip: Slip) -> Seen | None:
    """The field that shows the number."""
    numbers = [field for field in slip.of("INVOICE_RECEIPT_ID") if re.search(r"\w", field.text)]
    return max(numbers, key=lambda field: (_rank(field), field.confidence), default=None)


def is_own(field: Seen) -> bool:
    """Whether its label does not say that the number is of something else."""
    return _rank(field) > 0


def number_key(text: str) -> str:
    """Equal for numbers that OCR may have read differently: 0/O, 1/l/I, 5/S, 8/B."""
    plain = _PREFIX.sub("", " ".join(text.split()))
    return key(plain.casefold().translate(_CONFUSED))


def _rank(field: Seen) -> int:
    if _OTHER.search(field.label):
        return 0
    if not _INVOICE.search(field.label):
        return 1
    return 3 if _NUMBER.search(field.label) else 2
