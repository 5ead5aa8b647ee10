"""What an expense engine saw badly, not at all, or refused to look at."""

from typing import Any

import pytest

from sapmatch.model.errors import InputRejected, Problem, Throttled
from sapmatch.model.expense import Analysis
from sapmatch.reading import ReadLimits, read_document
from tests.builders.reading import SUMS, codes, field, page, png, read, seen

Page = dict[str, Any]


def test_low_confidence_in_a_watched_field_goes_to_a_person() -> None:
    document = page(
        field("VENDOR_NAME", "Nord", confidence=40),
        field("INVOICE_RECEIPT_ID", "R-1", confidence=45),
        field("INVOICE_RECEIPT_DATE", "02.03.2026", confidence=30),
        *SUMS,
    )
    result = seen(document)
    assert {"number", "seller.name"} <= {problem.field for problem in result.problems}
    assert set(codes(result)) == {"NEEDS_REVIEW"}


@pytest.mark.parametrize(
    "documents",
    [
        [],
        [{}],
        [{"SummaryFields": None, "LineItemGroups": [{"LineItems": None}], "Blocks": None}],
        [{"SummaryFields": [{"Type": None, "ValueDetection": {"Text": "x"}}, None, 7]}],
        [{"SummaryFields": [{"Type": {"Text": "TOTAL"}, "ValueDetection": {"Text": ""}}]}],
    ],
)
def test_an_empty_or_odd_answer_goes_to_a_person(documents: list[Any]) -> None:
    result = read(png(), documents=documents)
    assert result.outcome == "needs-review"
    assert {"NO_NUMBER", "NO_TOTAL"} <= set(codes(result))


def test_without_an_engine_a_picture_goes_to_a_person() -> None:
    result = read(png())
    assert (result.outcome, codes(result)) == ("needs-review", ["OCR_NEEDED"])


def test_a_document_that_the_engine_refuses_is_rejected_with_its_reasons() -> None:
    problem = Problem(code="ENCRYPTED", message="The PDF needs a password.")

    def refuse(_data: bytes, _pages: int) -> Analysis:
        raise InputRejected("no", [problem])

    result = read_document(png(), name="a", limits=ReadLimits(), analyse=refuse, method="ocr")
    assert (result.outcome, result.method, result.problems) == ("reject", "ocr", (problem,))


def test_throttling_is_no_verdict_on_the_document() -> None:
    """documents.md section 6: throttling must never lose a document."""

    def throttle(_data: bytes, _pages: int) -> Analysis:
        raise Throttled("slow down")

    with pytest.raises(Throttled):
        read_document(png(), name="a", limits=ReadLimits(), analyse=throttle)
