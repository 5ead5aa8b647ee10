"""Function modules over SAP's own SDK: what has to be on the machine for it."""

from importlib.util import find_spec

from sapmatch.model.errors import InputRejected


def check_sdk() -> None:
    """InputRejected where PyRFC is not installed; nothing else here needs it (CO-T66)."""
    if find_spec("pyrfc") is None:
        raise InputRejected(
            'rfc.transport "pyrfc": the package pyrfc is not installed; it needs the SAP NetWeaver '
            "RFC SDK 7.50 beside it (SAP Note 2573790)"
        )
