"""[reviewing]: who may decide, by when, and from when on two have to."""

from decimal import Decimal

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Person
from sapmatch.settings import parse

ROLE = "arn:aws:iam::123456789012:role/finance/clerks"
USER = "arn:aws:iam::123456789012:user/boris"


def mistakes(text: str) -> dict[str | None, str]:
    """Path of each wrong setting -> what is wrong."""
    with pytest.raises(InputRejected) as caught:
        parse(text.encode(), "test.toml")
    return {problem.field: problem.message for problem in caught.value.problems}


def people(*entries: str) -> str:
    return "[reviewing.people]\n" + "\n".join(entries)


def test_limits_and_people_are_read_exactly() -> None:
    text = f"""
[reviewing]
decide_within_days = 7
four_eyes_from = "10000.00"
[reviewing.people]
"{ROLE}" = {{ sap_user = "CLERKS", limit = "25000.50" }}
"{USER}" = {{ sap_user = "BORIS" }}
anna = {{}}
"""
    found = parse(text.encode(), "test.toml").reviewing
    assert (found.decide_within_days, found.four_eyes_from) == (7, Decimal("10000.00"))
    assert found.people == {
        ROLE: Person(sap_user="CLERKS", limit=Decimal("25000.50")),
        USER: Person(sap_user="BORIS"),
        "anna": Person(),
    }


def test_nothing_written_means_two_weeks_and_no_limits() -> None:
    found = parse(b"", "test.toml").reviewing
    assert (found.decide_within_days, found.four_eyes_from, found.people) == (14, "off", {})


@pytest.mark.parametrize("days", [0, -1, 91])
def test_the_time_for_a_decision_is_bounded(days: int) -> None:
    path = "reviewing.decide_within_days"
    assert "from 1 to 90" in mistakes(f"[reviewing]\ndecide_within_days = {days}")[path]


@pytest.mark.parametrize("amount", ['"-1"', '"NaN"', '"1e999999999"', "500.0", "500", '"much"'])
def test_an_amount_is_a_number_in_quotes(amount: str) -> None:
    assert (
        "number in quotes"
        in mistakes(f"[reviewing]\nfour_eyes_from = {amount}")["reviewing.four_eyes_from"]
    )
    found = mistakes(people(f'"{ROLE}" = {{ limit = {amount} }}'))
    assert found == {f"reviewing.people.{ROLE}.limit": 'must be a number in quotes such as "25.00"'}


@pytest.mark.parametrize(
    "caller",
    [
        "anna@example.com",
        "arn:aws:iam::123:role/clerks",
        "arn:aws:lambda:eu-central-1:123456789012:function:f",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:sts::123456789012:assumed-role/clerks",
        "arn:aws:sts::123456789012:assumed-role/path/clerks/anna",
    ],
)
def test_a_caller_is_named_as_aws_names_him(caller: str) -> None:
    assert (
        "aws sts get-caller-identity"
        in mistakes(people(f'"{caller}" = {{}}'))[f"reviewing.people.{caller}"]
    )


def test_an_sap_user_has_at_most_twelve_characters() -> None:
    found = mistakes(people(f'"{ROLE}" = {{ sap_user = "MUSTERMANN_ANNA" }}'))
    assert "at most 12" in found[f"reviewing.people.{ROLE}.sap_user"]


@pytest.mark.parametrize(
    "entries",
    [
        [f'"{ROLE}" = {{}}'],
        [f'"{ROLE}" = {{ sap_user = "ANNA" }}', f'"{USER}" = {{ sap_user = "ANNA" }}'],
        [f'"{ROLE}" = {{}}', f'"{USER}" = {{ limit = "999.99" }}'],
    ],
)
def test_four_eyes_need_two_people_who_may_decide_on_so_much(entries: list[str]) -> None:
    text = '[reviewing]\nfour_eyes_from = "1000"\n' + people(*entries)
    assert "needs two people" in mistakes(text)["reviewing.four_eyes_from"]


def test_without_people_four_eyes_are_any_two() -> None:
    assert parse(b'[reviewing]\nfour_eyes_from = "0"', "test.toml").reviewing.people == {}
