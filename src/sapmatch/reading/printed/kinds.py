"""Which kind of invoice a page is, by the words of its headings; a till slip by its till."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from sapmatch.model.invoice import Evidence, InvoiceType
from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import Seen, Slip

# en de fr nl es it pt pl cs da sv nb fi; the first kind that a heading begins with counts.
_HEADINGS: dict[InvoiceType, str] = {
    "credit-note": r"credit\s?(?:note|memo|invoice)|adjustment\s+note|gutschrift"
    r"|rechnungsgutschrift"
    r"|storno-?rechnung|(?:facture\s+d.)?avoir|note\s+de\s+cr[eé]dit|cr[eé]dit\s?nota"
    r"|credit\s?factuur"
    r"|nota\s+di\s+credito|nota\s+de\s+(?:cr[eé]dito|abono)|factura\s+de\s+abono|abono|kreditnota"
    r"|kredit\s?faktura|faktura\s+koryguj[aą]ca\s+in\s+minus|dobropis"
    r"|opravn[yý]\s+da[nň]ov[yý]\s+doklad"
    r"|hyvityslasku",
    "corrective-invoice": r"correct(?:ed|ive|ion)\s+invoice|korrektur-?rechnung|rechnungskorrektur"
    r"|berichtigte\s+rechnung|facture\s+rectificative|correctie-?factuur|factura\s+rectificativa"
    r"|fattura\s+correttiva|fatura\s+retificativa|faktura\s+koryguj[aą]ca|korekta",
    "final-invoice": r"final\s+invoice|schluss-?\s?rechnung|end-?abrechnung"
    r"|facture\s+(?:finale|de\s+solde"
    r"|d[eé]finitive)|eind-?factuur|factura\s+final|fattura\s+(?:a\s+saldo|finale)|fatura\s+final"
    r"|faktura\s+ko[nń]cowa|kone[cč]n[aá]\s+faktura|slut-?\s?(?:faktura|regning)|slutfaktura"
    r"|loppulasku",
    "partial-invoice": r"(?:partial|progress|interim|down\s?payment|advance|deposit)\s+invoice"
    r"|advance\s+payment\s+invoice"
    r"|(?:teil|abschlags?|anzahlungs|zwischen|akonto)-?\s?rechnung"
    r"|facture\s+d.(?:acompte|avancement)"
    r"|facture\s+(?:partielle|de\s+situation|interm[eé]diaire)|(?:voorschot|deel|termijn)-?factuur"
    r"|factura\s+(?:de\s+)?(?:anticipo|parcial)|fattura\s+(?:di\s+)?(?:acconto|anticipo|parziale)"
    r"|fatura\s+(?:parcial|de\s+adiantamento)|faktura\s+zaliczkowa|z[aá]lohov[aá]\s+faktura"
    r"|(?:aconto|a\s?conto|akonto|del)-?\s?faktura|ennakkolasku|osalasku",
    "self-billed-invoice": r"self-?\s?bill(?:ed|ing)|gutschriftsverfahren|autofactur(?:ation|e)"
    r"|autofattura"
    r"|autofactura|autofatura|samofakturowanie|selvfaktur|sj[aä]lvfaktur",
}
_PATTERNS = {
    kind: re.compile(rf"\W*(?:{words})(?!\w{{3}})", re.IGNORECASE)
    for kind, words in _HEADINGS.items()
}
_INVOICE = re.compile(
    r"invoice|rechnung|facture|factuur|factura|fattura|fatura|faktura|lasku|\btax\s?inv"
    r"|\bcash\s+(?:inv|bill)",
    re.IGNORECASE,
)
_TILL = re.compile(
    r"\b(?:cash(?:ier)?|change(?:\s+due)?|tend(?:er(?:ed)?)?|(?:visa|master\s?card|amex|debit|credit|eft)\b"
    r".{0,20}(?:tend|sale|approv|\*{2,}|x{4,})|approval|auth(?:\.|orization)?\s*(?:code|#|no)"
    r"|terminal"
    r"|kassen?(?:bon|beleg|ierer)?|bar\s?gegeben|r[uü]ckgeld|gegeben|rendu|monnaie|esp[eè]ces"
    r"|ticket\s+de\s+caisse|wisselgeld|kassabon|pinnen|efectivo|cambio|contanti|resto|scontrino"
    r"|troco|numer[aá]rio|got[oó]wka|reszta|paragon|hotov[eě]|vr[aá]ceno|byttepenge|kontant"
    r"|v[aä]xel"
    r"|kvitto|kvittering|kuitti|k[aä]teinen|receipt|re[cç]u\b|recibo|ricevuta|quittung"
    r"|kassenzettel)\b",
    re.IGNORECASE,
)
_DEBITS = re.compile(
    r"belastung(?:en)?|soll|debits?|d[eé]bit|charges?|cargos?|addebit[oi]|debe|debet|d[eé]bitos?",
    re.IGNORECASE,
)
_HEADING_WORDS = 6
_TILL_SIGNS = 2
_MAX_LINES = 3000
_SAID, _UNSAID = 0.9, 0.6  # raw scores


def kind_of(slip: Slip, found: Findings) -> InvoiceType:
    """The kind that a heading says; a till slip without the word invoice is a receipt."""
    headings = list(_headings(slip))
    for kind, pattern in _PATTERNS.items():
        if said := _first(pattern.match, headings):
            return _keep(kind, said, found)
    told = [*headings, *_told(slip)]
    if signs := _till_signs(slip, told):
        return _keep("receipt", signs[0], found)
    if said := _first(_INVOICE.search, told):
        return _keep("invoice", said, found)
    place = Evidence(derived_from=("number", "total"))
    found.keep("type", "invoice", _UNSAID, place)
    return "invoice"


def _keep(kind: InvoiceType, said: Seen, found: Findings) -> InvoiceType:
    return found.keep("type", kind, _SAID, said.evidence)


def _first(fits: Callable[[str], object], told: Iterable[Seen]) -> Seen | None:
    return next((seen for seen in told if fits(seen.text)), None)


def _headings(slip: Slip) -> Iterator[Seen]:
    """Short lines; a heading beside that of a column of debits is one of a column of credits."""
    lines = slip.printed[:_MAX_LINES]
    columns = {
        at
        for at, line in enumerate(lines)
        if at and _DEBITS.fullmatch(lines[at - 1].text.strip(" :"))
    }
    told = [line for at, line in enumerate(lines) if at not in columns]
    told += map(_as_label, slip.of("INVOICE_RECEIPT_ID"))
    return (seen for seen in told if len(seen.text.split()) <= _HEADING_WORDS)


def _told(slip: Slip) -> list[Seen]:
    return [*slip.printed[:_MAX_LINES], *map(_as_label, slip.fields)]


def _as_label(field: Seen) -> Seen:
    return replace(field, text=field.label)


def _till_signs(slip: Slip, told: Sequence[Seen]) -> list[Seen]:
    """Where no word for an invoice stands and nothing is left to pay: several signs of a till."""
    if slip.of("DUE_DATE") or _first(_INVOICE.search, told):
        return []
    signs = {match.group().casefold(): seen for seen in told for match in _TILL.finditer(seen.text)}
    return list(signs.values()) if len(signs) >= _TILL_SIGNS else []
