"""What SAP's answer to a write means beyond its type."""

from collections.abc import Mapping

from sapmatch.model.errors import SapRejected
from sapmatch.model.intent import Record
from sapmatch.model.query import ODataValue

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
