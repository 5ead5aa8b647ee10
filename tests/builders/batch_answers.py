"""Answers of SAP to a batch, part by part."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sapmatch.sap.odata import v2
from sapmatch.sap.odata.batch import BatchItem, OperationResult, grouped
from sapmatch.sap.odata.batch_answer import parse_batch
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.errors import check_read, check_write
from sapmatch.sap.session import Answer

PLACE = "[connections.s4]"
BATCH = "batchresponse_1"
CHANGESET = "changesetresponse_1"


def http(status: int, value: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    """One HTTP answer; without a value it has no body."""
    body = b"" if value is None else json.dumps(value, ensure_ascii=False).encode()
    kind = {} if value is None else {"Content-Type": "application/json"}
    lines = [f"{name}: {text}" for name, text in {**kind, **(headers or {})}.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""])
    return head.encode() + body


def part(answer: bytes, content_id: str = "") -> bytes:
    """A body part around an HTTP answer."""
    named = f"Content-ID: {content_id}\r\n" if content_id else ""
    head = f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{named}\r\n"
    return head.encode() + answer


def changeset(*parts: bytes) -> bytes:
    """A body part that holds those of a changeset."""
    head = f"Content-Type: multipart/mixed; boundary={CHANGESET}\r\n\r\n"
    return head.encode() + enclosed(parts, CHANGESET)


def enclosed(parts: Sequence[bytes], boundary: str = BATCH) -> bytes:
    """The whole body."""
    lines = [line for each in parts for line in (f"--{boundary}".encode(), each)]
    return b"\r\n".join([*lines, f"--{boundary}--".encode(), b""])


def created(number: str, content_id: str = "") -> bytes:
    """What SAP says of a created order."""
    uri = f"https://sap.example.com/sap/opu/odata/sap/API_TEST_SRV/Orders('{number}')"
    row = {"__metadata": {"uri": uri, "etag": f'W/"{number}"'}, "ID": number}
    return part(http(201, {"d": row}, {"Location": uri}), content_id)


def error(code: str = "ZZ/001", text: str = "No", content_id: str = "") -> Any:
    """An error body of V2; `content_id` names the operation that SAP refused."""
    detail = {"ContentID": content_id, "code": code, "message": text, "severity": "error"}
    inner = {"errordetails": [detail], "transactionid": "T1"}
    return {"error": {"code": code, "message": {"lang": "en", "value": text}, "innererror": inner}}


def parsed(
    items: Sequence[BatchItem], body: bytes, codec: Codec = v2, boundary: str = BATCH
) -> list[OperationResult]:
    answer = Answer(202, {"Content-Type": f"multipart/mixed; boundary={boundary}"}, body, "")
    return interpreted(answer, items, codec)


def interpreted(
    answer: Answer, items: Sequence[BatchItem], codec: Codec = v2, locked: Sequence[str] = ()
) -> list[OperationResult]:
    return parse_batch(
        answer,
        grouped(items),
        place=PLACE,
        codec=codec,
        kind=lambda _: None,
        check=lambda each: check_write(each, PLACE, locked),
        check_read=lambda each: check_read(each, PLACE),
    )


def statuses(results: Sequence[OperationResult]) -> list[str]:
    return [result.status for result in results]
