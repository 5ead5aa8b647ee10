"""Who a caller of AWS is: by exact ARN first, then by role."""

from decimal import Decimal

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Person, Reviewing, Verdict
from sapmatch.reviewing.people import decider, is_same
from tests.builders.deciding import ACCOUNT, ANNA, BORIS, CLARA, CLERK, RULES, SESSION
from tests.builders.memory import START

ROLE = f"{ACCOUNT}:role/clerks"


def test_a_session_is_found_by_its_role_and_the_path_of_the_role_does_not_matter() -> None:
    found = decider(CLERK, RULES)
    assert (found.caller, found.sap_user, found.limit) == (CLERK, "CLERKS", Decimal(500))
    assert found.identity == ROLE


def test_a_session_that_the_settings_name_is_somebody_of_his_own() -> None:
    rules = Reviewing(people={ROLE: Person(sap_user="CLERKS"), CLARA: Person(sap_user="CLARA")})
    assert decider(CLARA, rules).sap_user == "CLARA"
    assert decider(CLARA, rules).identity == CLARA
    assert decider(CLERK, rules).sap_user == "CLERKS"


@pytest.mark.parametrize(
    "caller",
    [
        f"{SESSION}/managers/carl@example.com",
        "arn:aws:sts::210987654321:assumed-role/clerks/carl@example.com",
        "arn:aws-cn:sts::123456789012:assumed-role/clerks/carl@example.com",
        f"{ACCOUNT}:user/clerks",
        f"{ACCOUNT}:root",
        f"{SESSION}/clerks/carl/{ANNA}",
    ],
)
def test_whoever_only_looks_like_somebody_is_nobody(caller: str) -> None:
    with pytest.raises(InputRejected, match="may not decide"):
        decider(caller, RULES)


def said(by: str, sap_user: str | None = None) -> Verdict:
    return Verdict(action="accept", reason="agreed", by=by, at=START, sap_user=sap_user)


def test_people_are_told_apart_by_arn_and_by_sap_user() -> None:
    anna = decider(ANNA, RULES)
    assert is_same(anna, said(ANNA), RULES)
    assert is_same(anna, said(BORIS, "ANNA"), RULES)
    assert not is_same(anna, said(BORIS, "BORIS"), RULES)


def test_sessions_of_a_role_are_one_person_unless_the_settings_name_them() -> None:
    anybody = Reviewing()
    assert is_same(decider(CLERK, anybody), said(CLARA), anybody)
    named = Reviewing(people={CLERK: Person(), CLARA: Person()})
    assert not is_same(decider(CLERK, named), said(CLARA), named)


def test_one_name_of_a_session_in_two_roles_is_one_person() -> None:
    """Four eyes of one head: IAM Identity Center names sessions after their users."""
    boss = f"{SESSION}/managers/Carl@example.com"
    roles = {ROLE: Person(sap_user="CLERKS"), f"{ACCOUNT}:role/managers": Person(sap_user="BOSS")}
    for rules in (Reviewing(), Reviewing(people=roles)):
        assert is_same(decider(boss, rules), said(CLERK), rules)
        assert not is_same(decider(boss, rules), said(CLARA), rules)


def test_records_for_others_name_the_sap_user_or_the_role_and_nobody() -> None:
    assert said(CLERK, "CLERKS").who == "SAP user CLERKS"
    assert said(CLERK).who == "A member of the role clerks"
    assert said(ANNA).who == "A person without SAP user"
    assert said(ANNA).confirmed_who is None
