"""Check digits: is a number whole as it was read?"""

import re
from importlib import import_module

# Formats beyond the EU's by what they begin or end with, and python-stdnum's module for each.
_OTHER_TAX_IDS = (
    (re.compile(r"GB\w{5,12}"), "gb.vat"),
    (re.compile(r"CHE\d{9}(?:MWST|TVA|IVA|TPV)"), "ch.vat"),
    (re.compile(r"CHE\d{9}"), "ch.uid"),
    (re.compile(r"(?:NO)?\d{9}MVA"), "no.mva"),
    (re.compile(r"NO\d{9}"), "no.orgnr"),
    (re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]"), "in_.gstin"),
    (re.compile(r"(?:ABN)?\d{11}"), "au.abn"),
)
_MEMBER_STATE = re.compile(r"(?:EL|[A-Z]{2})[0-9A-Z+*]{5,13}")
_PRINTED_APART = re.compile(r"[\s.,:/\-]")
_LONGEST = 40


def is_iban(text: str) -> bool:
    """Whether length, structure and check digits are those of an IBAN (ISO 13616)."""
    from stdnum import iban

    return len(text) <= _LONGEST and iban.is_valid(text, check_country=False)


def tax_id_checks(text: str) -> bool | None:
    """Whether a tax number has the check digits of its country's; None where that is unknown.

    VAT numbers of the EU (BT-31, BT-48), Great Britain, Switzerland and Norway, the GSTIN of India
    and the ABN of Australia.
    """
    number = _PRINTED_APART.sub("", text[:_LONGEST]).upper()
    for shape, module in _OTHER_TAX_IDS:
        if shape.fullmatch(number):
            return bool(import_module(f"stdnum.{module}").is_valid(_bare(number, module)))
    return _checks_in_the_union(number) if _MEMBER_STATE.fullmatch(number) else None


def _checks_in_the_union(number: str) -> bool | None:
    from stdnum.eu import vat

    known = number[:2].replace("EL", "GR").lower() in vat.MEMBER_STATES
    return vat.is_valid(number) if known else None


def _bare(number: str, module: str) -> str:
    """Without what the module does not expect in front."""
    prefixes = {"gb.vat": ("GB",), "au.abn": ("ABN",), "no.orgnr": ("NO",)}
    for prefix in prefixes.get(module, ()):
        number = number.removeprefix(prefix)
    return number
