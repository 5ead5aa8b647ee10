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
MATCH = 'source = "match"\norder_side = "purchase_order"\n'


def problems(auth: str, more: str) -> dict[str | None, str]:
    try:
        parse(FLOW.format(auth=auth, more=more).encode(), "sapmatch.toml")
    except InputRejected as exc:
        return {problem.field: problem.message for problem in exc.problems}
    return {}


def test_own_assertions_speak_for_who_decided() -> None:
    assert problems(SAML, MATCH + 'run_as = "decider"') == {}


def test_a_password_speaks_for_one_user_only() -> None:
    told = problems(BASIC, MATCH + 'run_as = "decider"')["write_backs.invoices.run_as"]
    assert "oauth2-saml-bearer" in told
    assert "'basic'" in told


def test_nobody_decides_on_a_dropped_file() -> None:
    told = problems(SAML, 'run_as = "decider"')
    assert "dropped files" in told["write_backs.invoices.run_as"]


@pytest.mark.parametrize("more", ['without_sap_user = "technical"'])
def test_a_setting_that_does_nothing_is_told(more: str) -> None:
    told = problems(SAML, MATCH + more)
    assert "does nothing" in told["write_backs.invoices.without_sap_user"]
