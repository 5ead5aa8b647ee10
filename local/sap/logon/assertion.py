"""SAML 2.0 assertions as SAP checks them before it gives a token (RFC 7522, section 3)."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_ALPHABETS = {"base64url": "A-Za-z0-9_-", "base64": "A-Za-z0-9+/"}
_MAX_VALIDITY = timedelta(minutes=30)


class AssertionRefused(Exception):
    """SAP does not take the assertion; the text is what it says about it."""


class AssertionBroken(Exception):
    """SAP's XML parser stumbled; it answers 500."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What an assertion is checked against.

    `providers` are certificates (PEM) by issuer; `recipient` is the address of the token endpoint
    without its query.
    """

    providers: Mapping[str, str]
    audience: str
    recipient: str
    skew: timedelta
    now: datetime


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a checked assertion says; `client_id` where it names one."""

    id: str
    name_id: str
    is_email: bool
    client_id: str | None


def decoded(text: str, encoding: str) -> bytes:
    """The XML of the form field; AssertionRefused where the encoding is another one."""
    if not re.fullmatch(f"[{_ALPHABETS[encoding]}]+={{0,2}}", text):
        raise AssertionRefused("Assertion could not be decoded")
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_" if encoding == "base64url" else None)
    except binascii.Error as error:
        raise AssertionRefused("Assertion could not be decoded") from error


def checked(document: bytes, trust: Trust) -> Assertion:
    """What the assertion says; AssertionRefused or AssertionBroken otherwise.

    Only what the signature covers is read (XML signature wrapping).
    """
    sent = _parsed(document)
    if sent.tag == f"{_PROTOCOL}Response":
        raise AssertionRefused("Message Response is not expected: send the Assertion alone")
    if sent.tag != f"{_SAML}Assertion":
        raise AssertionRefused("Message is no SAML 2.0 Assertion")
    if sent.find(_SIGNATURE) is None:
        raise AssertionRefused("Message Assertion is not signed")
    if [child.tag for child in sent][:2] != [f"{_SAML}Issuer", _SIGNATURE]:
        raise AssertionRefused("Message Assertion is not valid: Signature must follow Issuer")
    issuer = _text(sent, "Issuer")
    if issuer not in trust.providers:
        raise AssertionRefused(f"Issuer {issuer[:80]} is not a trusted provider")
    signed = _verified(document, trust.providers[issuer])
    _check_conditions(signed, trust)
    _check_confirmation(signed, trust)
    if signed.find(f"{_SAML}AuthnStatement") is None:
        raise AssertionRefused("Assertion holds no AuthnStatement")
    return _said(signed)


def _parsed(document: bytes) -> "_Element":
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise AssertionBroken("undeclared namespace prefix or malformed XML") from error
    for each in root.iter(etree.Element):
        prefix, colon, _ = each.get(_TYPE, "").partition(":")
        if colon and prefix not in each.nsmap:
            raise AssertionBroken("undeclared namespace prefix")
    return root


def _verified(document: bytes, certificate: str) -> "_Element":
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import InvalidInput, InvalidSignature
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    wanted = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
    )
    try:
        result = XMLVerifier().verify(document, x509_cert=certificate, expect_config=wanted)
    except (InvalidSignature, InvalidInput) as error:
        raise AssertionRefused("Signature of the Assertion is not valid") from error
    if isinstance(result, list) or result.signed_xml is None:
        raise AssertionRefused("Signature of the Assertion does not cover it")
    if result.signed_xml.tag != f"{_SAML}Assertion":
        raise AssertionRefused("Signature of the Assertion does not cover it")
    return result.signed_xml


def _check_conditions(assertion: "_Element", trust: Trust) -> None:
    conditions = assertion.find(f"{_SAML}Conditions")
    if conditions is None:
        raise AssertionRefused("Assertion holds no Conditions")
    _check_times(conditions, trust)
    audiences = conditions.iterfind(f"{_SAML}AudienceRestriction/{_SAML}Audience")
    if trust.audience not in [(each.text or "").strip() for each in audiences]:
        raise AssertionRefused(f"Audience is not the local provider {trust.audience}")


def _check_confirmation(assertion: "_Element", trust: Trust) -> None:
    """One bearer confirmation for this endpoint (RFC 7522, section 3, item 5)."""
    bearers = [each for each in _confirmations(assertion) if each.get("Method") == _BEARER]
    data = [each.find(f"{_SAML}SubjectConfirmationData") for each in bearers]
    ours = [each for each in data if each is not None and _recipient(each) == trust.recipient]
    if not ours:
        raise AssertionRefused("Recipient of the SubjectConfirmation is not this token endpoint")
    if ours[0].get("NotOnOrAfter") is None:
        raise AssertionRefused("SubjectConfirmationData holds no NotOnOrAfter")
    _check_times(ours[0], trust)


def _confirmations(assertion: "_Element") -> Iterator["_Element"]:
    return assertion.iterfind(f"{_SAML}Subject/{_SAML}SubjectConfirmation")


def _recipient(data: "_Element") -> str:
    return data.get("Recipient", "").partition("?")[0]


def _check_times(element: "_Element", trust: Trust) -> None:
    begins, ends = (_moment(element.get(name)) for name in ("NotBefore", "NotOnOrAfter"))
    if begins is not None and trust.now + trust.skew < begins:
        raise AssertionRefused("Assertion is not yet valid")
    if ends is not None and trust.now - trust.skew >= ends:
        raise AssertionRefused("Assertion has expired")
    if ends is not None and ends - trust.now > _MAX_VALIDITY:
        raise AssertionRefused("Assertion is valid for too long")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise AssertionRefused("Assertion holds a time that is none") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _said(assertion: "_Element") -> Assertion:
    name_id = assertion.find(f"{_SAML}Subject/{_SAML}NameID")
    if name_id is None or not name_id.text:
        raise AssertionRefused("Assertion names no user")
    form = name_id.get("Format", _UNSPECIFIED)
    if form not in (_UNSPECIFIED, _EMAIL):
        raise AssertionRefused("NameID format is not supported by this trusted provider")
    identity = assertion.get("ID", "")
    return Assertion(identity, name_id.text.strip(), form == _EMAIL, _client_id(assertion))


def _client_id(assertion: "_Element") -> str | None:
    path = f"{_SAML}AttributeStatement/{_SAML}Attribute[@Name='client_id']/{_SAML}AttributeValue"
    value = assertion.find(path)
    return None if value is None else (value.text or "").strip()


def _text(element: "_Element", name: str) -> str:
    found = element.find(f"{_SAML}{name}")
    return "" if found is None else (found.text or "").strip()
