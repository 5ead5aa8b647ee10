"""One form for what people write in many."""

import pytest

from sapmatch.matching.normalise import (
    company_name,
    confusable,
    document_number,
    item_id,
    likeness,
    order_number,
    order_numbers,
    vat_id,
    words,
    written_numbers,
)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("45 0000 0012", "4500000012"),
        ("004500000012", "4500000012"),
        ("PO-4500/0012", "PO45000012"),
        ("４５０００", "45000"),
        ("0", ""),
        ("000", ""),
        (" - ", ""),
    ],
)
def test_an_order_number_has_one_form(written: str, number: str) -> None:
    """MA-P01, MA-P03"""
    assert order_number(written) == number


def test_a_document_number_loses_zeros_at_the_head_of_every_run_of_digits() -> None:
    """MA-P45"""
    assert document_number("INV-0012/24") == document_number("INV 12.24") == "INV1224"
    assert document_number("RE 100") == "RE100"


def test_letters_that_look_like_digits_become_digits() -> None:
    """MA-P04"""
    assert confusable("45OOO0OO12") == "4500000012"
    assert confusable("ISBLZ") == "15812"


def test_items_are_compared_by_value_and_zero_is_none() -> None:
    """MA-P02, MA-P03"""
    assert item_id("00010") == item_id("010") == item_id("10") == "10"
    assert item_id("1") != item_id("10")
    assert item_id("0") is item_id("") is item_id(None) is None


def test_numbers_are_found_in_text_with_their_item() -> None:
    """MA-P01"""
    found = written_numbers("Ihre Best. 45 0000 0012/30 vom 1.9.")
    assert ("4500000012", "30") in [(n.number, n.item) for n in found]
    assert [n.number for n in order_numbers("Bestellung 4500001001, Kunde 77")] == ["4500001001"]


def test_an_endless_text_gives_few_numbers() -> None:
    assert len(written_numbers("1234 x " * 100_000)) <= 20


@pytest.mark.parametrize(
    "name",
    ["Wälzlager Beispiel GmbH & Co. KG", "WÄLZLAGER  BEISPIEL", "Beispiel Waelzlager G.m.b.H."],
)
def test_a_name_has_no_legal_form(name: str) -> None:
    assert company_name(name) == "beispiel waelzlager"


def test_a_name_of_nothing_but_a_legal_form_is_kept() -> None:
    assert company_name("SE") == "se"
    assert company_name("") is company_name(None) is company_name("&") is None


def test_a_vat_id_is_letters_and_digits() -> None:
    assert vat_id("DE 811.234.567") == "DE811234567"
    assert vat_id("DE") is vat_id(None) is None


def test_likeness_is_whole_percent_and_needs_words() -> None:
    one = words("Getriebemotor GM 71")
    assert likeness(one, one) == 100
    assert likeness(one, words("GM 71 Getriebemotor mit Bremse")) >= 85
    assert likeness(one, words("Fracht")) < 50
    assert likeness(one, ()) == 0
