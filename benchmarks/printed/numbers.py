"""Made-up tax ids and bank accounts whose check digits are right."""

import random

_WEIGHTED = {  # country: weights of the digits before the check digit, modulus 11
    "PL": (6, 5, 7, 2, 3, 4, 5, 6, 7),
    "NO": (3, 2, 7, 6, 5, 4, 3, 2),
    "FI": (7, 9, 10, 5, 8, 4, 2),
    "PT": (9, 8, 7, 6, 5, 4, 3, 2),
    "CZ": (8, 7, 6, 5, 4, 3, 2),
    "NL": (9, 8, 7, 6, 5, 4, 3, 2),
    "DK": (2, 7, 6, 5, 4, 3, 2),
    "CH": (5, 4, 3, 2, 7, 6, 5, 4),
}
_ACCOUNTS = {  # digits of the account number in an IBAN
    "DE": 18, "AT": 16, "CH": 17, "FR": 23, "BE": 12, "ES": 20, "PT": 21, "PL": 24, "CZ": 20,
    "DK": 14, "SE": 20, "NO": 11, "FI": 14,
}  # fmt: skip


def vat_id(country: str, chance: random.Random) -> str | None:
    """A VAT id of the country as it is registered, None where there is no such number."""
    if country in _WEIGHTED:
        return _affixed(country, _weighted(country, chance))
    digits = [chance.randrange(1, 10) for _ in range(11)]
    if country == "DE":
        return "DE" + _iso7064(digits[:8])
    if country == "BE":
        body = "0" + "".join(map(str, digits[:7]))
        return f"BE{body}{97 - int(body) % 97:02}"
    if country == "FR":
        siren = _luhn(digits[:8])
        return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"
    if country == "IT":
        return "IT" + _luhn(digits[:10])
    if country == "SE":
        return f"SE{_luhn([5, 5, *digits[:7]])}01"
    return None


def iban(country: str, chance: random.Random) -> str | None:
    """An IBAN of the country, None where there are none or they hold letters."""
    if country not in _ACCOUNTS:
        return None
    account = "".join(str(chance.randrange(10)) for _ in range(_ACCOUNTS[country]))
    shifted = account + "".join(str(ord(char) - 55) for char in country) + "00"
    return f"{country}{98 - int(shifted) % 97:02}{account}"


def _weighted(country: str, chance: random.Random) -> str:
    weights = _WEIGHTED[country]
    while True:
        digits = [chance.randrange(1, 10) for _ in weights]
        total = sum(weight * digit for weight, digit in zip(weights, digits, strict=True))
        check = total % 11 if country in ("PL", "NL") else 11 - total % 11
        if check < 10:
            return "".join(map(str, digits)) + str(check)


def _affixed(country: str, digits: str) -> str:
    if country == "CH":
        return f"CHE-{digits[:3]}.{digits[3:6]}.{digits[6:]}"
    return {"NL": f"NL{digits}B01", "NO": f"NO{digits}MVA"}.get(country, f"{country}{digits}")


def _iso7064(digits: list[int]) -> str:
    product = 10
    for digit in digits:
        product = 2 * ((digit + product) % 10 or 10) % 11
    return "".join(map(str, digits)) + str((11 - product) % 10)


def _luhn(digits: list[int]) -> str:
    doubled = (digit * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    total = sum(sum(divmod(value, 10)) for value in doubled)
    return "".join(map(str, digits)) + str(-total % 10)
