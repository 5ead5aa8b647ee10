"""Names of users: which SAP can hold, and which nobody should give to a new one."""

from typing import Final

LONGEST_NAME: Final = 12
# Beside letters and digits; * and + are patterns in SAP, others end a name in its transactions.
_SIGNS: Final = frozenset("_-./@#$&!()=~^{}[]:")


def is_readable(name: str) -> bool:
    """Whether the name is seen as it is, and stays the same one in upper case.

    A dotless i would turn one user into another, and a sign that nobody sees is another name.
    """
    return all(sign.isprintable() and _stays(sign) for sign in name.strip())


def is_new_name(name: str) -> bool:
    """Whether a new user may be called so: letters, digits and a few signs, without blanks."""
    return is_readable(name) and all(sign.isalnum() or sign in _SIGNS for sign in name.strip())


def _stays(sign: str) -> bool:
    above = sign.upper()
    return sign.isascii() or (sign.isalpha() and len(above) == 1 and not above.isascii())
