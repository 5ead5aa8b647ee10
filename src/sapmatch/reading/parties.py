"""Who sells and who buys, by name, tax number and account."""

import re
from collections.abc import Sequence

from sapmatch.model.invoice import Party
from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import Seen, Slip

# European VAT numbers with their country; others are taken as printed.
_VAT_ID = re.compile(
    r"(?<![A-Z0-9])(?:AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|"
    r"PL|PT|RO|SE|SI|SK|XI)[\s.\-]?(?:[A-Z0-9]{2,}[\s.\-]?){1,5}"
)
_IBAN = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?![A-Z0-9])"
)
_ATTENTION = re.compile(r"att(?:n|ention)|contact|z\.?\s?hd", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_VAT_IDS = ("VENDOR_VAT_NUMBER", "VENDOR_GST_NUMBER", "VENDOR_ABN_NUMBER", "TAX_PAYER_ID")


def seller(slip: Slip, found: Findings) -> Party:
    """The vendor; the engine gives the VAT id twice, the second time as TAX_PAYER_ID."""
    vat = slip.best(*_VAT_IDS)
    tax = slip.best("VENDOR_PAN_NUMBER")
    return Party(
        name=_name(slip.of("VENDOR_NAME"), "seller.name", found),
        vat_id=_keep(vat, "seller.vat_id", found, _vat_id(vat.text)) if vat else None,
        tax_id=_keep(tax, "seller.tax_id", found, tax.text) if tax else None,
    )


def buyer(slip: Slip, found: Findings) -> Party:
    """The receiver; a name behind "Attn:" is a person, not the company."""
    names = slip.of("RECEIVER_NAME")
    companies = [name for name in names if not _ATTENTION.search(name.label)]
    vat = slip.best("RECEIVER_VAT_NUMBER")
    return Party(
        name=_name(companies or names, "buyer.name", found),
        vat_id=_keep(vat, "buyer.vat_id", found, _vat_id(vat.text)) if vat else None,
    )


def iban(slip: Slip, found: Findings) -> str | None:
    """The first account number whose check digits are right (ISO 13616)."""
    for field in slip.fields:
        if field.type == "OTHER" and (account := find_iban(field.text)):
            return _keep(field, "iban", found, account)
    for line in slip.lines:
        if account := find_iban(line):
            return found.keep("iban", account, 0.9)
    return None


def find_iban(text: str) -> str | None:
    """An IBAN in a text, without spaces, where its check digits are right."""
    for match in _IBAN.finditer(text):
        account = re.sub(r"\s", "", match.group())
        digits = "".join(str(int(char, 36)) for char in account[4:] + account[:4])
        if int(digits) % 97 == 1:
            return account
    return None


def _vat_id(text: str) -> str:
    match = _VAT_ID.search(text)
    return match.group().strip() if match else " ".join(text.split())


def _name(candidates: Sequence[Seen], field: str, found: Findings) -> str | None:
    for seen in candidates:
        lines = [line.strip(" -:,|") for line in seen.text.splitlines() if _WORD.search(line)]
        if lines:
            return _keep(seen, field, found, " ".join(lines))
    return None


def _keep(seen: Seen, field: str, found: Findings, value: str) -> str:
    return found.keep(field, value, seen.confidence, seen.evidence)
