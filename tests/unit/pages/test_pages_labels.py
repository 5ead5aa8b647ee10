"""Which printed label stands for which Textract type."""

import pytest

from sapmatch.pages import labels


@pytest.mark.parametrize("vocabulary", [labels.SUMMARY, labels.COLUMNS])
def test_no_label_stands_for_two_types(vocabulary: dict[str, str]) -> None:
    seen: dict[str, str] = {}
    for kind, printed in vocabulary.items():
        for label in labels.split(printed):
            assert seen.setdefault(labels.normal(label), kind) == kind, label


def test_every_weak_label_is_a_label() -> None:
    known = labels.summary_types()
    assert [label for label in labels.WEAK if labels.normal(label) not in known] == []


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("Invoice No:", "INVOICE_RECEIPT_ID"),
        ("Rechnungs-Nr.", "INVOICE_RECEIPT_ID"),
        ("Handelsrechnung Nr.", "INVOICE_RECEIPT_ID"),
        ("N° de facture", "INVOICE_RECEIPT_ID"),
        ("Fattura n.", "INVOICE_RECEIPT_ID"),
        ("Factuurdatum", "INVOICE_RECEIPT_DATE"),
        ("Fecha de emisión:", "INVOICE_RECEIPT_DATE"),
        ("Förfallodatum", "DUE_DATE"),
        ("P.O. #", "PO_NUMBER"),
        ("P.0. #", "PO_NUMBER"),
        ("Käufer/Leistungsempfänger:", "RECEIVER_NAME"),
        ("Att betala", "AMOUNT_DUE"),
        ("Base imponible", "SUBTOTAL"),
        ("USt-IdNr.:", "VENDOR_VAT_NUMBER"),
    ],
)
def test_labels_are_known_however_they_are_printed(printed: str, kind: str) -> None:
    found = labels.find(printed.split(), 0, labels.summary_types())
    assert found is not None
    assert (found.type, found.end) == (kind, len(printed.split()))


def test_the_longest_label_wins() -> None:
    found = labels.find("Total amount due today".split(), 0, labels.summary_types())
    assert found is not None
    assert (found.type, found.end) == ("AMOUNT_DUE", 3)


@pytest.mark.parametrize(
    ("rest", "kind"),
    [("inkl. USt", "TOTAL"), ("ohne USt.", "SUBTOTAL"), ("excl. VAT", "SUBTOTAL"), ("", "TOTAL")],
)
def test_a_sum_is_net_or_gross_by_the_words_behind_it(rest: str, kind: str) -> None:
    assert labels.qualified("TOTAL", rest.split()) == kind
