"""Who gets the mails, and how many of them."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.settings import parse


def mistakes(text: str) -> dict[str | None, str]:
    with pytest.raises(InputRejected) as caught:
        parse(text.encode(), "sapmatch.toml")
    return {problem.field: problem.message for problem in caught.value.problems}


def test_nobody_gets_mails_and_thirty_an_hour_are_what_is_not_set() -> None:
    alerts = parse(b"", "sapmatch.toml").alerts
    assert (alerts.addresses, alerts.mails_per_hour) == ({}, 30)


def test_an_address_gets_all_mails_or_those_of_its_owners() -> None:
    text = b"""
    [alerts]
    emails = ["all@example.com"]
    mails_per_hour = 0
    [alerts.owners]
    purchasing = ["buyer@example.com", "both@example.com"]
    warehouse = ["both@example.com"]
    """
    assert parse(text, "sapmatch.toml").alerts.addresses == {
        "all@example.com": (),
        "buyer@example.com": ("purchasing",),
        "both@example.com": ("purchasing", "warehouse"),
    }


def test_an_address_that_gets_all_mails_is_named_once() -> None:
    """SNS keeps one subscription for an address: one with a filter and one without cannot be."""
    both = '[alerts]\nemails = ["a@example.com"]\n[alerts.owners]\nwarehouse = ["a@example.com"]'
    assert set(mistakes(both)) == {"alerts.owners.warehouse[0]"}


def test_unknown_owners_and_what_is_no_address_are_named() -> None:
    found = mistakes('[alerts.owners]\nboss = ["a@example.com"]\npurchasing = ["nobody"]')
    assert set(found) == {"alerts.owners.boss", "alerts.owners.purchasing[0]"}
    assert "accounts_payable" in found["alerts.owners.boss"]


@pytest.mark.parametrize("mails", ["-1", "1001"])
def test_a_number_of_mails_that_nobody_reads_is_refused(mails: str) -> None:
    assert set(mistakes(f"[alerts]\nmails_per_hour = {mails}")) == {"alerts.mails_per_hour"}
