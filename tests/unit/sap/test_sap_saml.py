"""The assertion that we sign: what it says, and that its signature holds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
from lxml import etree
from msgspec.structs import replace
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.verifier import XMLVerifier

from sapmatch.sap.auth.saml import Statement, signed_assertion
from tests.builders.certificates import Authority

NOW = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC)
URL = "https://sap.example.com:44300/sap/bc/sec/oauth2/token?sap-client=100"
NAMES = {
    "s": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
SAID = Statement(
    issuer="sapmatch",
    audience="S4H100",
    recipient=URL,
    name_id="MÜLLER & <SÖHNE>",
    name_id_format="unspecified",
    client_id="OAUTH_CLIENT",
    lifetime=timedelta(seconds=300),
)
Signer = tuple[RSAPrivateKey, Certificate]


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return _signer(tmp_path_factory.mktemp("authority"))


def _signer(folder: Path) -> Signer:
    leaf = Authority(folder).signer
    key = load_pem_private_key(leaf.key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key, load_pem_x509_certificate(leaf.certificate.encode())


def _one(xml: bytes, path: str) -> str:
    found = etree.fromstring(xml).xpath(f"string({path})", namespaces=NAMES)
    assert isinstance(found, str)
    return found


def test_the_assertion_says_who_speaks_to_whom_for_whom_and_until_when(signer: Signer) -> None:
    xml = signed_assertion(SAID, *signer, NOW)
    assert {name: _one(xml, path) for name, path in PATHS.items()} == {
        "issuer": "sapmatch",
        "user": "MÜLLER & <SÖHNE>",
        "format": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
        "recipient": URL,
        "confirmed until": "2026-11-22T09:35:15Z",
        "from": "2026-11-22T09:29:15Z",  # SAP's clock may be a minute behind
        "until": "2026-11-22T09:35:15Z",
        "audience": "S4H100",
        "authenticated": "2026-11-22T09:30:15Z",
        "client_id": "OAUTH_CLIENT",
        "in response to": "",
    }


PATHS = {
    "issuer": "s:Issuer",
    "user": "s:Subject/s:NameID",
    "format": "s:Subject/s:NameID/@Format",
    "method": "s:Subject/s:SubjectConfirmation/@Method",
    "recipient": "//s:SubjectConfirmationData/@Recipient",
    "confirmed until": "//s:SubjectConfirmationData/@NotOnOrAfter",
    "from": "s:Conditions/@NotBefore",
    "until": "s:Conditions/@NotOnOrAfter",
    "audience": "s:Conditions/s:AudienceRestriction/s:Audience",
    "authenticated": "s:AuthnStatement/@AuthnInstant",
    "client_id": "//s:Attribute[@Name='client_id']/s:AttributeValue",
    "in response to": "//s:SubjectConfirmationData/@InResponseTo",
}


def test_it_is_an_assertion_whose_signature_follows_its_issuer(signer: Signer) -> None:
    """SAP takes no Response, and by the schema the signature stands second."""
    root = etree.fromstring(signed_assertion(SAID, *signer, NOW))
    assert root.tag == "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
    assert [etree.QName(each).localname for each in root][:3] == ["Issuer", "Signature", "Subject"]


def test_all_its_namespaces_are_declared_on_the_assertion(signer: Signer) -> None:
    """An ABAP system answers 500 to a prefix that is declared further down."""
    xml = signed_assertion(SAID, *signer, NOW)
    head = xml[: xml.index(b">")]
    assert xml.count(b"xmlns") == head.count(b"xmlns") == 2


def test_it_is_signed_as_sap_reads_it(signer: Signer) -> None:
    xml = signed_assertion(SAID, *signer, NOW)
    assert _one(xml, "//ds:SignatureMethod/@Algorithm").endswith("#rsa-sha256")
    assert _one(xml, "//ds:DigestMethod/@Algorithm").endswith("#sha256")
    exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    assert _one(xml, "//ds:CanonicalizationMethod/@Algorithm") == exclusive
    assert _one(xml, "//ds:Transform[1]/@Algorithm").endswith("#enveloped-signature")
    assert _one(xml, "//ds:Transform[2]/@Algorithm") == exclusive
    assert _one(xml, "//ds:X509Certificate")


def test_its_signature_holds_for_our_certificate_and_covers_all_of_it(signer: Signer) -> None:
    xml = signed_assertion(SAID, *signer, NOW)
    verified = XMLVerifier().verify(xml, x509_cert=signer[1], id_attribute="ID")
    assert not isinstance(verified, list)
    assert verified.signed_xml is not None
    assert verified.signed_xml.get("ID") == etree.fromstring(xml).get("ID")


def test_a_changed_name_breaks_the_signature(signer: Signer) -> None:
    """CO-T13: tampered."""
    xml = signed_assertion(replace(SAID, name_id="MEIER"), *signer, NOW)
    with pytest.raises((InvalidDigest, InvalidSignature)):
        XMLVerifier().verify(
            xml.replace(b">MEIER<", b">DDIC<"), x509_cert=signer[1], id_attribute="ID"
        )


def test_no_two_assertions_are_alike(signer: Signer) -> None:
    identities = {_one(signed_assertion(SAID, *signer, NOW), "@ID") for _ in range(20)}
    assert len(identities) == 20
    assert all(identity.startswith("_") and len(identity) > 32 for identity in identities)


def test_an_email_address_is_named_as_such(signer: Signer) -> None:
    said = replace(SAID, name_id="anna@example.com", name_id_format="email")
    xml = signed_assertion(said, *signer, NOW)
    assert _one(xml, PATHS["format"]).endswith("nameid-format:emailAddress")


def test_what_xml_cannot_hold_is_an_error_before_anything_is_signed(signer: Signer) -> None:
    with pytest.raises(ValueError, match="XML"):
        signed_assertion(replace(SAID, name_id="A\x00B"), *signer, NOW)
