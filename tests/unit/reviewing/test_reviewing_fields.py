"""What is wrong with an invoice, in words that a person can act on."""

from decimal import Decimal

import msgspec
import pytest

from sapmatch.model.document import DocumentRecord, part_id
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Evidence, Invoice, InvoiceLine, Party, ReadResult, StoredInvoice
from sapmatch.model.stored import invoice_key
from sapmatch.reviewing.fields import in_words, problem_line, shown, value_of
from tests.builders.exceptions import Team
from tests.builders.memory import START

INVOICE = Invoice(
    number="R-7",
    total=Decimal("1589.80"),
    seller=Party(name="Schrauben Nord GmbH"),
    order_references=("4500001001", "4500001002"),
    lines=(InvoiceLine(id="1"), InvoiceLine(id="2", net=Decimal("9.00"))),
)
RESULT = ReadResult(
    outcome="needs-review",
    kind="scan",
    method="textract",
    invoice=INVOICE,
    confidence={"seller.name": 0.624, "number": 1.0},
    evidence={"total": Evidence(page=2), "seller.name": Evidence(page=1)},
)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("number", "Invoice number"),
        ("seller.vat_id", "Seller's VAT id"),
        ("lines[2].net", "Line 3, net amount"),
        ("lines", "Lines"),
        ("taxes[0].amount", "Tax row 1, amount"),
        ("due_date", "Due date"),
        ("payment.accounts[0].iban", "Payment, accounts 1, IBAN"),
        ("[alerts].emails", "[alerts].emails"),
    ],
)
def test_a_field_is_told_in_words(field: str, words: str) -> None:
    assert in_words(field) == words


def test_values_that_disagree_are_shown_with_who_says_them_and_the_page() -> None:
    problem = Problem(
        code="NEEDS_REVIEW",
        message="The page and the XML disagree.",
        field="total",
        values={"XML": "119.00", "page": "1589.80"},
    )
    assert problem_line(problem, RESULT) == (
        "Total (page 2): XML says 119.00, page says 1589.80. The page and the XML disagree."
    )


def test_a_doubtful_value_is_shown_with_how_sure_it_is() -> None:
    problem = Problem(code="NEEDS_REVIEW", message="Compare it.", field="seller.name")
    expected = "Seller's name (page 1): read as Schrauben Nord GmbH, 62 % sure. Compare it."
    assert problem_line(problem, RESULT) == expected


def test_what_is_certain_or_not_there_is_not_called_doubtful() -> None:
    for field in ("number", "due_date"):
        problem = Problem(code="NO_NUMBER", message="Enter it.", field=field)
        assert "sure" not in problem_line(problem, RESULT)
    whole = Problem(code="BROKEN", message="The file ends too early.")
    assert problem_line(whole, None) == "The file ends too early."


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("total", "1589.80"),
        ("lines[1].net", "9.00"),
        ("order_references", "4500001001, 4500001002"),
        ("lines[7].net", "None"),
        ("seller.nothing", "None"),
        ("lines[", "None"),
    ],
)
def test_a_value_is_found_by_its_path_or_not_at_all(field: str, text: str) -> None:
    assert shown(value_of(INVOICE, field)) == text


def test_a_long_text_of_a_document_stays_one_short_line() -> None:
    problem = Problem(code="X", message="M.", field="total", values={"page": "a\nb" * 9_000})
    line = problem_line(problem, RESULT)
    assert len(line) < 150
    assert "\n" not in line


ID = part_id("d" * 64, 2)


def mailed(record: DocumentRecord, result: ReadResult | None) -> tuple[str, str]:
    """Subject and body of the mail about a document."""
    team = Team()
    team.documents.records[record.id] = record
    if result:
        stored = StoredInvoice(
            id=record.id, content="c", bucket="b", key=record.key, version=None, result=result
        )
        team.objects.write(invoice_key(record.id), msgspec.json.encode(stored))
    team.exceptions.about_document(record.id)
    subject, body, _ = team.mailer.sent[0]
    return subject, body


PART = DocumentRecord(
    id=ID,
    bucket="b",
    key="incoming/batch.pdf",
    version_id="v1",
    size=1,
    received_at=START,
    state="NEEDS_REVIEW",
    reason="NEEDS_REVIEW",
    number="R-7",
    parent="d" * 64,
    part=2,
    pages=(3, 4),
)


def test_the_mail_about_a_part_says_its_pages_and_what_to_compare() -> None:
    problem = Problem(
        code="NEEDS_REVIEW",
        message="They disagree.",
        field="total",
        values={"XML": "119.00", "page": "1589.80"},
    )
    subject, body = mailed(PART, msgspec.structs.replace(RESULT, problems=(problem,)))
    assert "Pages 3-4 of incoming/batch.pdf" in body
    assert "Total (page 2): XML says 119.00, page says 1589.80." in body
    assert "Invoice R-7 of Schrauben Nord GmbH: must be compared with the document." in body
    assert "Compare the values named above" in body
    assert subject == f"[sapmatch] Must be compared with the document: {ID[:12]}"


def test_a_subject_holds_no_text_of_a_document() -> None:
    record = msgspec.structs.replace(PART, key="incoming/Secret Ltd.pdf", number="Secret")
    subject, _ = mailed(record, RESULT)
    assert "Secret" not in subject


def test_a_mail_with_many_problems_is_bounded() -> None:
    problems = tuple(Problem(code="X", message=f"Line {n} is wrong.") for n in range(500))
    _, body = mailed(PART, msgspec.structs.replace(RESULT, problems=problems))
    assert "Line 19 is wrong." in body
    assert "and 480 more" in body


def test_a_document_without_a_stored_invoice_tells_what_its_record_knows() -> None:
    problem = Problem(code="TOO_LARGE", message="The file has 60,000,000 bytes.")
    record = msgspec.structs.replace(PART, state="REJECTED", problems=(problem,))
    assert "60,000,000 bytes" in mailed(record, None)[1]


def test_what_was_read_below_the_limit_is_shown_once() -> None:
    values = {"read": "Schrauben Nord", "sure": "62 %"}
    problem = Problem(code="NEEDS_REVIEW", message="Compare it.", field="number", values=values)
    expected = "Invoice number: read as Schrauben Nord, 62 % sure. Compare it."
    assert problem_line(problem, None) == expected
