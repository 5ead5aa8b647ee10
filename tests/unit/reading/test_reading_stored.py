"""A received document is read once, in the version that was claimed."""

from decimal import Decimal

import msgspec
import pytest

from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.model.expense import Analysis
from sapmatch.model.invoice import Evidence
from sapmatch.model.stored import invoice_key, result_of
from tests.builders.memory import content_id
from tests.builders.reading import SUMS, fixture, invoice_page, pdf, png
from tests.builders.stored import ID, Shelf

UBL = fixture("invoice-ubl.xml").encode()
SCAN = png(900, 900)
PAGE = invoice_page(*SUMS)


def scanned() -> Shelf:
    """A scan whose OCR takes a job."""
    shelf = Shelf(SCAN)
    shelf.expense.answer = Analysis(documents=(PAGE,), pages=1, model="stand-in 1")
    shelf.expense.at_once = False
    return shelf


def test_the_claimed_version_is_read_although_the_key_was_overwritten() -> None:
    """RE-3"""
    shelf = Shelf(UBL, b"not this one")
    done = shelf.read()
    assert (done.outcome, done.method, done.ocr_pages) == ("read", "xml", 0)
    record = shelf.record
    assert (record.state, record.kind, record.method) == ("READ", "ubl", "xml")
    invoice = shelf.stored().result.invoice
    assert invoice is not None
    assert record.number == invoice.number


def test_the_stored_invoice_says_where_it_comes_from() -> None:
    shelf = Shelf(UBL)
    shelf.read()
    stored = shelf.stored()
    assert (stored.id, stored.schema, stored.content) == (ID, 2, content_id(UBL))
    assert (stored.bucket, stored.key, stored.version) == ("b", "incoming/a.xml", "v1")
    assert stored.model is None
    assert stored.result.evidence["number"].xpath
    assert stored.result.confidence["total"] == 1.0
    record = shelf.record
    assert (record.content, record.schema) == (content_id(UBL), 2)
    assert record.confidence.keys() >= {"number", "total", "currency"}


def test_reading_the_same_content_again_writes_nothing() -> None:
    shelf = Shelf(UBL)
    shelf.read()
    before = shelf.written()
    assert shelf.read().outcome == "read"
    shelf.documents.records[ID] = msgspec.structs.replace(shelf.record, state="RECEIVED")
    shelf.read()  # as after a death between the object and the record
    after = shelf.written()
    assert after[invoice_key(ID)] == before[invoice_key(ID)] == 1
    assert after[ID] == before[ID] + 1  # only what was taken from it by hand


def test_what_was_paid_for_is_not_asked_for_again_after_a_death() -> None:
    """RE-12: the invoice is kept, and the record does not know of it."""
    shelf = Shelf(SCAN)
    shelf.expense.answer = Analysis(documents=(PAGE,), pages=1, model="stand-in 1")
    shelf.read()
    done = shelf.record
    shelf.documents.records[ID] = msgspec.structs.replace(
        done, state="RECEIVED", number=None, ocr_pages=0
    )
    again = shelf.read()
    assert (again.outcome, again.method, again.ocr_pages) == ("read", "textract", 1)
    assert len(shelf.expense.started) == 1
    assert msgspec.structs.replace(shelf.record, version=done.version) == done


def test_a_refused_document_is_read_again_and_nothing_is_written() -> None:
    shelf = Shelf(UBL[:200])
    first = shelf.read()
    before = shelf.written()
    assert shelf.read() == first
    assert shelf.written() == before


def test_a_document_that_was_decided_is_not_read_again() -> None:
    shelf = Shelf(UBL, state="MATCHED", decision=1)
    assert shelf.read().outcome == "read"
    assert not shelf.objects.exists(invoice_key(ID))


def test_a_file_over_the_limit_is_refused_without_being_fetched() -> None:
    """RE-4"""
    shelf = Shelf(b"", size=60_000_000)
    assert shelf.read().outcome == "reject"
    assert (shelf.record.state, shelf.record.reason) == ("REJECTED", "TOO_LARGE")
    assert "60,000,000" in shelf.record.problems[0].message
    assert shelf.objects.fetched == []


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "EMPTY"), (b"GIF89a....", "UNKNOWN_TYPE"), (UBL[:200], "BROKEN")]
)
def test_what_cannot_be_read_has_a_reason_and_costs_no_textract_call(
    data: bytes, reason: str
) -> None:
    """RE-4"""
    shelf = Shelf(data)
    assert shelf.read().outcome != "read"
    assert shelf.record.state == "REJECTED"
    assert shelf.record.reason in {reason, "TYPE_MISMATCH"}
    assert shelf.expense.started == []


def test_what_a_person_must_compare_is_told_from_what_is_no_invoice() -> None:
    shelf = Shelf(SCAN)
    assert shelf.read().outcome == "needs-review"  # nothing was found on the page
    assert shelf.record.state == "NEEDS_REVIEW"


def test_a_scan_goes_to_textract_by_its_address_and_throttling_passes_through() -> None:
    """RE-14: an error that the state machine knows by its name, not a lost document."""
    shelf = Shelf(SCAN)
    shelf.expense.error = Throttled("slow down")
    with pytest.raises(Throttled):
        shelf.read()
    assert shelf.record.state == "RECEIVED"
    shelf.expense.error = None
    shelf.read()
    (source,) = shelf.expense.started
    assert (source.bucket, source.key, source.version_id) == ("b", "incoming/a.xml", "v1")
    assert (source.pages, source.size) == (1, len(SCAN))


def test_a_job_that_runs_is_waited_for_without_fetching_the_object_again() -> None:
    """RE-15"""
    shelf = scanned()
    assert (shelf.read().outcome, shelf.read().job) == ("waiting", "job-1")
    shelf.objects.fetched.clear()
    waiting = shelf.read(job="job-1")
    assert (waiting.outcome, waiting.job, waiting.ocr_pages) == ("waiting", "job-1", 0)
    assert shelf.objects.fetched == []
    assert shelf.record.state == "RECEIVED"
    shelf.expense.finish("job-1")
    done = shelf.read(job="job-1")
    assert (done.outcome, done.method, done.ocr_pages) == ("read", "textract", 1)
    assert shelf.stored().model == "stand-in 1"
    assert shelf.record.ocr_pages == 1


def test_a_lost_job_is_started_again_in_the_same_call() -> None:
    """RE-15: the same request token gives the same or a new job, never a second document."""
    shelf = scanned()
    shelf.read()
    shelf.expense.finish("job-1", LookupError("job-1"))
    assert shelf.read(job="job-1").job == "job-2"
    assert [source.pages for source in shelf.expense.started] == [1, 1]
    shelf.expense.finish("job-2")
    assert shelf.read(job="job-2").outcome == "read"


def test_a_job_that_failed_for_good_is_a_verdict_on_the_document() -> None:
    shelf = scanned()
    shelf.read()
    shelf.expense.finish("job-1", InputRejected("Textract cannot read it; scan it anew"))
    assert shelf.read(job="job-1").outcome == "reject"
    assert (shelf.record.state, shelf.record.reason) == ("REJECTED", "READ_FAILED")
    assert len(shelf.expense.started) == 1


def test_a_document_whose_job_failed_can_be_given_to_textract_again() -> None:
    """Textract answers the token of a failed job with that job."""
    shelf = scanned()
    shelf.read()
    shelf.expense.finish("job-1", InputRejected("Textract job: failed"))
    shelf.read(job="job-1")
    assert shelf.read().job == "job-2"
    assert shelf.read().job == "job-2"  # while it runs it is the same attempt
    attempts = [source.attempt for source in shelf.expense.started]
    assert attempts[0] == 0 < attempts[1] == attempts[2]
    shelf.expense.finish("job-2")
    assert shelf.read(job="job-2").outcome == "read"
    assert (shelf.record.state, shelf.record.reason) == ("READ", None)


def test_an_answer_without_all_pages_is_no_success() -> None:
    """RE-16: PARTIAL_SUCCESS; a page that nobody read may change the total."""
    shelf = scanned()
    shelf.read()
    part = Analysis(documents=(PAGE,), pages=5, missing=(2, 4, 5))
    shelf.expense.finish("job-1", part)
    assert shelf.read(job="job-1").outcome == "needs-review"
    assert (shelf.record.state, shelf.record.reason) == ("NEEDS_REVIEW", "PAGES_UNREAD")
    assert "pages 2, 4-5" in shelf.record.problems[0].message
    assert shelf.stored().result.invoice is not None


def test_an_answer_that_counts_fewer_pages_than_the_file_is_no_success() -> None:
    """RE-16"""
    shelf = Shelf(pdf("", "", ""))
    shelf.expense.answer = Analysis(documents=(PAGE,), pages=1)
    assert shelf.read().outcome == "needs-review"
    assert shelf.record.reason == "PAGES_UNREAD"
    assert "pages 2-3" in shelf.record.problems[0].message


def test_the_record_is_small_however_long_the_texts_of_the_document_are() -> None:
    shelf = Shelf(UBL.replace(b"R-2026-17", b"9" * 100_000, 1))
    shelf.read()
    assert len(msgspec.json.encode(shelf.record)) < 20_000


def test_an_invoice_in_the_form_before_is_still_understood() -> None:
    """Readers accept N and N-1: schema 1 was a result on its own, with its evidence in words."""
    old = {
        "outcome": "read",
        "kind": "scan",
        "invoice": {"number": "7", "total": "1.50", "invoice_reference": "R-1"},
        "confidence": {"number": 0.9},
        "evidence": {"total": "page 2 (0.1,0.2,0.3,0.4)", "number": "/Invoice/ID"},
        "problems": [],
    }
    found = result_of(msgspec.json.encode(old))
    assert found.invoice is not None
    assert found.invoice.total == Decimal("1.50")
    assert found.invoice.preceding_invoices[0].number == "R-1"
    assert found.evidence["total"] == Evidence(page=2, box=(0.1, 0.2, 0.3, 0.4))
    assert found.evidence["number"] == Evidence(xpath="/Invoice/ID")
