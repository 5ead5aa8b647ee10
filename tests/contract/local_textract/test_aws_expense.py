"""The Textract adapter against the stand-in: one page at once, more pages as one job."""

import json
import os
import threading
import urllib.request
import uuid
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config

from local.textract.server import Server
from sapmatch.aws.clients import client
from sapmatch.aws.expense import SYNC_BYTES, TextractExpense
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected, Throttled
from tests.builders.pages import drawn, saved, summary


@pytest.fixture(scope="module")
def textract(aws: str) -> Iterator[Server]:
    server = Server(0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def expense(textract: Server) -> TextractExpense:
    once = Config(retries={"total_max_attempts": 1})
    return TextractExpense(
        boto3.client("textract", endpoint_url=textract.url, config=once), SystemClock()
    )


@pytest.fixture
def bucket(aws: str) -> str:
    name = f"scans-{uuid.uuid4().hex[:8]}"
    region = os.environ["AWS_REGION"]
    client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": region}
    )
    return name


def test_one_page_is_read_at_once(expense: TextractExpense, bucket: str) -> None:
    client("s3").put_object(Bucket=bucket, Key="one.png", Body=saved(drawn()))
    (document,) = expense.analyze(bucket, "one.png", None, pages=1, size=1)
    assert summary(document, "TOTAL") != []


def test_several_pages_come_from_one_job(expense: TextractExpense, bucket: str) -> None:
    pages = saved(drawn(), drawn(), drawn(), kind="TIFF")
    client("s3").put_object(Bucket=bucket, Key="three.tiff", Body=pages)
    documents = expense.analyze(bucket, "three.tiff", None, pages=3, size=1)
    assert len(documents) == 3
    assert expense.analyze(bucket, "three.tiff", None, pages=3, size=1) == documents


def test_a_page_too_large_for_one_call_is_a_job(expense: TextractExpense, bucket: str) -> None:
    """RE-4: AnalyzeExpense takes 10 MB at once, a job takes more."""
    client("s3").put_object(Bucket=bucket, Key="large.png", Body=saved(drawn()))
    (document,) = expense.analyze(bucket, "large.png", None, pages=1, size=SYNC_BYTES + 1)
    assert summary(document, "TOTAL") != []


def test_what_textract_refuses_is_named_with_what_to_do(
    expense: TextractExpense, bucket: str
) -> None:
    client("s3").put_object(Bucket=bucket, Key="text.png", Body=b"no picture")
    with pytest.raises(InputRejected, match=r"document text\.png: "):
        expense.analyze(bucket, "text.png", None, pages=1, size=1)


def test_throttling_is_an_error_of_its_own(
    expense: TextractExpense, bucket: str, textract: Server
) -> None:
    """RE-14"""
    client("s3").put_object(Bucket=bucket, Key="busy.png", Body=saved(drawn()))
    urllib.request.urlopen(
        f"{textract.url}/_control/faults", data=json.dumps({"throttle": 1}).encode(), timeout=5
    ).close()
    with pytest.raises(Throttled):
        expense.analyze(bucket, "busy.png", None, pages=1, size=1)


def test_a_file_of_several_pages_needs_s3(expense: TextractExpense) -> None:
    with pytest.raises(InputRejected, match="one page without S3"):
        expense.analyze_bytes(b"", 3)
    (document,) = expense.analyze_bytes(saved(drawn()), 1)
    assert summary(document, "TOTAL") != []
