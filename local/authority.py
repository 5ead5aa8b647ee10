"""The authority of the local stage: SAP's certificate, and the key that signs for people."""

import ipaddress
from base64 import b64encode
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from msgspec import Struct

LIFE = timedelta(days=1)
_EARLIER = timedelta(minutes=5)  # clocks differ
_BITS = 2048


class Issued(Struct, frozen=True):
    """A certificate and its private key."""

    x509: x509.Certificate
    private: rsa.RSAPrivateKey

    @property
    def certificate(self) -> str:
        """In PEM."""
        return self.x509.public_bytes(Encoding.PEM).decode()

    @property
    def key(self) -> str:
        """In PEM, not encrypted."""
        pem, plain = Encoding.PEM, NoEncryption()
        return self.private.private_bytes(pem, PrivateFormat.PKCS8, plain).decode()

    def p12(self, password: str) -> str:
        """Both as a PKCS #12 file, in base64."""
        encryption = BestAvailableEncryption(password.encode())
        content = pkcs12.serialize_key_and_certificates(
            b"local", self.private, self.x509, None, encryption
        )
        return b64encode(content).decode()


class Authority:
    """Issues certificates that nobody trusts who was not given `certificate`."""

    def __init__(self) -> None:
        private = rsa.generate_private_key(65537, _BITS)
        self._own = _issued("sapmatch local authority", private, None, ca=True)
        self.certificate = self._own.certificate

    def issue(self, name: str, address: str | None = None) -> Issued:
        """For a server at an IP address, else for a signer."""
        private = rsa.generate_private_key(65537, _BITS)
        return _issued(name, private, self._own, address=address)


def _issued(
    name: str,
    private: rsa.RSAPrivateKey,
    issuer: Issued | None,
    *,
    ca: bool = False,
    address: str | None = None,
) -> Issued:
    now, subject = datetime.now(UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.x509.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False
        )
    )
    signer = issuer.private if issuer else private
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    if address:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return Issued(builder.sign(signer, hashes.SHA256()), private)
