"""XML is data: no DTD, no entities, no surprise numbers."""

import time
from decimal import Decimal

import pytest

from tests.builders.reading import codes, fixture, read

UBL = fixture("invoice-ubl.xml")
CII = fixture("invoice-cii.xml")
HEAD = '<?xml version="1.0"?>'


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE Invoice [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE Invoice [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Invoice SYSTEM "http://example.com/a.dtd">',
        "<!-- <Invoice> --><!DOCTYPE Invoice>",
        "<!doctype Invoice>",
    ],
)
def test_a_doctype_ends_the_reading(doctype: str) -> None:
    result = read(f"{HEAD}{doctype}<Invoice>&a;</Invoice>", "a.xml")
    assert result.outcome == "reject"
    assert set(codes(result)) <= {"XML_ENTITIES", "BROKEN"}
    assert "passwd" not in str(result)


def test_a_doctype_in_utf_16_is_seen_too() -> None:
    text = UBL.replace('encoding="UTF-8"?>', 'encoding="UTF-16"?><!DOCTYPE Invoice>')
    assert codes(read(text.encode("utf-16"))) == ["XML_ENTITIES"]


def test_deep_nesting_and_floods_of_tags_end_fast() -> None:
    started = time.monotonic()
    assert codes(read(HEAD + "<a>" * 20_000 + "</a>" * 20_000)) == ["BROKEN"]
    assert codes(read(HEAD + "<a>" * 100 + "</a>" * 100)) == ["BROKEN"]
    assert codes(read(f"{HEAD}<a>{'<b/>' * 200}</a>", max_xml_tags=100)) == ["TOO_LARGE"]
    assert time.monotonic() - started < 5


def test_floods_of_attributes_and_of_siblings_end_before_they_fill_the_memory() -> None:
    attributes = " ".join(f"a{number}=''" for number in range(600_000))
    assert codes(read(f"{HEAD}<a {attributes}/>")) == ["TOO_LARGE"]
    lines = "<InvoiceLine/>" * 20_001
    assert codes(read(f"{HEAD}<a>{lines}</a>")) == ["TOO_LARGE"]
    assert codes(read(f"{HEAD}<a>{lines}</a>", max_xml_siblings=30_000)) != ["TOO_LARGE"]


def test_broken_xml_is_named_with_its_line() -> None:
    result = read(UBL.replace("</cbc:ID>", "", 1))
    assert codes(result) == ["BROKEN"]
    assert "line" in result.problems[0].message


def test_an_encoding_that_does_not_exist_is_read_as_utf_8() -> None:
    result = read(UBL.replace("UTF-8", "UTF-8-W/O-BOM"))
    assert result.outcome == "read"


@pytest.mark.parametrize(
    ("root", "outcome", "code"),
    [
        ('<SCRDMCCBDACIOMessageStructure xmlns="urn:x"/>', "not-invoice", "NOT_AN_INVOICE"),
        ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053"/>', "not-invoice", None),
        ('<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>', None, None),
        ('<p:FatturaElettronica xmlns:p="urn:it"/>', "unsupported", "UNSUPPORTED"),
        ('<Invoice xmlns="http://www.ebinterface.at/schema/4p3/"/>', "unsupported", None),
    ],
)
def test_other_documents_are_named_by_their_root(
    root: str, outcome: str | None, code: str | None
) -> None:
    result = read(HEAD + root)
    assert result.outcome == (outcome or "not-invoice")
    assert codes(result)[0] == code or code is None
    assert root.strip("</").split()[0].rpartition(":")[2] in result.problems[0].message


def test_a_web_page_in_xml_is_rejected() -> None:
    page = f'{HEAD}<x:html xmlns:x="http://www.w3.org/1999/xhtml"><x:body/></x:html>'
    assert (read(page).outcome, codes(read(page))) == ("reject", ["NOT_AN_INVOICE"])


@pytest.mark.parametrize("value", ["NaN", "1E+400", "INF", "1,5", "0x10", "12 EUR", "٣", "1" * 40])
def test_an_amount_that_is_no_plain_decimal_is_a_problem_and_no_value(value: str) -> None:
    """MA-P60."""
    result = read(UBL.replace(">100.00</cbc:PayableAmount>", f">{value}</cbc:PayableAmount>"))
    assert result.outcome == "needs-review"
    assert codes(result) == ["BROKEN"]
    assert result.problems[0].field == "payable"
    assert "PayableAmount holds no plain decimal number of at most 18 digits" in (
        result.problems[0].message
    )
    assert result.invoice is not None
    assert result.invoice.payable is None


def test_a_date_that_is_none_is_a_problem() -> None:
    result = read(UBL.replace("2026-03-02", "2026-02-30"))
    assert (result.outcome, codes(result)) == ("needs-review", ["BROKEN"])
    assert [problem.field for problem in result.problems] == ["issue_date"]


@pytest.mark.parametrize(
    "number", ["../../etc", "=cmd|' /C calc'!A0", "O'Neill's #1", "a/b?c=d&amp;e"]
)
def test_odd_numbers_are_read_as_they_stand(number: str) -> None:
    result = read(UBL.replace("R-2026-17", number))
    assert result.outcome == "read"
    assert result.invoice is not None
    assert result.invoice.number == number.replace("&amp;", "&")


def test_a_blank_number_and_a_missing_total_are_said() -> None:
    blank = UBL.replace("R-2026-17", "  ").replace("TaxInclusiveAmount", "Other")
    result = read(blank)
    assert result.outcome == "needs-review"
    assert {"NO_NUMBER", "NO_TOTAL"} <= set(codes(result))
    assert result.invoice is not None
    assert result.invoice.net == Decimal("95.00")


def test_an_xml_without_currency_goes_to_a_person() -> None:
    foreign_tax = '<ram:TaxTotalAmount currencyID="SEK">140.00</ram:TaxTotalAmount>'
    result = read(CII.replace("CurrencyCode>EUR", "CurrencyCode>").replace(foreign_tax, ""))
    assert [(problem.code, problem.field) for problem in result.problems] == [
        ("NEEDS_REVIEW", "currency")
    ]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (">113.05<", ">123.05<", "total"),
        (">60.00<", ">66.00<", "lines"),
        (">18.05</cbc:TaxAmount>\n    <cac:", ">20.05</cbc:TaxAmount>\n    <cac:", "taxes"),
        (">95.00</cbc:TaxableAmount>", ">45.00</cbc:TaxableAmount>", "taxes[0].amount"),
        (">100.00</cbc:PayableAmount>", ">1000.00</cbc:PayableAmount>", "payable"),
    ],
)
def test_sums_that_do_not_fit_are_contradictions(old: str, new: str, field: str) -> None:
    result = read(UBL.replace(old, new))
    assert result.outcome == "needs-review"
    assert field in {problem.field for problem in result.problems if problem.code == "TOTALS"}


def test_tax_may_be_rounded_per_line_or_per_document() -> None:
    """MA-P35."""
    assert read(UBL.replace(">113.05<", ">113.07<")).outcome == "read"
    assert read(UBL.replace(">113.05<", ">113.08<")).outcome == "needs-review"
