"""The Textract stand-in through boto3, whose own model parses and checks every answer."""

import base64
import json
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from local.textract.server import Server
from sapmatch.ocr.pages import read_pages, rejected
from tests.builders.pages import drawn, items, saved, summary
from tests.builders.textract import finished

BUCKET = "invoices"
BLANK = Image.new("RGB", (300, 300), "white")


class _Store(BaseHTTPRequestHandler):
    """As much of S3 as GetObject and HeadObject need; keys are `name` or `name@version`."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        where = urlsplit(self.path)
        version = parse_qs(where.query).get("versionId", [""])[0]
        key = where.path.removeprefix(f"/{BUCKET}/") + (f"@{version}" if version else "")
        data = self.objects.get(key)
        self.send_response(200 if data is not None else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        if with_body:
            self.wfile.write(data or b"")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _served(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What lies in the bucket."""
    stored: dict[str, bytes] = {}
    store = type("Store", (_Store,), {"objects": stored})
    server = ThreadingHTTPServer(("127.0.0.1", 0), store)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for _ in _served(server):
        yield stored


@pytest.fixture
def server() -> Iterator[Server]:
    """The stand-in on a free port."""
    with Server(0) as running:
        for _ in _served(running):
            yield running


@pytest.fixture
def textract(server: Server) -> Iterator[Any]:
    """A boto3 client that tries once."""
    made = boto3.client(
        "textract",
        endpoint_url=server.url,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def invoice() -> bytes:
    return saved(drawn())


def _refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def _where(name: str, **more: str) -> dict[str, Any]:
    return {"S3Object": {"Bucket": BUCKET, "Name": name, **more}}


def _unknown_names(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Names that botocore would drop without a word."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members:
                yield from _unknown_names(inner, shape.members[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif shape.type_name == "list":
        for inner in value:
            yield from _unknown_names(inner, shape.member, path)


def test_an_image_is_read_in_one_call(textract: Any, invoice: bytes) -> None:
    answer = textract.analyze_expense(Document={"Bytes": invoice})
    assert answer["DocumentMetadata"] == {"Pages": 1}
    (document,) = answer["ExpenseDocuments"]
    assert document["ExpenseIndex"] == 1
    assert summary(document, "INVOICE_RECEIPT_ID") == ["INV-4711"]
    assert summary(document, "TOTAL") == ["119.60"]
    assert [item["PRICE"] for item in items(document)] == ["20.00", "80.50"]


def test_the_answer_holds_nothing_that_the_service_model_does_not_know(
    server: Server, invoice: bytes
) -> None:
    given = {"Document": {"Bytes": _base64(invoice)}}
    answer = server.textract.call("Textract.AnalyzeExpense", json.dumps(given).encode())
    model = botocore.session.get_session().get_service_model("textract")
    shape = model.operation_model("AnalyzeExpense").output_shape
    assert shape is not None
    assert ParamValidator().validate(answer, shape).generate_report() == ""
    assert list(_unknown_names(answer, shape)) == []


def test_an_object_is_read_in_the_version_that_was_asked_for(
    textract: Any, objects: dict[str, bytes], invoice: bytes
) -> None:
    objects["incoming/a.png"] = saved(BLANK)
    objects["incoming/a.png@old"] = invoice
    newest = textract.analyze_expense(Document=_where("incoming/a.png"))
    older = textract.analyze_expense(Document=_where("incoming/a.png", Version="old"))
    assert newest["ExpenseDocuments"][0]["SummaryFields"] == []
    assert summary(older["ExpenseDocuments"][0], "TOTAL") == ["119.60"]


def test_a_missing_object_is_an_invalid_s3_object(textract: Any, objects: dict[str, bytes]) -> None:
    assert _refused(textract.analyze_expense, Document=_where("no.png")) == (
        "InvalidS3ObjectException"
    )
    assert _refused(textract.start_expense_analysis, DocumentLocation=_where("no.png")) == (
        "InvalidS3ObjectException"
    )


def test_more_than_one_page_is_unsupported_in_one_call(textract: Any) -> None:
    """documents.md 1: a multi-page document sent to the sync call is refused."""
    tiff = saved(BLANK, BLANK, kind="TIFF")
    assert _refused(textract.analyze_expense, Document={"Bytes": tiff}) == (
        "UnsupportedDocumentException"
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<Invoice/>", "UnsupportedDocumentException"),
        (b"%PDF-1.7 but broken", "BadDocumentException"),
        (b"\x89PNG\r\n\x1a\n" + bytes(10_485_760), "DocumentTooLargeException"),
    ],
    ids=["xml", "broken", "large"],
)
def test_documents_that_cannot_be_read_are_refused_as_aws_does(
    textract: Any, data: bytes, code: str
) -> None:
    assert _refused(textract.analyze_expense, Document={"Bytes": data}) == code


def test_a_document_needs_exactly_one_source(textract: Any, invoice: bytes) -> None:
    for document in ({}, {"Bytes": invoice} | _where("a.png")):
        assert _refused(textract.analyze_expense, Document=document) == (
            "InvalidParameterException"
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"ClientRequestToken": "with space"},
        {"ClientRequestToken": "x" * 65},
        {"JobTag": "a/b"},
        {"NotificationChannel": {"SNSTopicArn": "a" * 20, "RoleArn": "a" * 20}},
    ],
    ids=["token", "long-token", "tag", "notification"],
)
def test_wrong_parameters_are_named(
    textract: Any, objects: dict[str, bytes], wrong: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match=next(iter(wrong))) as caught:
        textract.start_expense_analysis(DocumentLocation=_where("a.png"), **wrong)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_job_reads_all_pages_and_hands_them_out_in_parts(
    textract: Any, objects: dict[str, bytes]
) -> None:
    objects["three.tiff"] = saved(BLANK, BLANK, BLANK, kind="TIFF")
    job = textract.start_expense_analysis(DocumentLocation=_where("three.tiff"), JobTag="a.b:c")
    first = finished(textract, job["JobId"], MaxResults=2)
    assert (first["JobStatus"], first["DocumentMetadata"]["Pages"]) == ("SUCCEEDED", 3)
    rest = textract.get_expense_analysis(
        JobId=job["JobId"], MaxResults=2, NextToken=first["NextToken"]
    )
    pages = [doc["ExpenseIndex"] for doc in first["ExpenseDocuments"] + rest["ExpenseDocuments"]]
    assert pages == [1, 2, 3]
    assert "NextToken" not in rest
    assert rest["DocumentMetadata"]["Pages"] == 3


def test_no_more_than_twenty_results_come_at_once(textract: Any, objects: dict[str, bytes]) -> None:
    objects["many.pdf"] = _pages(21)
    job = textract.start_expense_analysis(DocumentLocation=_where("many.pdf"))["JobId"]
    answer = finished(textract, job, MaxResults=1000)
    assert len(answer["ExpenseDocuments"]) == 20
    assert "NextToken" in answer


def test_a_token_of_another_job_is_refused(textract: Any, objects: dict[str, bytes]) -> None:
    objects["two.tiff"] = saved(BLANK, BLANK, kind="TIFF")
    jobs = [
        textract.start_expense_analysis(DocumentLocation=_where("two.tiff"))["JobId"]
        for _ in range(2)
    ]
    assert jobs[0] != jobs[1]
    token = finished(textract, jobs[0], MaxResults=1)["NextToken"]
    for wrong in (token, "nonsense"):
        call = textract.get_expense_analysis
        assert _refused(call, JobId=jobs[1], NextToken=wrong) == "InvalidParameterException"


def test_the_same_token_gives_the_same_job(textract: Any, objects: dict[str, bytes]) -> None:
    """documents.md 1: ClientRequestToken is the natural idempotency key."""
    objects["a.png"] = objects["b.png"] = saved(BLANK)
    start = textract.start_expense_analysis
    first = start(DocumentLocation=_where("a.png"), ClientRequestToken="t-1")["JobId"]
    again = start(DocumentLocation=_where("a.png"), ClientRequestToken="t-1")["JobId"]
    assert first == again
    assert 1 <= len(first) <= 64
    assert _refused(start, DocumentLocation=_where("b.png"), ClientRequestToken="t-1") == (
        "IdempotentParameterMismatchException"
    )


def test_an_unknown_job_is_an_invalid_job_id(textract: Any) -> None:
    assert _refused(textract.get_expense_analysis, JobId="f" * 64) == "InvalidJobIdException"


def test_a_job_over_a_broken_document_fails_with_its_reason(
    textract: Any, objects: dict[str, bytes]
) -> None:
    objects["broken.pdf"] = b"%PDF-1.7 but broken"
    job = textract.start_expense_analysis(DocumentLocation=_where("broken.pdf"))["JobId"]
    answer = finished(textract, job)
    assert answer["JobStatus"] == "FAILED"
    assert "BadDocumentException" in answer["StatusMessage"]
    assert answer["ExpenseDocuments"] == []


def test_pages_that_fail_later_make_a_partial_success(
    textract: Any, objects: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """documents.md 1: PARTIAL_SUCCESS names the pages that are missing."""

    def torn(data: bytes) -> Iterator[Any]:
        yield next(read_pages(data))
        raise rejected("BROKEN", "is torn")

    monkeypatch.setattr("sapmatch.ocr.expense.read_pages", torn)
    objects["torn.tiff"] = saved(BLANK, BLANK, BLANK, kind="TIFF")
    job = textract.start_expense_analysis(DocumentLocation=_where("torn.tiff"))["JobId"]
    answer = finished(textract, job)
    assert answer["JobStatus"] == "PARTIAL_SUCCESS"
    assert answer["Warnings"] == [{"ErrorCode": "BadDocumentException", "Pages": [2, 3]}]
    assert len(answer["ExpenseDocuments"]) == 1


def test_other_operations_and_unsigned_calls_are_refused(textract: Any, server: Server) -> None:
    assert _refused(textract.detect_document_text, Document={"Bytes": b"x"}) == (
        "UnknownOperationException"
    )
    unsigned = urllib.request.Request(server.url, data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(unsigned, timeout=5)
    with caught.value as refused:
        assert refused.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
        assert json.loads(refused.read())["__type"] == "MissingAuthenticationTokenException"


def test_the_command_prints_its_url_and_stops_on_sigterm() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.textract", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.stdout.close()


def _pages(count: int) -> bytes:
    """A PDF with a text layer."""
    target = BytesIO()
    canvas = Canvas(target)
    for number in range(count):
        canvas.drawString(50, 500, f"Page {number} of a long letter without anything to pay for")
        canvas.drawString(50, 400, "Kind regards and many thanks for your patience")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
