"""XML in whatever encoding and notation it arrives, and where each value stands in it."""

import re
import time

import pytest
from lxml import etree

from sapmatch.model.invoice import ReadResult
from tests.builders.einvoice_cii import cii
from tests.builders.einvoice_ubl import ubl
from tests.builders.einvoices import invoice_of_seed
from tests.builders.reading import codes, fixture, read

UBL = fixture("invoice-ubl.xml").replace("Schrauben Nord GmbH", "Schräubchen Süd GmbH")
BODY = UBL.partition("?>")[2].lstrip()


def seller(result: ReadResult) -> str | None:
    """The seller's name of an invoice that was read."""
    assert result.outcome == "read", result.problems
    assert result.invoice is not None
    return result.invoice.seller.name


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-32-le"],
)
@pytest.mark.parametrize("declared", ["UTF-8", "UTF-16", "none", None])
def test_a_byte_order_tells_more_than_the_declaration(encoding: str, declared: str | None) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    assert seller(read((head + BODY).encode(encoding))) == "Schräubchen Süd GmbH"


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "iso-8859-15", "cp850"])
def test_single_byte_encodings_are_read_as_declared(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{BODY}'
    assert seller(read(text.encode(encoding))) == "Schräubchen Süd GmbH"


def test_latin_1_that_claims_to_be_utf_8_is_read_as_what_it_is() -> None:
    assert seller(read(UBL.encode("latin-1"))) == "Schräubchen Süd GmbH"


@pytest.mark.parametrize("encoding", ["punycode", "idna", "unicode_escape", "zlib", "utf-7", "x"])
def test_codecs_that_are_no_character_sets_are_never_used(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{BODY}'
    assert seller(read(text.encode())) == "Schräubchen Süd GmbH"


def test_line_ends_comments_instructions_and_character_data_change_nothing() -> None:
    text = UBL.replace("\n", "\r\n").replace('version="1.0"', 'version="1.1"')
    text = text.replace(">R-2026-17<", "><?x y?>R-<!-- a -->2026<![CDATA[-17]]><!-- b --><")
    text = text.replace("Schräubchen Süd", "Schräubchen\r\n\t Süd")
    result = read("\n \n" + text)
    assert seller(result) == "Schräubchen Süd GmbH"
    assert result.invoice is not None
    assert result.invoice.number == "R-2026-17"


@pytest.mark.parametrize("data", [b"\xff\xfe<", b"\0\0\0<a", b"<?xml version='1.0'?>", b"<\0"])
def test_broken_encodings_are_refused(data: bytes) -> None:
    assert read(data).outcome == "reject"


@pytest.mark.parametrize(
    ("head", "outcome", "named"),
    [
        ('<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2/InvoiceDetail.dtd"><cXML/>',
         "unsupported", "cXML"),
        ('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg/>', "not-invoice", "SVG"),
        ('<Invoice xmlns="http://isdoc.cz/namespace/2013"/>', "unsupported", "ISDOC"),
        ('<fe:Facturae xmlns:fe="http://www.facturae.gob.es/formato/Facturae"/>', "unsupported",
         "Facturae"),
        ('<Invoice xmlns="urn:sfti:documents:BasicInvoice:1:0"/>', "unsupported", "Svefaktura"),
        ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"/>', "not-invoice",
         "payment order"),
        ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>', "not-invoice",
         "bank statement"),
        ('<xbrl xmlns="http://www.xbrl.org/2003/instance"/>', "not-invoice", "XBRL"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "not-invoice", "SVG"),
        ('<ApplicationResponse xmlns="urn:x"/>', "not-invoice", "acknowledgement"),
        ('<DespatchAdvice xmlns="urn:x"/>', "not-invoice", "despatch advice"),
        ('<whatever xmlns="urn:x"/>', "unsupported", "whatever"),
    ],
)  # fmt: skip
def test_other_documents_are_named_with_what_to_do(head: str, outcome: str, named: str) -> None:
    result = read(head)
    assert result.outcome == outcome
    assert named in result.problems[0].message
    assert re.search("ask the sender|file it", result.problems[0].message)


@pytest.mark.parametrize("data", [b"UNA:+.? 'UNB+UNOC:3+A+B", b"UNB+UNOC:3+A+B+240101:1200+1'"])
def test_edifact_is_refused_by_name(data: bytes) -> None:
    result = read(data, "invoice.edi")
    assert result.outcome == "reject"
    assert "EDIFACT" in result.problems[0].message


@pytest.mark.parametrize("seed", range(20))
def test_every_value_stands_where_its_xpath_says(seed: int) -> None:
    for data in (ubl(invoice_of_seed(seed)), cii(invoice_of_seed(seed))):
        root = etree.fromstring(data)
        result = read(data)
        assert result.confidence.keys() == result.evidence.keys()
        assert set(result.confidence.values()) == {1.0}
        for field, evidence in result.evidence.items():
            if evidence.derived_from:
                continue
            found = root.xpath(by_local_name(evidence.xpath or ""))
            assert isinstance(found, list), field
            assert len(found) == 1, (field, evidence.xpath)


def test_the_xpath_counts_siblings_of_a_name() -> None:
    evidence = read(UBL).evidence
    assert evidence["lines[1].net"].xpath == "/Invoice/InvoiceLine[2]/LineExtensionAmount"
    assert evidence["lines[0].unit"].xpath == "/Invoice/InvoiceLine[1]/InvoicedQuantity/@unitCode"
    assert evidence["tax"].xpath == "/Invoice/TaxTotal[2]/TaxAmount"


def by_local_name(xpath: str) -> str:
    """The same path for an XPath engine that minds namespaces."""
    return re.sub(r"/([A-Za-z]\w*)", r"/*[local-name()='\1']", xpath)


def test_ten_thousand_lines_take_time_in_proportion() -> None:
    start, end = UBL.index("  <cac:InvoiceLine>"), UBL.index("  <cac:InvoiceLine>\n    <cbc:ID>20")

    def seconds(lines: int) -> float:
        text = (UBL[:start] + UBL[start:end] * lines + UBL[end:]).encode()
        began = time.process_time()
        assert codes(read(text)) == ["TOTALS"]
        return time.process_time() - began

    few, many = seconds(200), seconds(2_000)
    assert many < 20 * max(few, 0.05)
