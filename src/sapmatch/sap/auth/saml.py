"""A SAML 2.0 assertion that says in whose name SAP is called, signed by us (RFC 7522 3).

An Assertion and no Response, as SAP's token endpoint takes nothing else. All its namespaces are
declared on it: ABAP cuts parts out, and a prefix that is declared elsewhere ends there in a 500.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

EARLY = timedelta(seconds=60)  # SAP's clock may be behind ours

_SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_BASIC: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
_BEFORE: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession"
_NAME_ID: Final = {
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "email": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
}


class Statement(Struct, frozen=True, kw_only=True):
    """What an assertion says: `name_id` is the user, by `name_id_format` of the settings.

    `recipient` is the address of the token endpoint, `client_id` the OAuth client that shows it
    (an attribute, as SOAUTH2 may ask for it).
    """

    issuer: str
    audience: str
    recipient: str
    name_id: str
    name_id_format: str
    client_id: str
    lifetime: timedelta


def signed_assertion(
    said: Statement, key: "RSAPrivateKey", certificate: "Certificate", now: datetime
) -> bytes:
    """The assertion as XML, with an ID of its own: enveloped, exclusive c14n, RSA with SHA-256.

    ValueError where something that is said cannot stand in XML.
    """
    from lxml import etree
    from signxml.algorithms import CanonicalizationMethod
    from signxml.signer import XMLSigner

    assertion = _assertion(said, now)
    signer = XMLSigner(
        signature_algorithm="rsa-sha256",
        digest_algorithm="sha256",
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed = signer.sign(
        assertion,
        key=key,
        cert=[certificate],
        reference_uri=f"#{assertion.get('ID')}",
        id_attribute="ID",
    )
    return bytes(etree.tostring(signed))


def _assertion(said: Statement, now: datetime) -> Any:
    """Without its signature, for which there is a place behind the issuer, as the schema says."""
    from lxml import etree

    element = etree.Element(f"{{{_SAML}}}Assertion", nsmap={"saml": _SAML, "ds": _DS})
    element.set("ID", f"_{secrets.token_hex(20)}")
    element.set("Version", "2.0")
    element.set("IssueInstant", _time(now))
    _add(element, "Issuer", said.issuer)
    etree.SubElement(element, f"{{{_DS}}}Signature", Id="placeholder")
    end = _time(now + said.lifetime)
    _add_subject(element, said, end)
    conditions = _add(element, "Conditions", NotBefore=_time(now - EARLY), NotOnOrAfter=end)
    _add(_add(conditions, "AudienceRestriction"), "Audience", said.audience)
    authn = _add(element, "AuthnStatement", AuthnInstant=_time(now))
    _add(_add(authn, "AuthnContext"), "AuthnContextClassRef", _BEFORE)
    statement = _add(element, "AttributeStatement")
    attribute = _add(statement, "Attribute", Name="client_id", NameFormat=_BASIC)
    _add(attribute, "AttributeValue", said.client_id)
    return element


def _add_subject(element: Any, said: Statement, end: str) -> None:
    subject = _add(element, "Subject")
    _add(subject, "NameID", said.name_id, Format=_NAME_ID[said.name_id_format])
    confirmation = _add(subject, "SubjectConfirmation", Method=_BEARER)
    _add(confirmation, "SubjectConfirmationData", NotOnOrAfter=end, Recipient=said.recipient)


def _add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    from lxml import etree

    child = etree.SubElement(parent, f"{{{_SAML}}}{name}", attributes)
    child.text = text
    return child


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
