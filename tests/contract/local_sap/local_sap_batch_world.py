"""V2 batches written and read by hand, for the embedded SAP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import Any

import requests

from tests.contract.local_sap.local_sap_world import ROOT, Api

OUTER, INNER = b"batch_1", b"set_1"


def operation(
    method: str, url: str, body: object = None, content_id: str = "", **headers: str
) -> bytes:
    """A request as application/http; its length counts bytes (OD-P95)."""
    outer = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    outer += f"Content-ID: {content_id}\r\n" if content_id else ""
    data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    given = {"Accept": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    if data:
        given |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{outer}\r\n{method} {url} HTTP/1.1\r\n{lines}\r\n".encode() + data


def change_set(*operations: bytes) -> bytes:
    head = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n" % INNER
    return head + together(operations, INNER)


def together(parts: Sequence[bytes], boundary: bytes = OUTER) -> bytes:
    blocks = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    return blocks + b"--%s--\r\n" % boundary


@dataclass(frozen=True)
class Answered:
    """One part of an answer; a change set holds the answers of its operations in `inner`."""

    status: int
    content_id: str
    headers: dict[str, str]
    body: bytes
    inner: tuple["Answered", ...] = ()

    @property
    def d(self) -> Any:
        return json.loads(self.body)["d"]

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = json.loads(self.body)["error"]
        return error


def send(api: Api, service: str, body: bytes, **headers: str) -> requests.Response:
    given = {
        "X-CSRF-Token": api.token(service),
        "Content-Type": f'multipart/mixed; boundary="{OUTER.decode()}"',
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    url = f"{api.url}{ROOT}/{service}/$batch"
    return api.session.post(url, data=body, headers=given, timeout=20)


def run(api: Api, service: str, *parts: bytes) -> list[Answered]:
    """Send a batch that is taken, and read its answer."""
    answer = send(api, service, together(parts))
    assert answer.status_code == 202, answer.text
    kind = answer.headers["content-type"]
    assert kind.startswith("multipart/mixed; boundary=")
    return _answers(answer.content, kind.partition("boundary=")[2])


def _answers(body: bytes, boundary: str) -> list[Answered]:
    delimiter = b"--" + boundary.encode()
    first, *blocks, last = body.split(delimiter)
    assert (first, last) == (b"", b"--\r\n")
    return [_answer(block.removeprefix(b"\r\n").removesuffix(b"\r\n")) for block in blocks]


def _answer(block: bytes) -> Answered:
    outer, _, rest = block.partition(b"\r\n\r\n")
    headers = _headers(outer)
    kind = headers["content-type"]
    if kind.startswith("multipart/mixed"):
        inner = _answers(rest, kind.partition("boundary=")[2])
        return Answered(0, "", {}, b"", tuple(inner))
    assert kind == "application/http"
    line, _, rest = rest.partition(b"\r\n")
    head, _, body = (b"\r\n" + rest).partition(b"\r\n\r\n")
    inner_headers = _headers(head.strip())
    assert int(inner_headers["content-length"]) == len(body)
    status = int(line.split(b" ")[1])
    return Answered(status, headers.get("content-id", ""), inner_headers, body)


def _headers(lines: bytes) -> dict[str, str]:
    parsed = BytesHeaderParser().parsebytes(lines + b"\r\n\r\n")
    return {name.lower(): str(value) for name, value in parsed.items()}
