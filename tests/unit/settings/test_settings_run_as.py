"""A flow that writes in somebody's name needs a logon that can speak for them."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.settings import parse

BASIC = 'auth = { type = "basic", secret = "env:S4" }'
SAML = (
    'auth = { type = "oauth2-saml-bearer", secret = "env:S4", issuer = "sapmatch", '
    'audience = "S4", user = "SAPMATCH" }'
)
FLOW = """
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
{auth}

[write_backs.invoices]
connection = "s4"
service = "/sap/opu/odata/sap/API_SUPPLIERINVOICE_PROCESS_SRV"
entity_set = "A_SupplierInvoice"
operation = "insert"
schedule = "rate(5 minutes)"
{more}
"""
SESSION = "arn:aws:sts::123456789012:assumed-role/clerks/anna@example.com"
ROLE = "arn:aws:iam::123456789012:role/finance/clerks"
DESTINATION = (
    'auth = { type = "btp-destination", secret = "env:BTP", destination = "S4", for_people = "P" }'
)
MATCH = 'source = "match"\norder_side = "purchase_order"\n'


def problems(auth: str, more: str) -> dict[str | None, str]:
    try:
        parse(FLOW.format(auth=auth, more=more).encode(), "sapmatch.toml")
    except InputRejected as exc:
        return {problem.field: problem.message for problem in exc.problems}
    return {}


def person(caller: str) -> str:
    return f'[reviewing.people."{caller}"]\nsap_user = "ANNA"\n'


def test_own_assertions_speak_for_who_decided() -> None:
    assert problems(SAML, MATCH + 'run_as = "decider"\n' + person(SESSION)) == {}


@pytest.mark.parametrize("without", ["refuse", "technical"])
def test_somebody_who_decides_has_a_user_of_sap(without: str) -> None:
    more = f'run_as = "decider"\nwithout_sap_user = "{without}"\n'
    told = problems(SAML, MATCH + more)
    assert "no entry of [reviewing.people]" in told["write_backs.invoices.run_as"]
    assert told == problems(SAML, MATCH + more + f'[reviewing.people."{SESSION}"]\nlimit = "5.00"')


def test_nobody_is_written_as_somebody_else_who_may_assume_the_same_role() -> None:
    told = problems(SAML, MATCH + 'run_as = "decider"\n' + person(ROLE) + person(SESSION))
    assert list(told) == [f"reviewing.people.{ROLE}.sap_user"]
    assert "write_backs.invoices" in told[f"reviewing.people.{ROLE}.sap_user"]
    assert "assumed-role/ROLE/SESSION" in told[f"reviewing.people.{ROLE}.sap_user"]


@pytest.mark.parametrize(
    ("auth", "more"), [(SAML, ""), (DESTINATION, 'run_as = "decider"\n'), (BASIC, "")]
)
def test_a_role_may_have_a_sap_user_where_no_assertion_of_ours_names_it(
    auth: str, more: str
) -> None:
    """A destination's people are whom their own tokens name."""
    assert problems(auth, MATCH + more + person(ROLE)) == {}


def test_a_password_speaks_for_one_user_only() -> None:
    told = problems(BASIC, MATCH + 'run_as = "decider"')["write_backs.invoices.run_as"]
    assert "oauth2-saml-bearer" in told
    assert "'basic'" in told


def test_a_destination_of_the_technical_user_needs_one_for_people_beside_it() -> None:
    btp = 'auth = {{ type = "btp-destination", secret = "env:S4", destination = "S4H"{} }}'
    told = problems(btp.format(""), MATCH + 'run_as = "decider"')
    assert "needs for_people" in told["write_backs.invoices.run_as"]
    assert "write_backs.invoices.run_as" not in problems(
        btp.format(', for_people = "S4H_PEOPLE"'), MATCH + 'run_as = "decider"'
    )


def test_nobody_decides_on_a_dropped_file() -> None:
    told = problems(SAML, 'run_as = "decider"')
    assert "dropped files" in told["write_backs.invoices.run_as"]


@pytest.mark.parametrize("more", ['without_sap_user = "technical"'])
def test_a_setting_that_does_nothing_is_told(more: str) -> None:
    told = problems(SAML, MATCH + more)
    assert "does nothing" in told["write_backs.invoices.without_sap_user"]
