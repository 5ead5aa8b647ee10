"""The sample files hold what expected.json and sap.json say."""

import json
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pypdf
import pytest
from lxml import etree
from PIL import Image, ImageChops

from local.accounts import people
from local.samples.draw import HERE, draw, samples
from local.samples.sap import seed
from sapmatch.model.presets import entity_sets_of
from sapmatch.settings import parse

SAMPLES = samples()
XML = sorted((HERE / "invoices").glob("*.xml"))
ROWS: dict[str, list[dict[str, Any]]] = json.loads((HERE / "sap.json").read_text("utf-8"))
EXPECTED: dict[str, dict[str, Any]] = json.loads((HERE / "expected.json").read_text("utf-8"))


def texts(root: etree._Element, *path: str) -> list[str]:
    steps = "/".join(f"*[local-name()='{step}']" for step in path)
    nodes = cast("list[etree._Element]", root.xpath(f".//{steps}"))
    return [str(node.text) for node in nodes]


def total(values: list[str]) -> Decimal:
    return sum((Decimal(value) for value in values), Decimal(0))


def test_drawing_again_gives_the_committed_files(tmp_path: Path) -> None:
    draw(tmp_path)
    drawn = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    stored = {Path("invoices", path.name) for path in (HERE / "invoices").iterdir()}
    assert drawn == stored | {Path("sap.json"), Path("expected.json")}
    for name in drawn:
        if name.suffix != ".png":  # its compression is the image library's own business
            assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes(), name


def test_the_scan_is_small_grey_and_drawn_from_the_same_page(tmp_path: Path) -> None:
    stored = HERE / "invoices" / "05-scan-matched.png"
    draw(tmp_path)
    picture, again = Image.open(stored), Image.open(tmp_path / "invoices" / stored.name)
    assert stored.stat().st_size < 200_000
    assert (picture.mode, picture.info["dpi"][0]) == ("L", pytest.approx(150, abs=1))
    assert ImageChops.difference(picture, again).getbbox() is None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_the_amounts_of_every_sample_add_up(sample: Any) -> None:
    invoice = sample.invoice
    assert sum(line.net for line in invoice.lines) == invoice.net
    assert sum(basis for _, basis, _ in invoice.taxes) == invoice.net
    assert invoice.net + invoice.tax == invoice.total
    for line in invoice.lines:
        assert line.net * line.per == line.quantity * line.price
    for rate, basis, tax in invoice.taxes:
        assert tax * 100 == basis * rate
    assert len(invoice.number) <= 16


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_the_xml_parses_and_its_lines_add_up_to_its_total(path: Path) -> None:
    root = etree.fromstring(path.read_bytes())
    if etree.QName(root).localname == "Invoice":
        lines = texts(root, "InvoiceLine", "LineExtensionAmount")
        taxes = texts(root, "TaxSubtotal", "TaxAmount")
        (payable,) = texts(root, "LegalMonetaryTotal", "PayableAmount")
        number = root.findtext("{*}ID")
    else:
        lines = texts(root, "SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount")
        taxes = texts(root, "ApplicableTradeTax", "CalculatedAmount")
        (payable,) = texts(root, "DuePayableAmount")
        number = root.findtext(".//{*}ExchangedDocument/{*}ID")
    assert total(lines) + total(taxes) == Decimal(payable)
    assert EXPECTED[path.name]["total"] == payable
    assert EXPECTED[path.name]["number"] == number


def test_the_hybrid_page_carries_the_invoice_that_it_shows() -> None:
    reader = pypdf.PdfReader(HERE / "invoices" / "03-hybrid-matched.pdf")
    xml = etree.fromstring(reader.attachments["factur-x.xml"][0])
    page = reader.pages[0].extract_text()
    assert xml.findtext(".//{*}ExchangedDocument/{*}ID") == "MH-104417"
    assert "MH-104417" in page
    assert "1.967,07" in page
    assert xml.findtext(".//{*}DuePayableAmount") == "1967.07"


def test_the_unreadable_file_is_the_beginning_of_a_pdf() -> None:
    data = (HERE / "invoices" / "10-unreadable.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert b"%%EOF" not in data
    with pytest.raises(pypdf.errors.PdfReadError):
        pypdf.PdfReader(BytesIO(data), strict=True)


def test_two_samples_say_the_same_in_two_forms() -> None:
    files = {sample.file: sample.invoice for sample in SAMPLES}
    assert files["01-ubl-matched.xml"] == files["08-duplicate-of-01.xml"]
    assert EXPECTED["08-duplicate-of-01.xml"]["after"] == "01-ubl-matched.xml"


def test_every_expected_order_stands_in_sap_and_the_unknown_one_does_not() -> None:
    known = {row["PurchaseOrder"] for row in ROWS["A_PurchaseOrder"]}
    known |= {row["SalesOrder"] for row in ROWS["A_SalesOrder"]}
    assert {case["order"] for case in EXPECTED.values() if case["order"]} <= known
    assert "4599999999" not in known


def test_items_in_sap_belong_to_heads_and_receipts_to_items() -> None:
    orders = {row["PurchaseOrder"] for row in ROWS["A_PurchaseOrder"]}
    ordered = {
        (row["PurchaseOrder"], row["PurchaseOrderItem"]): Decimal(row["OrderQuantity"])
        for row in ROWS["A_PurchaseOrderItem"]
    }
    heads = {row["MaterialDocument"] for row in ROWS["A_MaterialDocumentHeader"]}
    assert {order for order, _ in ordered} == orders
    for row in ROWS["A_MaterialDocumentItem"]:
        key = row["PurchaseOrder"], row["PurchaseOrderItem"]
        assert row["MaterialDocument"] in heads
        assert Decimal(row["QuantityInEntryUnit"]) <= ordered[key]


def test_delivery_notes_on_invoices_are_those_of_receipts() -> None:
    """Matching.md 6.2 K2: the material document's reference is the delivery note."""
    known = {row["ReferenceDocument"] for row in ROWS["A_MaterialDocumentHeader"]}
    named = {sample.invoice.delivery_note for sample in SAMPLES} - {""}
    assert named == {"LS-1003", "LS-1006"}
    assert named <= known


def test_the_invoice_that_sap_holds_balances() -> None:
    """MA-P68: gross is the sum of items and tax."""
    (head,) = ROWS["A_SupplierInvoice"]
    net = total([row["SupplierInvoiceItemAmount"] for row in ROWS["A_SuplrInvcItemPurOrdRef"]])
    tax = total([row["TaxAmount"] for row in ROWS["A_SupplierInvoiceTax"]])
    assert net + tax == Decimal(head["InvoiceGrossAmount"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_the_ibans_have_the_right_check_digits(sample: Any) -> None:
    """ISO 13616: the number modulo 97 is 1."""
    iban = sample.invoice.seller.iban
    digits = "".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])
    assert int(digits) % 97 == 1


SERVICES = {
    "API_PURCHASEORDER_PROCESS_SRV": ("A_PurchaseOrder", "A_PurchaseOrderItem"),
    "API_SALES_ORDER_SRV": ("A_SalesOrder", "A_SalesOrderItem"),
    "API_SUPPLIERINVOICE_PROCESS_SRV": (
        "A_SupplierInvoice",
        "A_SuplrInvcItemPurOrdRef",
        "A_SupplierInvoiceTax",
    ),
    "gpl-3.0/API_MATERIAL_DOCUMENT_SRV": ("A_MaterialDocumentHeader", "A_MaterialDocumentItem"),
    "API_BUSINESS_PARTNER": ("A_Supplier", "A_Customer"),
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_field_in_sap_is_one_that_sap_knows(service: str, real_data: Path) -> None:
    metadata = etree.parse(real_data / "edmx" / f"{service}.edmx")
    types = {node.get("Name"): node for node in metadata.iter("{*}EntityType")}
    for entity_set in SERVICES[service]:
        known = {p.get("Name"): p for p in types[f"{entity_set}Type"].iter("{*}Property")}
        for row in seed()[entity_set]:
            assert row.keys() <= known.keys(), entity_set
            for name, value in row.items():
                longest = known[name].get("MaxLength")
                assert not longest or len(value) <= int(longest), name


def test_the_settings_of_the_local_stage_have_no_mistake() -> None:
    template = (HERE / "sapmatch.toml").read_text("utf-8") + people()
    text = template.replace("{sap_url}", "http://127.0.0.1:8000")
    settings = parse(text.encode(), "sapmatch.toml")
    indexed = {entity_set.name for entity_set in entity_sets_of(settings.extractions["orders"])}
    not_indexed = {"A_MaterialDocumentHeader", "A_SupplierInvoiceTax"}
    assert indexed == ROWS.keys() - not_indexed
    assert settings.write_backs["supplier_invoice"].status == "parked"
