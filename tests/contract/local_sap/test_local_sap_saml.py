"""The embedded SAP gives tokens for SAML assertions, and for good ones only (RFC 7522, CO-T13)."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from signxml.algorithms import SignatureMethod

from local.sap.server import Server, serve
from tests.builders.certificates import Authority, Leaf
from tests.builders.saml_assertions import (
    AUDIENCE,
    PROVIDER,
    encoded,
    signed,
    unsigned,
    without_signature,
)
from tests.contract.local_sap.local_sap_world import INVOICES, ROOT, SALES, USERS, seed

PATH = "/sap/bc/sec/oauth2/token"
GRANT = "urn:ietf:params:oauth:grant-type:saml2-bearer"
SCOPE = f"{SALES}_0001"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def signer(authority: Authority) -> Leaf:
    return authority.signer


@pytest.fixture(scope="module")
def running(signer: Leaf) -> Iterator[Server]:
    logon = {
        "users": {"MEIER": {"kind": "dialog", "email": "meier@example.com"}, "WEBER": {}},
        "oauth_clients": {"ROBOT": {"scopes": [SCOPE]}},
        "trusted_providers": {PROVIDER: signer.certificate},
        "local_provider": AUDIENCE,
    }
    with serve(seed(), users=USERS, logon=logon) as server:
        yield server


@pytest.fixture
def sap(running: Server) -> Server:
    running.gateway.reset()
    return running


def at(server: Server) -> str:
    return f"{server.url}{PATH}"


def swap(server: Server, assertion: str, **form: str) -> requests.Response:
    return requests.post(
        at(server),
        params={"sap-client": "100"},
        data={"client_id": "ROBOT", "grant_type": GRANT, "assertion": assertion, **form},
        auth=("ROBOT", USERS["ROBOT"]),
        timeout=20,
    )


def read(server: Server, token: str, service: str = SALES) -> requests.Response:
    entity_set = "A_SalesOrder" if service == SALES else "A_SupplierInvoice"
    return requests.get(
        f"{server.url}{ROOT}/{service}/{entity_set}",
        params={"sap-client": "100"},
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        timeout=20,
    )


def test_an_assertion_becomes_a_token_of_the_user_that_it_names(sap: Server, signer: Leaf) -> None:
    reply = swap(sap, encoded(signed(unsigned(at(sap)), signer)), scope=SCOPE)
    assert reply.status_code == 200, reply.text
    given: dict[str, Any] = reply.json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 3600, SCOPE)
    assert reply.headers["cache-control"] == "no-store"
    assert read(sap, given["access_token"]).status_code == 200
    assert [entry["user"] for entry in sap.log.entries()] == ["MEIER", "MEIER"]
    assert given["access_token"] not in str(sap.log.entries())


def test_a_user_is_found_by_mail_address_too(sap: Server, signer: Leaf) -> None:
    xml = unsigned(at(sap), "meier@example.com", name_id="emailAddress")
    assert swap(sap, encoded(signed(xml, signer))).status_code == 200
    assert sap.log.entries()[-1]["user"] == "MEIER"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ends_in": -1, "begins_in": -300}, "expired"),
        ({"begins_in": 60}, "not yet valid"),
        ({"ends_in": 7200}, "too long"),
        ({"audience": "S4H200"}, "Audience"),
        ({"recipient": "https://other.example.com/sap/bc/sec/oauth2/token"}, "Recipient"),
        ({"issuer": "stranger"}, "not a trusted provider"),
        ({"user": "NOBODY"}, "no user is assigned"),
        ({"client_id": "OTHER"}, "client_id"),
        ({"name_id": "persistent"}, "NameID format"),
    ],
    ids=str,
)
def test_an_assertion_that_does_not_fit_is_refused_with_the_reason(
    sap: Server, signer: Leaf, changes: dict[str, Any], said: str
) -> None:
    """CO-T13: expired, wrong audience and their kind."""
    document = signed(unsigned(**{"recipient": at(sap), **changes}), signer)
    refused(swap(sap, encoded(document)), said)


def refused(reply: requests.Response, said: str) -> None:
    """400 invalid_grant in SAP's words; nobody got a token."""
    assert reply.status_code == 400, reply.text
    assert reply.json()["error"] == "invalid_grant"
    assert said in reply.json()["error_description"]
    assert "1688545" in reply.json()["error_description"]


def _tampered(document: bytes) -> bytes:
    return document.replace(b">MEIER<", b">WEBER<")


def _in_a_response(document: bytes) -> bytes:
    space = b'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
    return b"<samlp:Response " + space + b">" + document + b"</samlp:Response>"


def _wrapped(document: bytes) -> bytes:
    """The signed assertion hidden in another one that names somebody else."""
    other = without_signature(unsigned("x", "WEBER"))
    signature = document[document.index(b"<ds:Signature") : document.index(b"</ds:Signature>") + 15]
    front, _, rest = other.partition(b"</saml:Issuer>")
    return (
        front
        + b"</saml:Issuer>"
        + signature
        + rest.replace(
            b"<saml:AttributeStatement>",
            b"<saml:Advice>" + document + b"</saml:Advice><saml:AttributeStatement>",
        )
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_tampered, "Signature of the Assertion is not valid"),
        (_in_a_response, "Message Response is not expected"),
        (_wrapped, "Signature of the Assertion"),
    ],
)
def test_a_spoiled_assertion_is_refused(
    sap: Server, signer: Leaf, spoil: Callable[[bytes], bytes], said: str
) -> None:
    """CO-T13: tampered, a Response instead of an Assertion, signature wrapping."""
    refused(swap(sap, encoded(spoil(signed(unsigned(at(sap)), signer)))), said)


def test_an_assertion_without_signature_is_refused_as_in_note_1688545(sap: Server) -> None:
    document = without_signature(unsigned(at(sap)))
    refused(swap(sap, encoded(document)), "Exception was Message Assertion is not signed")


def test_only_the_key_of_the_trusted_provider_counts(sap: Server, authority: Authority) -> None:
    """Not whatever certificate comes with the signature."""
    other = authority.signer_until(90)
    refused(swap(sap, encoded(signed(unsigned(at(sap)), other))), "Signature")


def test_a_weaker_signature_than_rsa_sha256_is_refused(sap: Server, signer: Leaf) -> None:
    document = signed(unsigned(at(sap)), signer, SignatureMethod.RSA_SHA512)
    refused(swap(sap, encoded(document)), "Signature")


def test_an_assertion_is_good_for_one_token(sap: Server, signer: Leaf) -> None:
    document = encoded(signed(unsigned(at(sap)), signer))
    assert swap(sap, document).status_code == 200
    refused(swap(sap, document), "used before")


@pytest.mark.parametrize("missing", ["saml", "xs"], ids=["of an element", "of a type"])
def test_a_prefix_that_is_not_declared_is_an_internal_error(
    sap: Server, signer: Leaf, missing: str
) -> None:
    document = signed(unsigned(at(sap)), signer)
    start = document.index(f" xmlns:{missing}=".encode())
    end = document.index(b'"', document.index(b'"', start) + 1) + 1
    reply = swap(sap, encoded(document[:start] + document[end:]))
    assert (reply.status_code, reply.json()["error"]) == (500, "server_error")
    assert "undeclared namespace prefix" in reply.json()["error_description"]


def test_each_alphabet_of_base64_is_taken_where_it_is_set_only(sap: Server, signer: Leaf) -> None:
    """CO-T14: C4C takes base64, RFC 7522 says base64url."""
    document = signed(unsigned(at(sap)), signer)
    assert b"+" in b64encode(document)
    refused(swap(sap, b64encode(document).decode()), "could not be decoded")
    sap.configure(assertion_encoding="base64")
    refused(swap(sap, encoded(document)), "could not be decoded")
    assert swap(sap, b64encode(document).decode()).status_code == 200


def test_clocks_may_differ_by_the_tolerance_of_saml2(sap: Server, signer: Leaf) -> None:
    sap.configure(clock_skew_seconds=120)
    late = signed(unsigned(at(sap), begins_in=-300, ends_in=-60), signer)
    assert swap(sap, encoded(late)).status_code == 200


def test_a_scope_that_the_client_or_the_user_has_not_is_refused(sap: Server, signer: Leaf) -> None:
    foreign = swap(sap, encoded(signed(unsigned(at(sap)), signer)), scope=f"{INVOICES}_0001")
    assert (foreign.status_code, foreign.json()["error"]) == (400, "invalid_scope")
    sap.configure(users={"MEIER": {"scopes": []}})
    reply = swap(sap, encoded(signed(unsigned(at(sap)), signer)), scope=SCOPE)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_scope")
    assert "S_SCOPE" in reply.json()["error_description"]


def test_a_locked_user_gets_no_token_and_his_old_one_ends(sap: Server, signer: Leaf) -> None:
    token = swap(sap, encoded(signed(unsigned(at(sap)), signer))).json()["access_token"]
    sap.configure(users={"MEIER": {"locked": True}})
    refused(swap(sap, encoded(signed(unsigned(at(sap)), signer))), "locked")
    assert read(sap, token).status_code == 401


@pytest.mark.parametrize(
    "document", [b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"no xml"], ids=["entity", "text"]
)
def test_what_is_no_assertion_is_refused(sap: Server, document: bytes) -> None:
    assert swap(sap, encoded(document)).status_code in (400, 500)
