"""Who sells and who buys, by name, address and tax number."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from sapmatch.model.invoice import Party
from sapmatch.pages import labels
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.addresses import address_of
from sapmatch.reading.printed.countries import vat_country
from sapmatch.reading.slip import Seen, Slip

# European VAT numbers with their country; others are taken as printed.
_VAT_ID = re.compile(
    r"(?<![A-Z0-9])(?:AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|"
    r"PL|PT|RO|SE|SI|SK|XI)[\s.\-]?(?:[A-Z0-9]{2,}[\s.\-]?){1,5}"
)
_ATTENTION = re.compile(r"att(?:n|ention)|contact|z\.?\s?hd", re.IGNORECASE)
_SHIPPED = re.compile(
    r"ship|deliver|liefer|livr|lever|entrega|consegna|dostaw|dodac|toimitus", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_VAT_IDS = ("VENDOR_VAT_NUMBER", "VENDOR_GST_NUMBER", "VENDOR_ABN_NUMBER", "TAX_PAYER_ID")
_BUYER_VAT_IDS = ("RECEIVER_VAT_NUMBER", "RECEIVER_GST_NUMBER", "RECEIVER_ABN_NUMBER")
_RIVAL = 0.9


def seller(slip: Slip, found: Findings) -> Party:
    """The vendor; the engine gives the VAT id twice, the second time as TAX_PAYER_ID."""
    names = sorted(_named(slip, "VENDOR"), key=lambda name: "VENDOR_REMIT_TO" in name.groups)
    vat = _vat(slip, _VAT_IDS, "seller", found)
    tax = slip.best("VENDOR_PAN_NUMBER") or _other_tax_id(slip, vat)
    party = Party(
        name=_name(names, "seller.name", found),
        vat_id=vat,
        tax_id=_keep(tax, "seller.tax_id", found, _flat(tax.text)) if tax else None,
    )
    return _placed(party, slip.of("VENDOR_ADDRESS"), slip, "seller", found)


def buyer(slip: Slip, found: Findings) -> Party:
    """The receiver of the bill before that of the goods; behind "Attn:" stands a person."""
    names = sorted(_named(slip, "RECEIVER"), key=_shipped)
    companies = [name for name in names if not _ATTENTION.search(name.label)]
    tax = slip.best("RECEIVER_PAN_NUMBER")
    customer = slip.best("CUSTOMER_NUMBER")
    party = Party(
        name=_name(companies or names, "buyer.name", found),
        vat_id=_vat(slip, _BUYER_VAT_IDS, "buyer", found),
        tax_id=_keep(tax, "buyer.tax_id", found, _flat(tax.text)) if tax else None,
        identifiers=_customer(customer, found) if customer else (),
    )
    return _placed(party, sorted(slip.of("RECEIVER_ADDRESS"), key=_shipped), slip, "buyer", found)


def delivered_to(slip: Slip, found: Findings) -> Party | None:
    """Where the goods went (BG-13), where an address is called so."""
    address = next(
        (seen for seen in slip.of("RECEIVER_ADDRESS", "ADDRESS") if _shipped(seen)), None
    )
    if address is None:
        return None
    return _placed(Party(), [address], slip, "delivered_to", found)


def _named(slip: Slip, kind: str) -> list[Seen]:
    """Names of that side; a NAME with the same text knows the group that the name lacks."""
    groups = {_flat(name.text): name.groups for name in slip.of("NAME") if name.groups}
    names = slip.of(f"{kind}_NAME") or [
        name for name in slip.of("NAME") if any(group.startswith(kind) for group in name.groups)
    ]
    return [_with_groups(name, groups.get(_flat(name.text), frozenset())) for name in names]


def _with_groups(name: Seen, groups: frozenset[str]) -> Seen:
    return replace(name, groups=name.groups | groups)


def _shipped(seen: Seen) -> bool:
    grouped = "RECEIVER_SHIP_TO" in seen.groups and "RECEIVER_BILL_TO" not in seen.groups
    return grouped or bool(_SHIPPED.search(seen.label))


def _customer(customer: Seen, found: Findings) -> tuple[str, ...]:
    """The number that the seller gave the buyer (BT-46)."""
    return (_keep(customer, "buyer.identifiers", found, _flat(customer.text)),)


def _vat(slip: Slip, types: Sequence[str], side: str, found: Findings) -> str | None:
    """A number with the form of a VAT id before any other that is called one."""
    named = [seen for kind in types for seen in slip.of(kind)]
    formed = [seen for seen in named if vat_country(seen.text)]
    seen = next(iter(formed or named), None)
    if seen is None:
        return None
    others = {_digits(other.text) for other in slip.of(seen.type)} - {_digits(seen.text)}
    confidence = seen.confidence * (_RIVAL if others else 1)
    return found.keep(f"{side}.vat_id", _vat_id(seen.text), confidence, seen.evidence)


def _other_tax_id(slip: Slip, vat: str | None) -> Seen | None:
    """A tax number that is not the VAT id once more."""
    known = {_digits(seen.text) for seen in slip.of(*_VAT_IDS[:3])} | {_digits(vat or "")}
    return next((seen for seen in slip.of("TAX_PAYER_ID") if _digits(seen.text) not in known), None)


def _placed(
    party: Party, addresses: Sequence[Seen], slip: Slip, side: str, found: Findings
) -> Party:
    country = vat_country(party.vat_id or "")
    if not addresses:
        return replace(party, country=country)
    address, named = address_of(addresses[0], party.name, slip)
    _keep(addresses[0], f"{side}.address", found, "")
    return replace(party, address=address, country=named or country)


def _vat_id(text: str) -> str:
    match = _VAT_ID.search(text)
    return match.group().strip() if match else _flat(text)


def _name(candidates: Sequence[Seen], field: str, found: Findings) -> str | None:
    for seen in candidates:
        lines = [line.strip(" -:,|") for line in seen.text.splitlines() if _WORD.search(line)]
        if lines and not _is_caption(name := " ".join(lines)):
            return _keep(seen, field, found, name)
    return None


def _is_caption(text: str) -> bool:
    """Whether the words are a label or name the paper, as `FATURA` does: nobody is called so."""
    words = text.split()
    label = labels.find(words, 0, labels.summary_types) if len(words) <= labels.LONGEST else None
    return labels.is_heading(text) or (label is not None and label.end == len(words))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _keep(seen: Seen, field: str, found: Findings, value: str) -> str:
    return found.keep(field, value, seen.confidence, seen.evidence)
