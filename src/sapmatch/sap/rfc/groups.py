"""Function groups of the modules that we call: S_RFC may be granted for them."""

from typing import Final

_GROUPS: Final = {
    "BAPI_USER_": "SU_USER",
    "SUSR_": "SUSR (SE37 shows which)",
    "RFC_PING": "SYST, RFC1 or SRFC",
    "RFC_READ_TABLE": "SDTX",
}


def group_of(function: str) -> str:
    """In brackets, to stand behind the word; empty where it is not known."""
    named = (group for start, group in _GROUPS.items() if function.startswith(start))
    found = next(named, "")
    return f" ({found})" if found else ""
