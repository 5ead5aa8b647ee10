"""A decision that its person writes at once, with a token of their own."""

from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.reviewing.asked import Asked, require
from tests.builders.deciding import ANNA, BORIS, CLARA, PEOPLE, RULES, Office

TOKEN = "ab" * 32  # SHA-256 of one


def test_the_verdict_keeps_the_digest_of_the_only_token_that_is_taken() -> None:
    office = Office()
    assert office.says(ANNA, token_sha256=TOKEN).outcome == "decided"
    assert office.review.verdict
    assert office.review.verdict.token_sha256 == TOKEN
    assert office.rehearsed[0].token_sha256 == TOKEN


def refused(office: Office, **fields: Any) -> str:
    with pytest.raises(InputRejected) as caught:
        office.says(ANNA, token_sha256=TOKEN, **fields)
    assert office.review.status == "open"
    return str(caught.value)


def test_where_two_decide_nobody_writes_at_once() -> None:
    """SAP shall name the first, and the first one's token is over by then."""
    assert "a second person has to decide too" in refused(Office(worth="1000"))


def test_accepted_values_are_matched_by_the_rules_and_written_in_nobodys_name() -> None:
    assert "written in nobody's name" in refused(Office("NEEDS_REVIEW", decision=0))


@pytest.mark.parametrize("action", ["reject", "wait"])
def test_what_posts_nothing_takes_no_token(action: Any) -> None:
    asked = Asked(document="3f9a1c2b", action=action, reason="is right", token_sha256=TOKEN)
    with pytest.raises(InputRejected, match="takes no --now"):
        require(asked)


def test_a_signature_covers_the_token() -> None:
    """Nobody else's token is written with, whoever sees the decision on its way."""
    asked = Asked(document="3f9a1c2b", action="accept", reason="is right", token_sha256=TOKEN)
    other = replace(asked, token_sha256="cd" * 32)
    assert asked.digest("prod") != other.digest("prod")


def test_of_two_the_first_is_whom_the_write_would_name() -> None:
    """Four eyes: who decided first is named, and has to have a SAP user where one is needed."""
    people = {**PEOPLE, ANNA: replace(PEOPLE[ANNA], sap_user=None)}
    office = Office(worth="1000", rules=replace(RULES, people=people))
    office.says(ANNA)
    office.says(BORIS)
    assert [verdict.by for verdict in office.rehearsed] == [ANNA, ANNA]


def test_a_decision_without_a_name_is_refused_before_it_is_taken_and_nothing_is_lost() -> None:
    office = Office()
    office.impossible = 'flow invoices: adds sap_user to [reviewing.people."arn"]'
    with pytest.raises(InputRejected, match="adds sap_user"):
        office.says(CLARA)
    assert (office.review.status, office.review.verdict) == ("open", None)
    assert not office.resumed
