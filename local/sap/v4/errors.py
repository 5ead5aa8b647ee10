"""Refusals and messages in the form of SAP's V4 Gateway.

`/IWBEP/CM_V4_APPS/017` (If-Match is missing) and `/IWFND/MED/170` are known from published
answers of SAP systems. Numbers of class `ZLOCAL_SAP` are ours: SAP refuses the same input under a
number that we do not know.
"""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from local.sap.errors import Detail, Refusal

NO_IF_MATCH = "/IWBEP/CM_V4_APPS/017"
STALE_ETAG = "ZLOCAL_SAP/412"
GONE = "ZLOCAL_SAP/410"
_NUMBERS = {"success": 1, "info": 2, "warning": 3, "error": 4}


def refusal(status: int, text: str, *, target: str = "") -> Refusal:
    """SAP says no under a number that we do not know: ours is the HTTP status."""
    return Refusal(status, f"ZLOCAL_SAP/{status}", text, target=target)


def bad(text: str, *, target: str = "") -> Refusal:
    """400: the URL or the body is not understood."""
    return refusal(HTTPStatus.BAD_REQUEST, text, target=target)


def not_found(what: str) -> Refusal:
    """404: there is no such resource."""
    return refusal(HTTPStatus.NOT_FOUND, f"Resource not found for segment '{what[:80]}'")


def not_allowed(text: str) -> Refusal:
    """405: this method is not for this resource."""
    return refusal(HTTPStatus.METHOD_NOT_ALLOWED, text)


def as_json(refused: Refusal, service: str, now: datetime) -> bytes:
    """The error body of V4 JSON; `service` is the path below the root."""
    name, _, version = service.rpartition("/")
    details = [_detail(each) for each in refused.details[_own(refused) :]]
    shown = {
        "code": refused.code,
        "message": refused.text,
        **_target(refused.details[0].target),
        "@SAP__common.numericSeverity": _NUMBERS["error"],
        **({"details": details} if details else {}),
        "innererror": {
            "ErrorDetails": {
                "@SAP__common.Application": {
                    "ServiceRepository": "SRVD_A2X",
                    "ServiceId": name.rpartition("/")[2].upper(),
                    "ServiceVersion": version,
                },
                "@SAP__common.TransactionId": uuid.uuid4().hex.upper(),
                "@SAP__common.Timestamp": now.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f0"),
                "@SAP__common.ExceptionCategory": _category(refused.status),
            }
        },
    }
    return json.dumps({"error": shown}).encode()


def _own(refused: Refusal) -> int:
    """How many of the details repeat the main message."""
    first = refused.details[0]
    return 1 if (first.code, first.text) == (refused.code, refused.text) else 0


def _target(target: str) -> dict[str, str]:
    return {"target": target} if target else {}


def _detail(detail: Detail) -> dict[str, Any]:
    return {
        "code": detail.code,
        "message": detail.text,
        **_target(detail.target),
        "@SAP__common.numericSeverity": _NUMBERS[detail.severity],
    }


def _category(status: int) -> str:
    return "Server_Error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "Client_Error"


def messages_header(messages: Iterable[Detail]) -> str:
    """The `sap-messages` header of a success (OD-P86): a JSON array in plain ASCII."""
    shown = [
        {
            "code": each.code,
            "message": each.text,
            "numericSeverity": _NUMBERS[each.severity],
            **_target(each.target),
        }
        for each in messages
    ]
    return json.dumps(shown)
