"""How an invoice is to be paid: the terms, the accounts, the reference."""

import re
from collections.abc import Iterator

from sapmatch.model.invoice import BankAccount, Payment
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
_BUYERS = re.compile(
    r"custom|client|kunde|klant|asiakas|z[aá]kazn|kund|your|votre|\bihr|cliente|debit", re.I
)
_ACCOUNT = re.compile(r"(?=(?:\D{0,3}\d){6})[\dA-Z](?:[\s./-]?[\dA-Z]){5,33}")
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
_MAX_LINES, _MAX_ACCOUNTS = 2000, 20
_LONGEST = 180  # days
_LINE = 120  # characters of a line that states terms


def payment(slip: Slip, found: Findings) -> Payment:
    """Terms as written, the reference to pay with, and every account."""
    accounts = tuple(_accounts(slip, found))
    return Payment(
        terms=_terms(slip, found),
        reference=_reference(slip, found),
        accounts=accounts,
    )


def _reference(slip: Slip, found: Findings) -> str | None:
    for seen in slip.of("OTHER"):
        if _REFERENCE.search(seen.label):
            return found.keep("payment.reference", _flat(seen.text), seen.confidence, seen.evidence)
    return None


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


def ibans(text: str) -> Iterator[str]:
    """IBANs in a text, without spaces, where length and check digits are right.

    Words behind an account may look like its last groups: then fewer are tried.
    """
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
    lines = [line for line in slip.printed if len(line.text) <= _LINE]
    stated = [line for line in lines if _states_terms(line.text)]
    if len({net_days(line.text) for line in stated}) != 1:
        return None
    seen = stated[0]
    return found.keep("payment.terms", _flat(seen.text), seen.confidence, seen.evidence)


def _states_terms(line: str) -> bool:
    return bool(_PAY.search(line)) and not _ELSEWHERE.search(line) and net_days(line) is not None


def first_iban(paid: Payment, found: Findings) -> str | None:
    """The first account that is an IBAN (ISO 13616)."""
    for index, account in enumerate(paid.accounts):
        if is_iban(account.iban):
            field = f"payment.accounts[{index}].iban"
            sure, place = found.confidence[field], found.evidence.get(field)
            return found.keep("iban", account.iban, sure, place)
    return None


def _accounts(slip: Slip, found: Findings) -> Iterator[BankAccount]:
    """Every account to pay to: IBANs, else the numbers that are called a bank account's."""
    bics = [(bic, line) for line in slip.printed for bic in _BIC.findall(line.text)]
    places = _ibans_of(slip) or _domestic(slip)
    for index, (account, seen) in enumerate(places.items()):
        name = f"payment.accounts[{index}]"
        found.keep(f"{name}.iban", account, seen.confidence, seen.evidence)
        bic, line = bics[0] if bics and len(places) == 1 else (None, None)
        if bic and line:
            found.keep(f"{name}.bic", bic, line.confidence, line.evidence)
        yield BankAccount(iban=account, bic=bic)


def _ibans_of(slip: Slip) -> dict[str, Seen]:
    """IBANs with the field or the line that shows them."""
    places: dict[str, Seen] = {}
    for field in [*slip.of("ACCOUNT_NUMBER", "OTHER"), *slip.printed]:
        for iban in ibans(field.text):
            places.setdefault(iban, field)
    return places


def _domestic(slip: Slip) -> dict[str, Seen]:
    """Whole numbers of accounts, not those that the buyer has with the seller, nor masked ones."""
    return {
        _flat(seen.text): seen
        for seen in slip.of("ACCOUNT_NUMBER")[:_MAX_ACCOUNTS]
        if _BANK.search(seen.label)
        and not _BUYERS.search(seen.label)
        and _ACCOUNT.fullmatch(seen.text)
        and not _masked(seen, slip)
    }


def _masked(seen: Seen, slip: Slip) -> bool:
    """Whether the page prints it as the end of `****5671`, and the engine left the stars away."""
    masked = re.compile(rf"[*•xX#…]{{2,9}}[\s-]?{re.escape(seen.text)}")
    return any(masked.search(line) for line in slip.lines[:_MAX_LINES])


def _flat(text: str) -> str:
    return " ".join(text.split())
