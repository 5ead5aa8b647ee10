"""SAML assertions as RFC 7522 wants them, made by hand: nothing of the product is in them."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from tests.builders.certificates import Leaf

PROVIDER = "sapmatch"
AUDIENCE = "S4H100"
_SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>'
_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
_TEMPLATE = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  ID="{identity}" IssueInstant="{issued}" Version="2.0">
<saml:Issuer>{issuer}</saml:Issuer>{signature}
<saml:Subject><saml:NameID Format="{form}">{user}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{ends}" Recipient="{recipient}"/>
</saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{issued}"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession\
</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="client_id">
<saml:AttributeValue xsi:type="xs:string">{client_id}</saml:AttributeValue>
</saml:Attribute></saml:AttributeStatement></saml:Assertion>"""


def unsigned(
    recipient: str,
    user: str = "MEIER",
    *,
    issuer: str = PROVIDER,
    audience: str = AUDIENCE,
    client_id: str = "ROBOT",
    name_id: str = "unspecified",
    begins_in: float = -5,
    ends_in: float = 300,
) -> str:
    """The XML with a place for its signature; times are seconds from now."""
    return _TEMPLATE.format(
        identity=f"_{uuid4().hex}",
        issued=_at(0),
        issuer=issuer,
        signature=_SIGNATURE,
        form=_FORMAT + name_id,
        user=user,
        begins=_at(begins_in),
        ends=_at(ends_in),
        recipient=recipient,
        audience=audience,
        client_id=client_id,
    )


def signed(xml: str, signer: Leaf, method: SignatureMethod = SignatureMethod.RSA_SHA256) -> bytes:
    """Signed by the key, the signature right behind the issuer."""
    root = etree.fromstring(xml.encode())
    tool = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    identity = root.get("ID")
    done = tool.sign(root, key=signer.key, cert=signer.certificate, reference_uri=f"#{identity}")
    return etree.tostring(done)


def without_signature(xml: str) -> bytes:
    """The same with nobody's name under it."""
    return xml.replace(_SIGNATURE, "").encode()


def encoded(document: bytes) -> str:
    """base64url without padding (RFC 7522, section 2.1)."""
    return urlsafe_b64encode(document).rstrip(b"=").decode()


def _at(seconds: float) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
