"""How and when an invoice is to be paid: terms, the day that follows from them, accounts."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from sapmatch.model.invoice import BankAccount, Evidence, Payment
from sapmatch.reading.checks import is_iban
from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import Seen, Slip

_IBAN = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Z0-9])"
)
_BIC = re.compile(
    r"\b(?:BIC|SWIFT)\b[^\n]{0,24}?(?<![A-Z0-9])([A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)(?![A-Z0-9])"
)
_BANK = re.compile(r"bank|konto|compte|cuenta|conto|rekening|tili|[uú]čet|ucet|rachun|a/?c\b", re.I)
_REFERENCE = re.compile(
    r"verwendungszweck|payment\s+ref|remittance|betalingskenmerk|structured"
    r"|r[eé]f.*(?:paiement|virement)"
    r"|\bkid\b|\bocr\b|viite|variabiln[ií]|zahlungsref|referencia\s+de\s+pago",
    re.I,
)
# A number of days, in en de fr nl es it pt pl cs da sv nb fi.
_DAYS = re.compile(
    r"(?<![\d.,/-])(\d{1,3})\s?-?\s?(?:calendar\s+|kalender)?(?:days?|tag(?:e[ns]?)?\b|jours?|jrs?\b|j\b|dagen"
    r"|dag(?:ar|er|e)?\b|d[ií]as|giorni|gg\b|dni|dn[ůu]|d\b|p[aä]iv[aä]{0,2}|pv\b|t\b(?=\s*netto))"
    r"|\bnet(?:to)?\s*-?\s?(\d{1,3})\b(?!\s?[.,%]\d|\s?%)|\bn/?(\d{2})\b",
    re.I,
)
_AT_ONCE = re.compile(
    r"(?:due|payable|pay)\s+(?:up)?on\s+(?:receipt|presentation)|immediate|sofort"
    r"|[aà]\s+r[eé]ception"
    r"|comptant|per\s+direct|contante|al\s+contado|a\s+vista|straks|omg[aå]ende|\bihned\b",
    re.I,
)
_PAY = re.compile(
    r"\bpay|zahl|f[aä]llig|r[eè]gl|paie|betaal|betal|\bpag[oa]|pagament|pagar|p[lł]at|splat|maksu"
    r"|\bdue\b|vencim|forfald|f[oö]rfall|scadenza|\bterms\b|er[aä]p[aä]iv",
    re.I,
)
_ELSEWHERE = re.compile(
    r"late|overdue|verzug|mahn|retard|ritardo|interest|zins|penalt|inter[eê]ss?|r[eè]clam|rekla"
    r"|return"
    r"|sp[aä]t|dr[oö]jsm|viiv[aä]s|end of month|eom\b|fin (?:de|du) mois|fine mese|monatsende"
    r"|skonto|discount",
    re.I,
)
_MONTH_END = re.compile(
    r"end of (?:the )?month|\beom\b|fin (?:de|du) mois|fine mese|f\.m\.|monatsende", re.I
)
_LONGEST = 180  # days
_LINE = 120  # characters of a line that states terms
_FREE_TEXT = 0.8
_WORKED_OUT = 0.9


def payment(slip: Slip, found: Findings) -> Payment:
    """Terms as written, the reference to pay with, and every account."""
    accounts = tuple(_accounts(slip, found))
    reference = next((seen for seen in slip.of("OTHER") if _REFERENCE.search(seen.label)), None)
    return Payment(
        terms=_terms(slip, found),
        reference=" ".join(reference.text.split()) if reference else None,
        accounts=accounts,
    )


def due_from_terms(terms: str | None, issued: date | None, found: Findings) -> date | None:
    """The due date that follows from the issue date and the terms, where none is printed."""
    days = net_days(terms) if terms else None
    if days is None or issued is None:
        return None
    try:
        due = issued + timedelta(days=days)
    except OverflowError:
        return None
    sure = min(found.confidence.get("issue_date", 0), found.confidence.get("payment.terms", 0))
    place = Evidence(derived_from=("issue_date", "payment.terms"))
    return found.keep("due_date", due, sure * _WORKED_OUT, place)


def net_days(terms: str) -> int | None:
    """Days from the issue date until all is due: `30 days net`, `zahlbar innerhalb 14 Tagen`.

    Days with a cash discount are not meant; two periods, or the end of a month, leave it open.
    """
    if _MONTH_END.search(terms):
        return None
    pieces = re.split(r"[,;\n]|\.\s|\bor\b|\boder\b|\bou\b", terms)
    plain = [piece for piece in pieces if "%" not in piece] or []
    days = {int(next(filter(None, found))) for piece in plain for found in _DAYS.findall(piece)}
    if len(days) == 1 and (only := days.pop()) <= _LONGEST:
        return only
    return 0 if not days and _AT_ONCE.search(terms) else None


def find_iban(text: str) -> str | None:
    """An IBAN in a text, without spaces, where length and check digits are right."""
    return next(_ibans(text), None)


def _ibans(text: str) -> Iterator[str]:
    """Words behind an account may look like its last groups: then fewer are tried."""
    for match in _IBAN.finditer(text):
        groups = match.group().split()
        for end in range(len(groups), 0, -1):
            account = "".join(groups[:end])
            if is_iban(account):
                yield account
                break


def _terms(slip: Slip, found: Findings) -> str | None:
    if seen := slip.best("PAYMENT_TERMS"):
        return found.keep("payment.terms", _flat(seen.text), seen.confidence, seen.evidence)
    stated = [line for line in slip.lines if len(line) <= _LINE and _states_terms(line)]
    if len({net_days(line) for line in stated}) != 1:
        return None
    return found.keep("payment.terms", _flat(stated[0]), _FREE_TEXT)


def _states_terms(line: str) -> bool:
    return bool(_PAY.search(line)) and not _ELSEWHERE.search(line) and net_days(line) is not None


def _accounts(slip: Slip, found: Findings) -> Iterator[BankAccount]:
    """Every account to pay to; the first is the invoice's."""
    bics = [match for line in slip.lines for match in _BIC.findall(line)]
    places = _ibans_of(slip) or {
        _flat(seen.text): seen for seen in slip.of("ACCOUNT_NUMBER") if _BANK.search(seen.label)
    }
    for index, (account, seen) in enumerate(places.items()):
        if index == 0:
            sure, place = (seen.confidence, seen.evidence) if seen else (_FREE_TEXT, None)
            found.keep("iban", account, sure, place)
        yield BankAccount(iban=account, bic=bics[0] if bics and len(places) == 1 else None)


def _ibans_of(slip: Slip) -> dict[str, Seen | None]:
    """IBANs (ISO 13616) with the field that shows them; None for free text."""
    places: dict[str, Seen | None] = {}
    for field in slip.of("ACCOUNT_NUMBER", "OTHER"):
        places |= {iban: field for iban in _ibans(field.text) if iban not in places}
    for line in slip.lines:
        places |= {iban: None for iban in _ibans(line) if iban not in places}
    return places


def _flat(text: str) -> str:
    return " ".join(text.split())
