"""Sentences about payment: `Zahlbar innerhalb 30 Tagen netto bis 04.07.2013`."""

import re
from collections.abc import Iterator, Sequence

from sapmatch.pages import values
from sapmatch.pages.fields import Field
from sapmatch.pages.layout import cut
from sapmatch.pages.nouns import Line

_PAYING = re.compile(
    r"\bpa(?:y|id|yable|yment)\b|\bdue\b|\bnet\b|zahl|f[äa]llig|[üu]berweis|[üu]berwies|abgebucht"
    r"|\bpay[eé]|r[eé]gl|paiement|pr[eé]lev|[ée]ch[ée]ance|betal|voldoen|overmaken|pagar|pagab|pago"
    r"|pagamento|vencimiento|vencimento|scaden|zap[łl]a|p[łl]atn|splatn|uhra|uhraďte|maks|er[äa]p"
    r"|forfal|f[öo]rfall",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"\b(?:bis|zum|am|by|before|until|on|due|avant|le|plus tard|uiterlijk|v[oó][oó]r|op|antes del?"
    r"|hasta|el|entro|il|at[ée]|do|dne|senest|seneste|senast|den|viimeist[äa][äa]n)\b",
    re.IGNORECASE,
)
_DISCOUNT = re.compile(
    r"skonto|discount|escompte|korting|descuento|sconto|desconto|rabat|sleva|alennus|\d\s?%",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"\d{1,3}\s?(?:days?|tagen?|jours?|dagen|giorni|d[ií]as|dni|dn[íiů]|dage|dagar|dager"
    r"|p[äa]iv[äa][äa]?|pv|j\.?)(?!\w)|\bnet\s?\d{1,3}\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?<!\d)[,;](?=\s)|(?<=\d)[,;]\s+(?=\D|\d+\s?%)|\.\s+(?=[A-ZÀ-Ý])|\s-\s")
_LONGEST = 400
_BEFORE = 24  # characters between the word and the day
_DUE, _TERMS = 85.0, 70.0


def payment_fields(lines: Sequence[Line]) -> Iterator[Field]:
    """When the invoice is to be paid, from sentences that say so; discounts are left out."""
    for line in lines:
        if len(line.text) <= _LONGEST and len(line.words) > 2 and _PAYING.search(line.text):
            for clause in _clauses(line):
                yield from _due(clause)
                if _DAYS.search(clause.text):
                    yield Field(type="PAYMENT_TERMS", value=clause, confidence=_TERMS)


def _clauses(line: Line) -> Iterator[Line]:
    begin = 0
    for end in [*(mark.start() for mark in _CLAUSE.finditer(line.text)), len(line.text)]:
        clause = cut(line.words, begin, end)
        if clause.words and not _DISCOUNT.search(clause.text):
            yield clause
        begin = end + 1


def _due(clause: Line) -> Iterator[Field]:
    for day in values.values("date", clause.words):
        before = clause.text[: clause.text.index(day.text)]
        if _UNTIL.search(before[-_BEFORE:]):
            yield Field(type="DUE_DATE", value=day, confidence=_DUE)
            return
