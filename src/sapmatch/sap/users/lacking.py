"""Which authorisation may be missing where SAP refuses: its messages seldom name the object.

Unconfirmed: the numbers by which releases say so. What a number is known to mean stands here; of
the others it is said only where nothing else is likely, and never as a fact.
"""

from collections.abc import Mapping
from typing import Final

_CLASS: Final = "01"
# Numbers of class 01 that are about something else.
_OTHERS: Final = frozenset({"025", "124", "187", "190", "193", "224", "290", "410", "615"})
_KNOWN: Final[Mapping[str, str]] = {"646": "01, or 50 (users move into another group)"}
# Activities of S_USER_GRP by what is done, where SAP checks little else.
_ACTIVITIES: Final[Mapping[str, str]] = {
    "read": "03",
    "lock": "05",
    "unlock": "05",
    "delete": "06",
}


def lacking(code: str, done: str) -> str:
    """The object, its activity and where to look, for a refusal of what was `done`; or nothing."""
    kind, _, number = code.partition("/")
    if kind != _CLASS or number in _OTHERS:
        return ""
    activity = _KNOWN.get(number) or _ACTIVITIES.get(done)
    if not activity:
        return ""
    return (
        f"if an authorisation is missing, it is S_USER_GRP with ACTVT {activity} (PFCG); SU53 of "
        "the user of this connection shows which"
    )
