"""Postal addresses as an engine shows them: in one piece, and maybe cut into parts."""

import re

from sapmatch.model.invoice import Address
from sapmatch.reading.printed.countries import country_in
from sapmatch.reading.slip import Seen, Slip

_POSTAL_CITY = re.compile(
    r"(?:[A-Z]{1,2}-)?(?P<postal>\d{4,5}(?:[ -]?(?:[A-Z]{2}|\d{2,4}))?|\d{3} \d{2}|\d{2}-\d{3})\s+"
    r"(?P<city>[^\W\d][^\d,]{1,40})"
)
_CITY_POSTAL = re.compile(
    r"(?P<city>[^\W\d][^\d,]{1,40}),?\s+(?P<region>[A-Z]{2,3})\.?,?\s+(?P<postal>\d{4,5}(?:-\d{4})?)"
    r"(?!\d)"
)
_MAX_LINES = 8


def address_of(whole: Seen, name: str | None, slip: Slip) -> tuple[Address, str | None]:
    """The address and its country; parts that the engine cut out count before our own cutting."""
    lines = [line.strip(" ,") for line in whole.text.splitlines() if line.strip(" ,")][:_MAX_LINES]
    parts = {part.type: part.text for part in reversed(_parts(whole, slip))}
    cut = _cut(lines[-1:] + lines[-2:-1] if lines else [])
    country = country_in(parts.get("COUNTRY", "")) or country_in("\n".join(lines[-2:]))
    city, postal = _clean(parts.get("CITY")), _clean(parts.get("ZIP_CODE"))
    address = Address(
        lines=tuple(line for line in lines if line != name),
        city=city or cut.get("city"),
        postal_code=postal or cut.get("postal"),
        region=_clean(parts.get("STATE")) or cut.get("region"),
    )
    return address, country


def _parts(whole: Seen, slip: Slip) -> list[Seen]:
    """Cut-out parts that stand in this address, those of the same group first."""
    text = " ".join(whole.text.split())
    parts = slip.of("CITY", "STATE", "ZIP_CODE", "COUNTRY")
    inside = [part for part in parts if " ".join(part.text.split()) in text]
    kind = "VENDOR" if whole.type.startswith("VENDOR") else "RECEIVER"
    return sorted(inside, key=lambda part: not any(kind in group for group in part.groups))


def _cut(lines: list[str]) -> dict[str, str]:
    for line in lines:
        for piece in re.split(r"\s+[|•·]\s+|,\s+(?=\d)", line):
            for pattern in (_CITY_POSTAL, _POSTAL_CITY):
                if found := pattern.search(piece):
                    return {key: value.strip(" ,") for key, value in found.groupdict().items()}
    return {}


def _clean(text: str | None) -> str | None:
    return " ".join(text.split()).strip(" ,") or None if text else None
