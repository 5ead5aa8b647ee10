"""What the name of a sum means, told from the words that it is composed of.

No list holds all of `Total (Excluding GST)`, `Summe inkl. MwSt`, `Montant total TTC`.
"""

import functools
import re
from collections.abc import Sequence, Set

from sapmatch.pages.labels import REFERENCE, Label, fold, normal
from sapmatch.pages.vocabulary import amounts

_LONGEST = 9  # words of a name
_LONGEST_WORD = 32
_RATE = re.compile(r"\W*\d{1,2}(?:[.,]\d{1,2})?\s?%?\W*")
_KINDS = {
    "sum": amounts.SUM,
    "amount": amounts.AMOUNT,
    "partial": amounts.PARTIAL,
    "net": amounts.NET,
    "gross": amounts.GROSS,
    "including": amounts.INCLUDING,
    "tax": amounts.TAX,
    "due": amounts.DUE,
    "paid": amounts.PAID,
    "filling": amounts.FILLING,
}


def compose(texts: Sequence[str], begin: int) -> Label | None:
    """The name of a sum that starts at the word, as far as its words are known."""
    kinds: set[str] = set()
    end = begin
    while end < min(begin + _LONGEST, len(texts)):
        if normal(texts[end]) in amounts.NO_SUM:
            return Label(REFERENCE, begin, end + 1, weak=False) if "sum" in kinds else None
        known = _kinds(texts, end)
        if known is None:
            break
        kinds |= known
        end += 1
        if texts[end - 1].endswith(":"):
            break
    kind = _type(kinds)
    return Label(kind, begin, end, weak=len(kinds - {"filling"}) == 1) if kind else None


def is_amount(texts: Sequence[str]) -> bool:
    """Whether words say that an amount stands here, and not which: `Amount (RM)`, `Base`."""
    found = [_kinds(texts, at) for at in range(len(texts))]
    kinds = set().union(*({"unknown"} if some is None else some for some in found))
    return bool(kinds) and kinds <= {"amount", "filling", "net"} and kinds != {"filling"}


def is_filling(texts: Sequence[str]) -> bool:
    """Whether words change nothing about the name before them: `EUR`, `of this invoice`."""
    found = [_kinds(texts, at) for at in range(len(texts))]
    return all(kinds is not None and kinds <= {"filling"} for kinds in found)


def _kinds(texts: Sequence[str], at: int) -> Set[str] | None:
    """What a word says, nothing for a rate or a sign; None where it belongs to no sum."""
    if _RATE.fullmatch(texts[at]):
        rate = "%" in texts[at] or texts[at + 1 : at + 2] == ["%"]
        return frozenset() if rate else None
    pieces = [normal(piece) for piece in re.split(r"[/()\-–]", texts[at])]
    found = [_kind(piece) for piece in pieces if piece not in ("", "%")]
    if any(kinds is None for kinds in found):
        return None
    return frozenset().union(*(kinds for kinds in found if kinds))


@functools.lru_cache(maxsize=4096)
def _kind(word: str) -> frozenset[str] | None:
    """The kinds of a word or of the words that it is made of: `mwstbetrag`, `grandtotal`."""
    for key in (word, "~" + fold(word)):
        if key in _known():
            return frozenset({_known()[key]})
    return _parts(word) if len(word) <= _LONGEST_WORD else None


def _parts(word: str) -> frozenset[str] | None:
    """From the left, the longest known part first; an `s` may join two parts."""
    for end in range(len(word) - 1, 2, -1):
        kind = _known().get(word[:end])
        if kind is None:
            continue
        for rest in (word[end:], word[end:].removeprefix("s")):
            more = _kind(rest) if rest else frozenset()
            if more is not None:
                return more | {kind}
    return None


@functools.cache
def _known() -> dict[str, str]:
    plain = {normal(word): kind for kind, words in reversed(_KINDS.items()) for word in words}
    return {"~" + fold(word): kind for word, kind in plain.items() if len(word) > 3} | plain


def _type(kinds: Set[str]) -> str | None:
    including = bool(kinds & {"gross", "including"})
    whole = bool(kinds & {"sum", "amount"})
    if kinds <= {"amount", "filling", "including"} or ("net" in kinds and including):
        return "AMOUNT_DUE" if "due" in kinds else None
    if "due" in kinds:
        return "TAX" if "tax" in kinds and not including and not whole else "AMOUNT_DUE"
    if "paid" in kinds:
        return "AMOUNT_PAID"
    if "partial" in kinds or "net" in kinds:
        return "SUBTOTAL"
    if "gross" in kinds or (including and whole):
        return "TOTAL"
    return "TAX" if "tax" in kinds else "TOTAL"
