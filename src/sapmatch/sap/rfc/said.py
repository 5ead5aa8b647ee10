"""Whether a SOAP fault comes from behind the logon."""

_ENVELOPE = b"http://schemas.xmlsoap.org/soap/envelope/"
_OF_SAP = b"urn:sap-com:document:sap:"  # its namespace of function modules, which no proxy knows
_SECURITY = b"wsse"  # WS-Security says so of a logon that it refuses
_START = 4000  # bytes


def is_fault_of_sap(body: bytes) -> bool:
    """Whether ABAP itself wrote this fault, for which it must have let the user in.

    A fault in which nothing is SAP's own may come from any gateway on the way.
    """
    start = body[:_START]
    return _ENVELOPE in start and b"Fault" in start and _OF_SAP in start and _SECURITY not in start
