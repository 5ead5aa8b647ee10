"""Order numbers in thirteen languages: the buyer's, the seller's, and what is none."""

import pytest

from sapmatch.model.invoice import Invoice
from sapmatch.reading.printed.expense import read_expense
from tests.builders.reading import field, page


def invoice(*fields: tuple[str, str, str], text: str = "") -> Invoice:
    """The invoice that these fields (type, text, label) and lines make."""
    seen = [field(kind, value, label) for kind, value, label in fields]
    return read_expense([page(*seen, text=text)])[0].invoice


@pytest.mark.parametrize(
    "text",
    [
        "Your order: 4500004711",
        "PO# 4500004711",
        "Ihre Bestellung Nr. 4500004711 vom 01.03.2026",
        "Votre commande n° 4500004711 du 1er mars",
        "N° de commande : 4500004711",
        "Uw bestelnummer: 4500004711",
        "Su pedido: 4500004711",
        "Vs. ordine n. 4500004711",
        "V/ encomenda 4500004711",
        "Zamówienie nr 4500004711",
        "Objednávka č. 4500004711",
        "Rekvisition 4500004711",
        "Ert ordernr 4500004711",
        "Deres bestilling 4500004711",
        "Tilausnumero: 4500004711",
        "Order 4500004711",
    ],
)
def test_the_buyers_order_is_found_in_free_text(text: str) -> None:
    assert invoice(text=text).order_references == ("4500004711",)


@pytest.mark.parametrize(
    ("label", "context"),
    [
        ("Sales order", ""),
        ("Auftragsnummer", ""),
        ("Ordernummer", ""),
        ("Ordrenr.", ""),
        ("Notre commande", ""),
        ("Conferma d'ordine", ""),
        ("N/ encomenda", ""),
        ("zamówienie", "Nasze zamówienie"),
        ("Our reference", ""),
    ],
)
def test_the_sellers_own_order_is_kept_apart(label: str, context: str) -> None:
    found = invoice(("PO_NUMBER", "883351", label), text=context)
    assert (found.order_references, found.sales_order_reference) == ((), "883351")


def test_words_that_were_cut_off_a_label_still_say_whose_order_it_is() -> None:
    found = invoice(("PO_NUMBER", "88123", "ordernr"), text="Ert ordernr")
    assert (found.order_references, found.sales_order_reference) == (("88123",), None)


def test_several_orders_in_a_row_are_several() -> None:
    text = "Bestellungen 4500000001, 4500000002 und 4500000003 vom 01.03.2026"
    assert invoice(text=text).order_references == ("4500000001", "4500000002", "4500000003")


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("n/a", "PO Number"),
        ("verbal", "Purchase order"),
        ("siehe unten", "Bestellnummer"),
        ("0000", "PO"),
        ("01.03.2026", "Bestellung vom"),
        ("01.03.2026", "Order date"),
        ("4711", "P.O. Box"),
    ],
)
def test_placeholders_dates_and_post_boxes_are_no_orders(value: str, label: str) -> None:
    assert (
        invoice(("PO_NUMBER" if "P.O." not in label else "OTHER", value, label)).order_references
        == ()
    )


@pytest.mark.parametrize(
    "text",
    [
        "P.O. Box 4711",
        "Tel. 4500004711",
        "Art. 4500004711",
        "your order of 12 March 2026",
        "port 45",
    ],
)
def test_numbers_of_other_things_are_no_orders(text: str) -> None:
    assert invoice(text=text).order_references == ()


def test_a_prefix_is_part_of_the_number_as_it_is_printed() -> None:
    found = invoice(("PO_NUMBER", "PO-8567", "Deres bestilling"), text="PO-8567")
    assert found.order_references == ("PO-8567",)


def test_a_label_that_only_the_pages_vocabulary_knows_is_the_sellers() -> None:
    found = invoice(("OTHER", "627404", "Nr zlecenia"))
    assert (found.order_references, found.sales_order_reference) == ((), "627404")


def test_words_inside_the_sellers_reference_are_kept_as_printed() -> None:
    assert invoice(("OTHER", "SALES REF 4711", "Sales order")).sales_order_reference == (
        "SALES REF 4711"
    )
