"""What SAP's answer to a write means beyond its type."""

from collections.abc import Mapping

from sapmatch.model.errors import LogonRefused, SapmatchError, SapRejected
from sapmatch.model.intent import Intent, Record
from sapmatch.model.query import ODataValue
from sapmatch.writing.protocol.effects import Effect, Prepare, Send

LOCKED_SENDS = 8  # within about ten minutes: somebody has the record open for longer (OD-P87)
# Why SAP refuses one person. A "token" is none of these: its client or its address is at fault, and
# the write waits until that is mended.
_PERSONAL = frozenset({"locked", "unmapped", "assertion", "user-token"})

# SAP says that it has this one already: its checks for duplicate invoices, and its memory of a
# repeated request (OD-P77). Never a refusal, always a reason to look.
EXISTS_ALREADY = frozenset({"F5/117", "M8/108", "M8/462", "/IWBEP/CM_COS/005"})
NOT_REPEATABLE = "/IWBEP/CM_COS/001"  # SAP does not recognise repeated requests
# The code of a refusal in which SAP names none: it may be the path of the service that is wrong.
NO_WORD_OF_ODATA = "HTTP 404"


def codes_of(error: SapRejected) -> frozenset[str]:
    """Of the error and of the errors beside it: which of them leads is the service's choice."""
    codes = (error.code, *(each.code for each in error.details if each.is_error))
    return frozenset(code.strip().replace(" ", "/") for code in codes)


def is_unsuccessful(row: Record) -> bool:
    """What SAP's function imports say where they did nothing: an answer without success."""
    return str(row.get("Success", True)).lower() in ("false", "")


def texts(key: Mapping[str, ODataValue]) -> dict[str, str]:
    """A key as intents keep it, in JSON; booleans as OData writes them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in key.items()
    }


def is_locked_for_long(intent: Intent) -> bool:
    """Whether people shall decide: none of its sends may have arrived but the refused ones."""
    return intent.attempts >= LOCKED_SENDS and not intent.absences


def refuses_person(error: SapmatchError, asked: Effect | None) -> bool:
    """Whether SAP lets in anybody but the person in whose name it was asked."""
    if not isinstance(error, LogonRefused) or error.reason not in _PERSONAL:
        return False
    if isinstance(asked, Send):
        return asked.change.on_behalf_of is not None
    return isinstance(asked, Prepare) and asked.on_behalf_of is not None
