"""$batch over the V4 services of the embedded SAP, written and read here by hand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.sap.server import Server
from tests.contract.local_sap.local_sap_v4_world import ORDERS, SALES, V4Api, error

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answered:
    """One part of an answer; a change set holds the answers of its requests in `inner`."""

    status: int
    content_id: str
    headers: dict[str, str]
    body: bytes
    inner: tuple["Answered", ...] = ()

    @property
    def json(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.body)
        return shown


def _one(method: str, url: str, body: object = None, content_id: str = "", **more: str) -> bytes:
    """A request as application/http; the length counts bytes (OD-P95)."""
    outer = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    outer += f"Content-ID: {content_id}\r\n" if content_id else ""
    data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    if data:
        headers |= JSON | {"Content-Length": str(len(data))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{outer}\r\n{method} {url} HTTP/1.1\r\n{lines}\r\n".encode() + data


def _together(parts: Sequence[bytes], boundary: str) -> bytes:
    blocks = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return blocks + b"--%s--\r\n" % boundary.encode()


def _set(*requests_: bytes) -> bytes:
    head = b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n"
    return head + _together(requests_, "inner")


def _send(v4: V4Api, root: str, body: bytes, **headers: str) -> requests.Response:
    given = {
        "X-CSRF-Token": v4.token(),
        "Content-Type": 'multipart/mixed; boundary="outer"',
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return v4.session.post(f"{v4.url}{root}/$batch", data=body, headers=given, timeout=20)


def _batch(v4: V4Api, root: str, *parts: bytes, **headers: str) -> list[Answered]:
    answer = _send(v4, root, _together(parts, "outer"), **headers)
    assert answer.status_code == 202, answer.text
    return _read(answer.content, answer.headers["content-type"])


def _read(body: bytes, kind: str) -> list[Answered]:
    boundary = kind.partition("boundary=")[2].encode()
    blocks = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert blocks[-1] == b"--\r\n"
    return [_answered(block.removeprefix(b"\r\n")) for block in blocks[1:-1]]


def _head(block: bytes) -> tuple[dict[str, str], bytes]:
    head, _, rest = block.partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().split("\r\n") if ": " in line)
    return {name.lower(): value for name, _, value in lines}, rest


def _answered(block: bytes) -> Answered:
    outer, rest = _head(block)
    kind, content_id = outer["content-type"], outer.get("content-id", "")
    if kind.startswith("multipart/mixed"):
        return Answered(0, content_id, outer, b"", tuple(_read(rest, kind)))
    headers, body = _head(rest)
    assert int(headers["content-length"]) == len(body)
    return Answered(int(rest[9:12]), content_id, headers, body)


def _order(**more: object) -> dict[str, Any]:
    return {
        "PurchaseOrderType": "NB",
        "CompanyCode": "1010",
        "PurchasingOrganization": "1010",
        "PurchasingGroup": "001",
        "Supplier": "S1",
        **more,
    }


def _patch(number: str, content_id: str, **more: str) -> bytes:
    body = {"PaymentMethod": "T"}
    return _one("PATCH", f"SalesOrder('{number}')", body, content_id, **more)


def test_reads_are_answered_one_by_one(v4: V4Api) -> None:
    """OD-P09, OD-P59: URLs below the service, from the host, and whole ones."""
    answers = _batch(
        v4,
        SALES,
        _one("GET", "SalesOrder?$filter=SoldToParty%20eq%20%27C/1%27&$select=SalesOrder"),
        _one("GET", f"{SALES}/SalesOrder('2')", Accept="application/json;IEEE754Compatible=true"),
        _one("GET", f"{v4.url}{SALES}/SalesOrder/$count"),
    )
    assert [each.status for each in answers] == [200, 200, 200]
    assert [row["SalesOrder"] for row in answers[0].json["value"]] == ["1"]
    assert answers[1].json["TotalNetAmount"] == "2.50"
    assert answers[2].body == b"12"
    assert answers[0].headers["odata-version"] == "4.0"


def test_the_first_error_ends_the_batch(v4: V4Api) -> None:
    """OD-P99: fewer parts than requests."""
    parts = [_one("GET", "SalesOrder('1')"), _one("GET", "SalesOrder('99')"), _one("GET", "")]
    assert [each.status for each in _batch(v4, SALES, *parts)] == [200, 404]


def test_a_client_may_want_to_go_on(v4: V4Api) -> None:
    parts = [_one("GET", "SalesOrder('99')"), _one("GET", "SalesOrder('1')")]
    answers = _batch(v4, SALES, *parts, Prefer="odata.continue-on-error")
    assert [each.status for each in answers] == [404, 200]
    assert answers[0].json["error"]["code"] == "ZLOCAL_SAP/404"


def test_a_change_set_of_purchase_orders_takes_several(stand_in: Server, v4: V4Api) -> None:
    """OD-P95: `$1` stands for what request 1 created; umlauts count as bytes."""
    item = {"PurchaseOrderItemText": "Ölfilter groß", "OrderQuantity": 2}
    (group,) = _batch(
        v4,
        ORDERS,
        _set(
            _one("POST", "PurchaseOrder", _order(), "1"),
            _one("POST", "$1/_PurchaseOrderItem", item, "2"),
            _one("POST", "PurchaseOrder", _order(), "3", Prefer="return=minimal"),
        ),
    )
    assert [(each.status, each.content_id) for each in group.inner] == [
        (201, "1"),
        (201, "2"),
        (204, "3"),
    ]
    assert group.inner[1].json["PurchaseOrder"] == "4500000004"
    assert group.inner[1].json["PurchaseOrderItemText"] == "Ölfilter groß"
    assert group.inner[2].headers["odata-entityid"].endswith("/PurchaseOrder('4500000005')")
    assert stand_in.log.created() == [
        "PurchaseOrder('4500000004')",
        "PurchaseOrderItem(PurchaseOrder='4500000004',PurchaseOrderItem='10')",
        "PurchaseOrder('4500000005')",
    ]


def test_a_change_set_is_done_wholly_or_not_at_all(stand_in: Server, v4: V4Api) -> None:
    """OD-P98: one answer for the set, and it names the culprit."""
    (answer,) = _batch(
        v4,
        ORDERS,
        _set(
            _one("POST", "PurchaseOrder", _order(), "1"),
            _one("POST", "PurchaseOrder", _order(Supplier="S9"), "2"),
        ),
    )
    assert (answer.status, answer.content_id) == (400, "2")
    assert answer.json["error"]["@SAP__core.ContentID"] == "2"
    assert v4.get(f"{ORDERS}/PurchaseOrder/$count").text == "3"
    assert stand_in.log.created() == []
    inner = [each for each in stand_in.log.entries() if each.get("batch")]
    assert [(each["content_id"], each["status"], each["undone"]) for each in inner] == [
        ("1", 201, True),
        ("2", 400, False),
    ]


def test_a_change_set_of_sales_orders_takes_one(v4: V4Api) -> None:
    """OD-P100."""
    alone = _set(_patch("1", "1", If_Match="*"))
    several = _set(_patch("2", "1", If_Match="*"), _patch("3", "2", If_Match="*"))
    done, refused = _batch(v4, SALES, alone, several)
    assert done.inner[0].status == 200
    assert refused.status == 400
    methods = [
        row["PaymentMethod"]
        for row in v4.rows(
            f"{SALES}/SalesOrder?$filter=SalesOrder le '3' and not startswith(SalesOrder,'1')"
        )
    ]
    assert methods == ["", ""]


def test_writes_in_a_batch_need_the_tag_as_well(v4: V4Api) -> None:
    stale = _patch("1", "1", If_Match='W/"old"')
    answers = _batch(
        v4,
        SALES,
        _set(_patch("1", "1")),
        _set(stale),
        _one("DELETE", "SalesOrder('2')", If_Match=v4.etag(f"{SALES}/SalesOrder('2')")),
        Prefer="odata.continue-on-error",
    )
    assert [each.status for each in answers] == [428, 412, 204]


def test_a_batch_needs_a_token_even_for_reads(v4: V4Api) -> None:
    """OD-P09."""
    answer = _send(v4, SALES, b"", X_CSRF_Token="none")
    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")


def test_only_multipart_is_taken(v4: V4Api) -> None:
    answer = v4.send("POST", f"{SALES}/$batch", {"requests": []})
    assert error(answer) == (415, "ZLOCAL_SAP/415")


GET = _one("GET", "SalesOrder('1')")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n" + _together([GET], "outer"),
        _together([GET], "outer").replace(b"\r\n", b"\n"),
        _together([GET], "outer").replace(b"--outer--", b""),
        _together([GET], "other"),
        _together([GET.removesuffix(b"\r\n")], "outer"),
        _together([GET.replace(b" HTTP/1.1", b"")], "outer"),
        _together([b"Content-Type: text/plain\r\n\r\nGET x HTTP/1.1\r\n\r\n"], "outer"),
        _together([_set(_patch("1", ""))], "outer"),
        _together([_set(_patch("1", "1"), _patch("2", "1"))], "outer"),
        _together([_set(_set(_patch("1", "1")))], "outer"),
        _together([_set(_one("PATCH", "x", {"a": 1}, "1") + b"spare")], "outer"),
        _together([_one("PATCH", "x", {"a": "ö"}).replace(b"th: 11", b"th: 10")], "outer"),
    ],
)
def test_a_malformed_batch_runs_nothing(stand_in: Server, v4: V4Api, body: bytes) -> None:
    """OD-P95."""
    assert error(_send(v4, SALES, body)) == (400, "ZLOCAL_SAP/400")
    assert not any(entry["changed"] for entry in stand_in.log.entries())


def test_a_change_set_takes_no_reads_and_a_batch_no_batch(v4: V4Api) -> None:
    read = _set(_one("GET", "SalesOrder('1')", None, "1"))
    nested = _one("POST", "$batch", {})
    answers = _batch(v4, SALES, read, nested, Prefer="odata.continue-on-error")
    assert [each.status for each in answers] == [400, 405]


def test_the_logon_of_the_batch_holds_for_its_parts(v4: V4Api) -> None:
    (answer,) = _batch(
        v4, SALES, _one("PATCH", "SalesOrder('1')", {"PaymentMethod": "T"}, If_Match="*")
    )
    assert answer.json["PaymentMethod"] == "T"
