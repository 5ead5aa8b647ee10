"""Connection tests and the end of a unit of work."""

from local.sap.abap.call import Call
from local.sap.abap.values import Row


def _ping(_: Call) -> Row:
    return {}


def _connection(call: Call) -> Row:
    return {
        "ECHOTEXT": call["REQUTEXT"],
        "RESPTEXT": f"SAP embedded {call.system.client} {call.user} {call.language}",
    }


def _done(_: Call) -> Row:
    """User BAPIs wrote already: nothing is left to commit, nor to roll back."""
    return {}


MODULES = {
    "RFC_PING": _ping,
    "STFC_CONNECTION": _connection,
    "BAPI_TRANSACTION_COMMIT": _done,
    "BAPI_TRANSACTION_ROLLBACK": _done,
}
