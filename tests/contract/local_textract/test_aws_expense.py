"""The Textract adapter against the stand-in: one page at once, more pages as one job."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from local.textract.server import Server
from sapmatch.aws.clients import client
from sapmatch.aws.expense import SYNC_BYTES, TextractExpense, analyze_bytes
from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.model.expense import Analysis, ExpenseSource
from tests.builders.pace import NotedPace
from tests.builders.pages import drawn, saved, summary
from tests.builders.textract import WHITE, ask, started


@pytest.fixture
def textract(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_TEXTRACT", server.url)
        yield server
        server.shutdown()
        thread.join(timeout=5)


@pytest.fixture
def pace() -> NotedPace:
    return NotedPace()


@pytest.fixture
def calls(textract: Server) -> Iterator[Any]:
    """The client as the functions have it."""
    with closing(client("textract", attempts=1)) as made:
        yield made


@pytest.fixture
def expense(calls: Any, pace: NotedPace) -> TextractExpense:
    return TextractExpense(calls, pace)


@pytest.fixture(scope="module")
def bucket(aws: str) -> str:
    name = f"scans-{uuid.uuid4().hex[:8]}"
    region = os.environ["AWS_REGION"]
    client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": region}
    )
    status = {"Status": "Enabled"}
    client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration=status)
    return name


def stored(bucket: str, key: str, *pages: Image.Image, size: int = 1) -> ExpenseSource:
    """Pages as an object; `size` is what the source says of it."""
    data = saved(*pages, kind="TIFF") if len(pages) > 1 else saved(*pages)
    version = client("s3").put_object(Bucket=bucket, Key=key, Body=data)["VersionId"]
    return ExpenseSource(bucket=bucket, key=key, version_id=version, pages=len(pages), size=size)


def job_of(expense: TextractExpense, source: ExpenseSource) -> str:
    job = expense.start(source)
    assert isinstance(job, str)
    return job


def result(expense: TextractExpense, job: str) -> Analysis:
    for _ in range(600):
        if found := expense.result(job):
            return found
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def test_one_page_is_read_at_once(
    expense: TextractExpense, bucket: str, pace: NotedPace, textract: Server
) -> None:
    found = expense.start(stored(bucket, "one.png", drawn()))
    assert isinstance(found, Analysis)
    assert summary(found.documents[0], "TOTAL") != []
    assert (found.pages, found.missing) == (1, ())
    assert pace.taken == ["AnalyzeExpense"]
    assert started(textract.url) == []


def test_several_pages_are_one_job_whose_answers_are_read_to_the_end(
    expense: TextractExpense, bucket: str, textract: Server, pace: NotedPace
) -> None:
    """documents.md 1 and 6: NextToken is followed; every call takes its turn (RE-14)."""
    ask(textract.url, results=1)
    found = result(expense, job_of(expense, stored(bucket, "three.tiff", WHITE, WHITE, WHITE)))
    assert [document["ExpenseIndex"] for document in found.documents] == [1, 2, 3]
    assert (found.pages, found.missing, found.model) == (3, (), "sapmatch-local-1")
    assert pace.taken[0] == "StartExpenseAnalysis"
    assert pace.taken.count("GetExpenseAnalysis") >= 3


def test_the_same_version_of_an_object_gets_the_same_job(
    expense: TextractExpense, bucket: str, textract: Server
) -> None:
    """documents.md 1: ClientRequestToken; RE-3: another version is another document."""
    first = stored(bucket, "again.tiff", WHITE, WHITE)
    other = stored(bucket, "again.tiff", WHITE, WHITE, WHITE)
    assert expense.start(first) == expense.start(first)
    assert expense.start(other) != expense.start(first)
    assert [job["version"] for job in started(textract.url)] == [first.version_id, other.version_id]


def test_without_a_version_the_bytes_may_be_other_ones_so_no_job_is_used_again(
    expense: TextractExpense, bucket: str, textract: Server
) -> None:
    source = stored(bucket, "plain.tiff", WHITE, WHITE)
    unversioned = ExpenseSource(
        bucket=bucket, key=source.key, version_id=None, pages=2, size=source.size
    )
    assert expense.start(unversioned) != expense.start(unversioned)
    assert {job["token"] for job in started(textract.url)} == {None}


def test_a_page_too_large_for_one_call_is_a_job(expense: TextractExpense, bucket: str) -> None:
    """RE-4: AnalyzeExpense takes 10 MB at once, a job takes more."""
    found = result(
        expense, job_of(expense, stored(bucket, "large.png", WHITE, size=SYNC_BYTES + 1))
    )
    assert found.pages == 1


def test_pages_that_were_not_read_are_named(
    expense: TextractExpense, bucket: str, textract: Server
) -> None:
    """documents.md 1: PARTIAL_SUCCESS is no success."""
    ask(textract.url, job="partial")
    found = result(expense, job_of(expense, stored(bucket, "torn.tiff", WHITE, WHITE, WHITE)))
    assert (found.pages, found.missing, len(found.documents)) == (3, (2, 3), 1)


def test_a_failed_job_is_refused_by_its_kind(
    expense: TextractExpense, bucket: str, textract: Server
) -> None:
    ask(textract.url, job="fail")
    job = job_of(expense, stored(bucket, "fails.tiff", WHITE, WHITE))
    with pytest.raises(InputRejected, match=r"failed with InternalServerError: .*scan it anew"):
        result(expense, job)


def test_a_lost_job_is_told_apart_and_its_object_starts_another_one(
    expense: TextractExpense, bucket: str, textract: Server
) -> None:
    """RE-15"""
    ask(textract.url, job="lose")
    source = stored(bucket, "lost.tiff", WHITE, WHITE)
    lost = job_of(expense, source)
    with pytest.raises(LookupError, match="not known any more"):
        expense.result(lost)
    assert result(expense, job_of(expense, source)).pages == 2


@pytest.mark.parametrize(
    "error",
    [
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
    ],
)
def test_what_may_be_tried_again_is_throttled_and_slows_everybody_down(
    expense: TextractExpense, bucket: str, textract: Server, pace: NotedPace, error: str
) -> None:
    """RE-14: one call on the wire, no repetition beside the shared pace."""
    source = stored(bucket, "busy.tiff", WHITE, WHITE)
    ask(textract.url, calls=1, operation="StartExpenseAnalysis", error=error)
    with pytest.raises(Throttled, match=error):
        expense.start(source)
    assert pace.slowed == ["StartExpenseAnalysis"]
    assert isinstance(expense.start(source), str)


def test_what_textract_refuses_is_named_with_what_to_do(
    expense: TextractExpense, bucket: str, pace: NotedPace
) -> None:
    client("s3").put_object(Bucket=bucket, Key="text.png", Body=b"no picture")
    text = ExpenseSource(bucket=bucket, key="text.png", version_id=None, pages=1, size=1)
    with pytest.raises(InputRejected, match=r"document text\.png: .* save it as a plain PDF"):
        expense.start(text)
    assert pace.slowed == []


def test_many_pages_where_one_is_asked_for_are_refused_in_words_that_say_so(
    expense: TextractExpense, bucket: str
) -> None:
    """documents.md 1: the service's own message does not (aws-sdk-js #7124)."""
    two = stored(bucket, "two.tiff", WHITE, WHITE)
    wrong = ExpenseSource(bucket=bucket, key=two.key, version_id=None, pages=1, size=1)
    with pytest.raises(InputRejected, match="several pages where one is asked for"):
        expense.start(wrong)


def test_a_pdf_that_is_not_in_s3_goes_page_by_page(calls: Any) -> None:
    """documents.md 1: the call at once takes one page."""
    target = BytesIO()
    canvas = Canvas(target)
    for number in (1, 2):
        canvas.drawString(60, 700, f"Invoice No: TP-{number}")
        canvas.drawString(60, 680, "Many thanks for your order, and for paying in time.")
        canvas.drawString(60, 660, "The goods stay ours until then.")
        canvas.showPage()
    canvas.save()
    found = analyze_bytes(calls, target.getvalue(), 2)
    assert [document["ExpenseIndex"] for document in found.documents] == [1, 2]
    fields = [f for document in found.documents for f in document["SummaryFields"]]
    at = {f["ValueDetection"]["Text"]: f["PageNumber"] for f in fields}
    assert (at["TP-1"], at["TP-2"]) == (1, 2)
    assert (found.pages, found.missing) == (2, ())


def test_an_image_of_several_pages_needs_s3(calls: Any) -> None:
    with pytest.raises(InputRejected, match="save it as a PDF"):
        analyze_bytes(calls, saved(WHITE, WHITE, kind="TIFF"), 2)
    assert analyze_bytes(calls, saved(WHITE), 1).pages == 1
