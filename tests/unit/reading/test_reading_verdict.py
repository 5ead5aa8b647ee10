"""Read or to be reviewed: low confidence on what decides is never posted (RE-16)."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sapmatch.model.invoice import Evidence, Invoice, InvoiceLine, Method, Party
from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import Seen, Slip
from sapmatch.reading.verdict import judged

INVOICE = Invoice(
    number="R-17",
    issue_date=date(2026, 3, 2),
    currency="EUR",
    net=Decimal("100.00"),
    tax=Decimal("19.00"),
    total=Decimal("119.00"),
    seller=Party(name="Schrauben Nord GmbH"),
)
FIELDS = ("number", "issue_date", "currency", "net", "tax", "total", "seller.name")


def findings(**raw: float) -> Findings:
    """Everything printed behind a label, as sure as `raw` says."""
    found = Findings()
    seen = []
    for name in FIELDS:
        place = Evidence(page=1, text=name)
        found.keep(name, "", raw.get(name.replace(".", "_"), 0.97), place)
        seen.append(Seen(type="OTHER", text=name, label="x", confidence=0.97, evidence=place))
    found.slip = Slip(fields=tuple(seen), rows=(), lines=())
    return found


def test_an_invoice_with_everything_that_decides_is_read() -> None:
    result = judged(INVOICE, findings(), kind="scan", method="ocr")
    assert (result.outcome, result.problems) == ("read", ())


@pytest.mark.parametrize("name", ["number", "issue_date", "currency", "total"])
def test_nothing_that_decides_may_be_missing(name: str) -> None:
    result = judged(replace(INVOICE, **{name: None}), findings(), kind="scan", method="ocr")
    assert result.outcome == "needs-review"
    assert name in {problem.field for problem in result.problems}


def test_an_invoice_of_nobody_is_not_read() -> None:
    result = judged(replace(INVOICE, seller=Party()), findings(), kind="scan", method="ocr")
    assert [problem.field for problem in result.problems] == ["seller.name"]


def test_a_doubtful_number_names_its_field_and_not_its_value() -> None:
    result = judged(INVOICE, findings(number=0.4), kind="scan", method="ocr")
    assert [(problem.code, problem.field) for problem in result.problems] == [
        ("NEEDS_REVIEW", "number")
    ]
    assert "R-17" not in result.problems[0].message
    assert "below the 80 % that [reading] review_below asks for" in result.problems[0].message
    assert result.problems[0].values == {
        "read": "R-17",
        "sure": f"{int(result.confidence['number'] * 100)} %",
    }
    assert result.invoice == INVOICE  # people are shown what was read


def test_who_reviews_nothing_below_a_limit_of_zero_takes_the_risk() -> None:
    result = judged(INVOICE, findings(number=0.4), kind="scan", method="ocr", review_below=0.0)
    assert result.outcome == "read"


def test_who_trusts_no_page_reviews_them_all() -> None:
    result = judged(INVOICE, findings(), kind="scan", method="textract", review_below=1.0)
    assert {problem.field for problem in result.problems} == {
        "number",
        "issue_date",
        "currency",
        "total",
        "seller.name",
    }


def test_a_field_with_a_problem_of_its_own_is_named_once() -> None:
    found = findings(number=0.4)
    found.problem("NEEDS_REVIEW", "Two numbers stand there: compare them.", "number")
    result = judged(INVOICE, found, kind="scan", method="ocr")
    assert [problem.field for problem in result.problems] == ["number"]


def test_an_xml_says_what_it_says() -> None:
    found = Findings()
    found.keep("number", "R-17", 1.0)
    result = judged(INVOICE, found, kind="ubl", method="xml", review_below=1.0)
    assert (result.outcome, result.confidence) == ("read", {"number": 1.0})


def test_sums_that_are_not_kept_go_to_a_person_however_clear_they_are() -> None:
    wrong = replace(INVOICE, total=Decimal("129.00"))
    result = judged(wrong, findings(), kind="scan", method="ocr", review_below=0.0)
    assert result.outcome == "needs-review"
    problem = next(problem for problem in result.problems if problem.field == "total")
    assert problem.code == "NEEDS_REVIEW"
    assert problem.message.endswith("compare what was read with the page.")
    assert problem.values == {"net with tax": "119.00 EUR", "stated": "129.00 EUR"}


@pytest.mark.parametrize("method", ["text-layer", "ocr", "textract"])
def test_no_sender_is_blamed_for_sums_that_the_reader_may_have_misread(method: Method) -> None:
    wrong = replace(INVOICE, total=Decimal("129.00"))
    result = judged(wrong, findings(), kind="scan", method=method)
    assert {problem.code for problem in result.problems} == {"NEEDS_REVIEW"}


def test_the_sums_of_an_xml_are_the_senders() -> None:
    wrong = replace(INVOICE, total=Decimal("129.00"))
    (problem,) = judged(wrong, Findings(), kind="ubl", method="xml").problems
    assert problem.code == "TOTALS"
    assert problem.message.endswith("ask the sender which is right.")


def test_a_column_of_zeros_is_no_sum_of_the_lines() -> None:
    lines = (InvoiceLine(id="1", net=Decimal("0.00")), InvoiceLine(id="2", net=Decimal("0.00")))
    result = judged(replace(INVOICE, lines=lines), findings(), kind="scan", method="ocr")
    assert result.problems == ()
