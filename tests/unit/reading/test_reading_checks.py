"""Check digits of tax numbers and accounts."""

import pytest

from sapmatch.reading.checks import is_iban, tax_id_checks


@pytest.mark.parametrize(
    "number",
    [
        "DE 136 695 976",
        "ATU13585627",
        "BE0428759497",
        "FR 40 303 265 045",
        "NL004495445B01",
        "ESA13585625",
        "IT00743110157",
        "PL8567346215",
        "EL094259216",
        "GB 980 7806 84",
        "CHE-100.155.212 MWST",
        "CHE-100.155.212",
        "NO 995 525 828 MVA",
        "27AAPFU0939F1ZV",
        "ABN 83 914 571 673",
    ],
)
def test_a_tax_number_as_printed_has_its_countrys_check_digits(number: str) -> None:
    assert tax_id_checks(number) is True


@pytest.mark.parametrize(
    "number", ["DE 136 695 977", "GB980780685", "27AAPFU0939F1ZX", "NO995525829"]
)
def test_a_digit_that_was_misread_is_noticed(number: str) -> None:
    assert tax_id_checks(number) is False


@pytest.mark.parametrize("number", ["", "12-3456789", "US1234567", "Umsatzsteuer", "9" * 10_000])
def test_a_number_whose_rule_is_not_known_is_neither_right_nor_wrong(number: str) -> None:
    assert tax_id_checks(number) is None


def test_an_iban_has_its_countrys_length_and_its_check_digits() -> None:
    """ISO 13616: 97 is prime, so every single misread digit shows."""
    right = "DE02 1203 0000 0000 2020 51"
    assert is_iban(right)
    assert is_iban("NO9386011117947")
    assert not is_iban(right[:-1] + "2")
    assert not is_iban(right + "00")
    assert not is_iban("PL7319824976")
    assert not is_iban("")


def test_every_single_misread_digit_of_an_iban_is_noticed() -> None:
    account = "DE02120300000000202051"
    for index in range(4, len(account)):
        for digit in set("0123456789") - {account[index]}:
            assert not is_iban(account[:index] + digit + account[index + 1 :])
