"""Refusals in the form of SAP Gateway: code, text, details and a transaction id.

`/IWFND/MED/170`, `/IWFND/CM_CONSUMER/101`, `/IWBEP/CM_MGW_RT/021`, `/IWBEP/CM_COS/005`, `M8/186`
are known from published sources.
The other codes of `/IWBEP/`, the `/IWCOR/` classes, `M8/108` (duplicate invoice), `MC/601` (lock),
`M3/305` (material), `M7/053` and `F5/201` (closed period) are from practice and unconfirmed.
Numbers of class `ZLOCAL_SAP` are ours: SAP refuses the same input under a number that we do not
know.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree

BUSINESS = "/IWBEP/CM_MGW_RT/022"
NOT_FOUND = "/IWBEP/CM_MGW_RT/020"
NOT_IMPLEMENTED = "/IWBEP/CM_MGW_RT/021"
NO_SERVICE = "/IWFND/MED/170"
BAD_PROPERTY = "/IWCOR/CX_DS_EP_PROPERTY_ERROR"
BAD_REQUEST = "/IWCOR/CX_DS_URI_SYNTAX_ERROR"
NO_IF_MATCH = "ZLOCAL_SAP/090"
STALE_ETAG = "ZLOCAL_SAP/091"
BALANCE = "M8/186"
DUPLICATE = "M8/108"
LOCKED = "MC/601"
NO_MATERIAL = "M3/305"
CLOSED_FOR_STOCK = "M7/053"
CLOSED_FOR_INVOICES = "F5/201"
INCONSISTENT = "ZLOCAL_SAP/403"
NO_AUTHORISATION = "/IWFND/CM_CONSUMER/101"
BASIC = 'Basic realm="SAP NetWeaver Application Server [S4H/100]"'
_METADATA = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"


@dataclass(frozen=True, slots=True)
class Detail:
    """One message below the main one (`errordetails`), or a warning on a success."""

    code: str
    text: str
    severity: str = "error"
    target: str = ""
    content_id: str = ""  # of the operation of a change set that it is about

    def as_json(self) -> dict[str, Any]:
        """The entry as Gateway writes it."""
        return {
            "ContentID": self.content_id,
            "code": self.code,
            "message": self.text,
            "propertyref": "",
            "severity": self.severity,
            "target": self.target,
            "transition": False,
        }


class Refusal(Exception):
    """SAP says no: `status` is the HTTP status, `code` the message class and number."""

    def __init__(
        self, status: int, code: str, text: str, *, target: str = "", details: Sequence[Detail] = ()
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.details = tuple(details) or (Detail(code, text, target=target),)

    def name(self, content_id: str) -> None:
        """Say which operation of a change set it was."""
        self.details = tuple(replace(each, content_id=content_id) for each in self.details)


class LogonFailed(Exception):
    """Nobody is let in; `challenge` is what WWW-Authenticate asks for."""

    def __init__(self, text: str, challenge: str = BASIC) -> None:
        super().__init__(text)
        self.text = text
        self.challenge = challenge


class TokenRequired(Exception):
    """A modifying request without a valid CSRF token of its session.

    `says_so`: the answer carries `x-csrf-token: Required` (OD-P04).
    """

    def __init__(self, *, says_so: bool = True) -> None:
        super().__init__()
        self.says_so = says_so


def no_service(name: str) -> Refusal:
    """The service is not there, or not active (HTTP 403)."""
    text = f"No service found for namespace '', name '{name[:80]}', version '0001'"
    return Refusal(HTTPStatus.FORBIDDEN, NO_SERVICE, text)


def rejected(code: str, text: str, *, target: str = "") -> Refusal:
    """A business rule says no (HTTP 400)."""
    return Refusal(HTTPStatus.BAD_REQUEST, code, text, target=target)


def ours(number: int, text: str, *, target: str = "") -> Refusal:
    """A rule of SAP whose message number we do not know (class ZLOCAL_SAP)."""
    return rejected(f"ZLOCAL_SAP/{number:03}", text, target=target)


def as_json(refusal: Refusal, service: str, now: datetime) -> bytes:
    """The error body of V2 JSON."""
    details = [detail.as_json() for detail in refusal.details]
    details.append(Detail(BUSINESS, "An exception was raised").as_json())
    body = {
        "error": {
            "code": refusal.code,
            "message": {"lang": "en", "value": refusal.text},
            "innererror": {
                "application": {
                    "component_id": "",
                    "service_namespace": "/SAP/",
                    "service_id": service,
                    "service_version": "0001",
                },
                "transactionid": uuid.uuid4().hex.upper(),
                "timestamp": now.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f0"),
                "Error_Resolution": {
                    "SAP_Transaction": "This is the embedded SAP: see its request log",
                    "SAP_Note": "",
                },
                "errordetails": details,
            },
        }
    }
    return json.dumps(body).encode()


def as_xml(refusal: Refusal) -> bytes:
    """The error body where the client did not ask for JSON."""
    root = ElementTree.Element("error", {"xmlns": _METADATA})
    ElementTree.SubElement(root, "code").text = refusal.code
    ElementTree.SubElement(root, "message", {"xml:lang": "en"}).text = refusal.text
    inner = ElementTree.SubElement(root, "innererror")
    ElementTree.SubElement(inner, "transactionid").text = uuid.uuid4().hex.upper()
    entries = ElementTree.SubElement(inner, "errordetails")
    for detail in refusal.details:
        entry = ElementTree.SubElement(entries, "errordetail")
        for name in ("code", "message", "severity", "target"):
            ElementTree.SubElement(entry, name).text = str(detail.as_json()[name])
    return b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(root)
