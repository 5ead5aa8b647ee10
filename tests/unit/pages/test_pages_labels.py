"""Which printed label stands for which field."""

from collections.abc import Mapping

import pytest

from sapmatch.pages import labels, sumnames
from sapmatch.pages.vocabulary import words


@pytest.mark.parametrize("vocabulary", [labels.SUMMARY, labels.COLUMNS])
def test_no_label_stands_for_two_types(vocabulary: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for kind, printed in vocabulary.items():
        for label in labels.split(printed):
            assert seen.setdefault(labels.normal(label), kind) == kind, label


def test_every_weak_label_is_a_label() -> None:
    known = labels.summary_types()
    weak = labels.split(words.WEAK)
    assert [
        label
        for label in weak
        if labels.normal(label) not in known and sumnames.compose(label.split(), 0) is None
    ] == []


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("Invoice No:", "INVOICE_RECEIPT_ID"),
        ("Rechnungs-Nr.", "INVOICE_RECEIPT_ID"),
        ("Handelsrechnung Nr.", "INVOICE_RECEIPT_ID"),
        ("Mietrechnung (387) Nr.", "INVOICE_RECEIPT_ID"),
        ("N° de facture", "INVOICE_RECEIPT_ID"),
        ("Fattura n.", "INVOICE_RECEIPT_ID"),
        ("Číslo faktury", "INVOICE_RECEIPT_ID"),
        ("Laskun numero", "INVOICE_RECEIPT_ID"),
        ("Factuurdatum", "INVOICE_RECEIPT_DATE"),
        ("Invoice Date (dd/mm/yyyy)", "INVOICE_RECEIPT_DATE"),
        ("Fecha de emisión:", "INVOICE_RECEIPT_DATE"),
        ("Data wystawienia", "INVOICE_RECEIPT_DATE"),
        ("Förfallodatum", "DUE_DATE"),
        ("Datum splatnosti", "DUE_DATE"),
        ("Data de vencimento", "DUE_DATE"),
        ("Eräpäivä", "DUE_DATE"),
        ("P.O. #", "PO_NUMBER"),
        ("Deres ordrenr.", "PO_NUMBER"),
        ("Auftragsnummer", labels.SALES_ORDER),
        ("S/O NUMBER", labels.SALES_ORDER),
        ("Käufer/Leistungsempfänger:", "RECEIVER_NAME"),
        ("Kjøper", "RECEIVER_NAME"),
        ("Att betala", "AMOUNT_DUE"),
        ("Base imponible", "SUBTOTAL"),
        ("USt-IdNr.:", "VENDOR_VAT_NUMBER"),
        ("Montant (EUR)", None),
    ],
)
def test_labels_are_known_however_they_are_printed(printed: str, kind: str | None) -> None:
    texts = printed.split()
    found = labels.find(texts, 0, labels.summary_types)
    assert (found and (found.type, found.end)) == (kind and (kind, len(texts)))


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("P.0. #", "PO_NUMBER"),
        ("lnv0ice N0:", "INVOICE_RECEIPT_ID"),
        ("Recelpt #:", "INVOICE_RECEIPT_ID"),
        ("GST Re9 #", "VENDOR_GST_NUMBER"),
        ("GST 1D:", "VENDOR_GST_NUMBER"),
        ("Sub-totai:", "SUBTOTAL"),
        ("Rechnungsnumer", "INVOICE_RECEIPT_ID"),
        ("Invoice Nurnber", "INVOICE_RECEIPT_ID"),
    ],
)
def test_labels_are_known_as_ocr_confuses_them(printed: str, kind: str) -> None:
    found = labels.find(printed.split(), 0, labels.summary_types)
    assert found is not None
    assert found.type == kind


def test_a_short_word_with_a_letter_wrong_is_no_label() -> None:
    assert labels.find(["Dane"], 0, labels.summary_types) is None
    assert labels.find(["Tonal"], 0, labels.summary_types) is None


def test_the_longest_label_wins() -> None:
    found = labels.find("Total amount due today".split(), 0, labels.summary_types)
    assert found is not None
    assert (found.type, found.end) == ("AMOUNT_DUE", 3)


@pytest.mark.parametrize(
    ("printed", "is_heading"),
    [
        ("TAX INVOICE", True),
        ("Rechnung", True),
        ("Handelsrechnung", True),
        ("FAKTURA - KOPIE", True),
        ("SIMPLIFIED TAX INVOICÉ", True),
        ("Project Statement", True),
        ("Invoice Experts Ltd", False),
        ("Tax Advisers LLP", False),
    ],
)
def test_a_heading_only_says_what_the_paper_is(printed: str, is_heading: bool) -> None:
    assert labels.is_heading(printed) is is_heading
