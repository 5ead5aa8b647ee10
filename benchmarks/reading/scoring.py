"""Is what was read what the document says? Names by words, all else by value."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from benchmarks.reading.corpus import FIELDS, Document, value
from sapmatch.model.invoice import InvoiceLine, ReadResult

Verdict = Literal["right", "wrong", "missing", "invented", "rightly empty"]
CORE = ("invoice_number", "issue_date", "currency", "total")
AMOUNTS = frozenset({"net", "tax", "total", "amount_due"})
DATES = frozenset({"issue_date", "due_date"})
NAMES = frozenset({"vendor_name", "buyer_name"})
_LEGAL_FORMS = frozenset("gmbh ltd llc inc co kg ag bv sdn bhd the sarl sa".split())
_SAME_NAME = 0.6  # of the words of both names
_CENT = Decimal("0.01")
# What may become of a document beside exactly what is expected: asking a person is safe.
_ALLOWED: dict[str, set[str]] = {
    "read-safely": {"read", "needs-review"},
    "reject-or-review": {"reject", "needs-review"},
    "read-or-review": {"read", "needs-review", "reject"},
    "unsupported": {"unsupported", "reject", "needs-review"},
    "not-invoice": {"not-invoice", "needs-review", "unsupported", "reject"},
    "needs-review": {"needs-review", "reject"},
}


def verdicts(
    document: Document, result: ReadResult, fields: Iterable[str] = FIELDS
) -> dict[str, Verdict]:
    """One verdict per field that the truth knows."""
    fields = [name for name in fields if name in document.truth and name not in document.ambiguous]
    return {name: judged(name, document.truth[name], value(result, name)) for name in fields}


def judged(field: str, truth: Any, found: Any) -> Verdict:
    """The verdict on one value; `truth` is None where the document shows none."""
    if truth is None:
        return "rightly empty" if found in (None, "") else "invented"
    if found in (None, ""):
        return "missing"
    return "right" if same(field, truth, found) else "wrong"


def expected(document: Document, outcome: str) -> bool:
    """Whether this may become of the document."""
    return outcome in _ALLOWED.get(document.outcome, {document.outcome})


def core_right(document: Document, found: dict[str, Verdict]) -> bool:
    """Whether number, date, currency and total are right, as far as the truth knows them."""
    wanted = [name for name in CORE if document.truth.get(name) and name in found]
    return all(found[name] == "right" for name in wanted)


def same(field: str, truth: Any, found: Any) -> bool:
    """Whether two careful people would call the values the same."""
    if field in AMOUNTS:
        return amount(truth) is not None and amount(truth) == amount(found)
    if field in NAMES:
        mine, theirs = _words(truth), _words(found)
        return bool(mine) and len(mine & theirs) / len(mine | theirs) >= _SAME_NAME
    if field in DATES:
        return str(truth) == str(found)
    return _key(truth) == _key(found)


def line_verdicts(document: Document, result: ReadResult) -> Counter[str]:
    """Right and missing lines, and how many there are too many; empty where none are known."""
    truth = document.truth.get("lines")
    if not truth or "lines" in document.ambiguous:
        return Counter()
    found = result.invoice.lines if result.invoice else ()
    right = lines_right(truth, found)
    more = max(0, len(found) - len(truth))
    return Counter(right=right, missing=len(truth) - right, invented=more)


def lines_right(truth: Sequence[dict[str, Any]], found: Sequence[InvoiceLine]) -> int:
    """How many of the lines were read with their amount, and with their quantity where known."""
    amounts = Counter(amount(line.net) for line in found)
    both = Counter((amount(line.net), amount(line.quantity or 1)) for line in found)
    hits = 0
    for line in truth:
        net = amount(line.get("line_total"))
        pool: Counter[Any] = both if "quantity" in line else amounts
        wanted = (net, amount(line["quantity"] or 1)) if "quantity" in line else net
        if pool[wanted] > 0:
            pool[wanted] -= 1
            hits += 1
    return hits


def amount(text: Any) -> Decimal | None:
    """A plain decimal with two places; None for anything else."""
    try:
        return Decimal(str(text).strip()).quantize(_CENT)
    except InvalidOperation:
        return None


def _key(text: Any) -> str:
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return re.sub(r"[^0-9a-zß-ÿ]", "", plain)


def _words(text: Any) -> set[str]:
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    words = set(re.findall(r"[0-9a-zß-ÿ]+", plain))
    return words - _LEGAL_FORMS or words
