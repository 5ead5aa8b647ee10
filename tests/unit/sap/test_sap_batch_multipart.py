"""The bytes of a batch, as they go out and as they come back."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.multipart import (
    MAX_PARTS,
    Part,
    Request,
    answer_of,
    boundary_of,
    encode,
    split,
)

READ = Request(method="GET", path="Orders?$filter=Name%20eq%20'%C3%BC'", headers={"Accept": "a/b"})
WRITE = Request(
    method="POST",
    path="Orders",
    headers={"Content-Type": "application/json"},
    body='{"Name":"Müller"}'.encode(),
    content_id="1",
)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


def part(content: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"--b", b"Content-Type: application/http", *headers, b"", content, b""])


def bodies(answer: bytes, boundary: str = "b") -> list[bytes]:
    return [answer_of(each, "").body for each in split(answer, boundary).parts]


def test_a_request_is_written_as_the_specification_wants_it() -> None:
    """OD-P95: CRLF, no stray blank line, a blank line without body, Content-ID, length in bytes."""
    kind, body = encode([READ, [WRITE]])
    batch = kind.removeprefix("multipart/mixed; boundary=")
    changeset = body.split(b"boundary=")[1].split(b"\r\n")[0].decode()
    assert body.decode() == "\r\n".join(
        [
            f"--{batch}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            "GET Orders?$filter=Name%20eq%20'%C3%BC' HTTP/1.1",
            "Accept: a/b",
            "",
            "",
            f"--{batch}",
            f"Content-Type: multipart/mixed; boundary={changeset}",
            "",
            f"--{changeset}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "Content-ID: 1",
            "",
            "POST Orders HTTP/1.1",
            "Content-Type: application/json",
            "Content-ID: 1",
            "Content-Length: 18",
            "",
            '{"Name":"Müller"}',
            f"--{changeset}--",
            "",
            f"--{batch}--",
            "",
        ]
    )


def test_another_reader_of_mime_finds_the_same_parts() -> None:
    kind, body = encode([READ, [WRITE, WRITE]])
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(EmailMessage, policy=policy.HTTP).parsebytes(head + body)
    kinds = [each.get_content_type() for each in message.walk()]
    assert kinds == [
        "multipart/mixed",
        "application/http",
        "multipart/mixed",
        "application/http",
        "application/http",
    ]
    assert not message.defects


def test_boundaries_differ_from_all_that_stands_between_them() -> None:
    kind, body = encode([READ])
    twin = Request(method="POST", path="Orders", body=body)
    other, _ = encode([twin])
    assert boundary_of(other) != boundary_of(kind)
    assert encode([READ]) == (kind, body)


@pytest.mark.parametrize("evil", ['W/"1"\r\nX-Evil: 1', "a\nb", "a\x00b", "€"])
def test_no_header_breaks_out_of_its_line(evil: str) -> None:
    request = Request(method="DELETE", path="Orders('1')", headers={"If-Match": evil})
    with pytest.raises(InputRejected, match="If-Match"):
        encode([[request]])


def test_no_path_breaks_out_of_its_line() -> None:
    with pytest.raises(InputRejected, match="address"):
        encode([Request(method="GET", path="Orders HTTP/1.1\r\nX-Evil: 1")])


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/mixed; boundary=abc", "abc"),
        ('Multipart/Mixed;charset=utf-8;BOUNDARY="a b;c"', "a b;c"),
        ("multipart/mixed; boundary=abc; charset=utf-8", "abc"),
        ("multipart/mixed;boundary = abc,", "abc"),
        ("application/json; boundary=abc", None),
        ("multipart/mixed", None),
        ("", None),
    ],
)
def test_the_boundary_is_found_however_it_is_written(header: str, boundary: str | None) -> None:
    """OD-P96."""
    assert boundary_of(header) == boundary


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_bodies_of_many_lines_come_whole_with_any_line_end(newline: bytes) -> None:
    """OD-P97: bytes, not lines."""
    text = '{\n  "Name": "Ünïcödé"\r\n}'.encode()
    answer = part(OK.replace(b"\r\n", newline) + text) + part(OK + b"{}") + b"--b--"
    mixed = answer.replace(b"--b\r\n", b"--b" + newline)
    assert bodies(mixed) == [text, b"{}"]


def test_folded_headers_and_blanks_behind_delimiters_are_read() -> None:
    answer = (
        b"--b \t\r\nContent-Type: application/http;\r\n charset=utf-8\r\n\r\n" + OK + b"\r\n--b-- "
    )
    found = split(answer, "b")
    assert found.closed
    assert found.parts[0].headers["content-TYPE"] == "application/http; charset=utf-8"


def test_a_text_that_looks_like_a_delimiter_does_not_split_a_part_of_known_length() -> None:
    """OD-P97: a field of a record cannot forge an answer."""
    forged = b"<x>\r\n--b\r\n\r\nHTTP/1.1 201 Created\r\n\r\n\r\n--b--\r\n</x>"
    content = OK + forged
    outer = part(content, b"Content-Length: %d" % len(content)) + b"--b--"
    assert bodies(outer) == [forged]
    head = OK.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % len(forged))
    assert bodies(part(head + forged) + b"--b--") == [forged]


@pytest.mark.parametrize("length", [b"0", b"3", b"5000", b"-1", b"9" * 30, b"x", "²".encode()])
def test_a_stale_length_is_passed_over(length: bytes) -> None:
    """Cloud for Customer's published answers announce other lengths than they have."""
    answer = part(OK + b"{1}", b"Content-Length: " + length) + part(OK + b"{2}") + b"--b--"
    assert bodies(answer) == [b"{1}", b"{2}"]


def test_only_what_stands_between_two_delimiters_is_whole() -> None:
    answer = part(OK + b"{1}") + part(OK + b"{2}") + b"--b--\r\n"
    for end in range(len(answer)):
        found = split(answer[:end], "b")
        whole = [answer_of(each, "").body for each in found.parts if each.whole]
        assert whole == [b"{1}", b"{2}"][: len(whole)]
        assert not found.closed or len(whole) == 2


def test_a_boundary_that_begins_like_another_is_not_taken_for_it() -> None:
    answer = b"--b\r\n\r\n--b1\r\n\r\nx\r\n--b1--\r\n--b--"
    assert [each.body for each in split(answer, "b").parts] == [b"--b1\r\n\r\nx\r\n--b1--"]


def test_empty_and_headless_parts_are_parts() -> None:
    found = split(b"--b\r\n--b\r\n\r\n--b\r\nContent-Type: a/b\r\n--b--", "b")
    assert [each.body for each in found.parts] == [b"", b"", b""]
    assert found.parts[2].headers["Content-Type"] == "a/b"


def test_more_parts_than_any_batch_has_are_refused() -> None:
    with pytest.raises(ValueError, match="parts"):
        split(b"--b\r\n" * (MAX_PARTS + 2), "b")


def test_endless_headers_cost_no_more_than_their_reading() -> None:
    found = split(b"--b\r\nX: " + b"x" * 10_000_000 + b"\r\n--b--", "b")
    assert not found.parts[0].headers


def test_a_declared_web_page_without_a_body_is_no_web_page() -> None:
    """Cloud for Customer says text/html of a 204."""
    content = b'HTTP/1.1 204 No response.\nContent-Type: text/html\nETag: W/"1"\n\n\n'
    answer = answer_of(Part({}, content, True), "https://sap")
    assert (answer.status, answer.reason, answer.body) == (204, "No response.", b"")
    assert "Content-Type" not in answer.headers
    assert answer.headers["etag"] == 'W/"1"'


@pytest.mark.parametrize("content", [b"", b"{}", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 OK"])
def test_what_has_no_status_line_is_no_answer(content: bytes) -> None:
    with pytest.raises(ValueError, match="status"):
        answer_of(Part({}, content, True), "")
