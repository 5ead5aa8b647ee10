"""An authority for one test: servers, clients and signers with certificates of it."""

import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from trustme import CA, KeyType, LeafCert

NAMES = ("127.0.0.1", "localhost", "sap.example.com")
PASSWORD = "p12-Geheim"  # of files that live as long as a test


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate with its key, as PEM; `certificate` alone, `chain` with whoever issued it."""

    certificate: str
    key: str
    chain: str

    def p12(self, password: str | None = PASSWORD, *, with_chain: bool = True) -> bytes:
        """The key pair as SAP offers it for download (.p12); without password where None."""
        first, *others = x509.load_pem_x509_certificates(self.chain.encode())
        key = load_pem_private_key(self.key.encode(), None)
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        authorities = others if with_chain else None
        return pkcs12.serialize_key_and_certificates(b"sap", key, first, authorities, encryption)  # type: ignore[arg-type]

    def encrypted_key(self, password: str = PASSWORD) -> str:
        """The key as PEM that only the password opens."""
        key = load_pem_private_key(self.key.encode(), None)
        encryption = BestAvailableEncryption(password.encode())
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()

    @property
    def pem_fields(self) -> Mapping[str, str]:
        """The fields of a secret that holds it as PEM."""
        return {"certificate": self.chain, "key": self.key}

    @property
    def p12_fields(self) -> Mapping[str, str]:
        """The fields of a secret that holds it as .p12."""
        return {"p12": b64encode(self.p12()).decode(), "password": PASSWORD}

    def files(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Written as `<name>.pem` (with its chain) and `<name>.key`."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_text(self.chain)
        key.write_text(self.key)
        return certificate, key


class Authority:
    """Issues certificates; `bundle` is the file that trusts them, `pem` the same as text."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        self._ca = CA(organization_name=name)
        self._issuing = CA(parent_cert=self._ca, organization_name=name)
        self.bundle = folder / "authority.pem"
        self.pem = self._ca.cert_pem.bytes().decode()
        self.bundle.write_text(self.pem)

    def server(self, *names: str, days: float = 90) -> ssl.SSLContext:
        """The side of a server that has these names (else NAMES), for `days` from now."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._issued(*(names or NAMES), days=days).configure_cert(context)
        return context

    def demanding(self, *names: str) -> ssl.SSLContext:
        """A server that lets nobody in without a client certificate of this authority."""
        context = self.server(*names)
        context.load_verify_locations(cadata=self.pem)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def server_leaf(self, *names: str, days: float = 90) -> Leaf:
        """The same as PEM, for a server that reads files."""
        return _leaf(self._issued(*(names or NAMES), days=days))

    def client(self, common_name: str = "ROBOT", *, days: float = 90) -> Leaf:
        """A client certificate CN=..., OU=Integration, O=Example, by an intermediate authority."""
        issued = self._issuing.issue_cert(
            common_name=common_name,
            organization_name="Example",
            organization_unit_name="Integration",
            not_after=_in(days),
        )
        return _leaf(issued)

    @cached_property
    def signer(self) -> Leaf:
        """An RSA key that signs SAML assertions, with its certificate."""
        return self.signer_until(90)

    def signer_until(self, days: float) -> Leaf:
        """A signing key whose certificate ends in `days`."""
        issued = self._ca.issue_cert(
            common_name="sapmatch signer", not_after=_in(days), key_type=KeyType.RSA
        )
        return _leaf(issued)

    def _issued(self, *names: str, days: float) -> LeafCert:
        return self._ca.issue_cert(*names, common_name=names[0], not_after=_in(days))


def _in(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def _leaf(issued: LeafCert) -> Leaf:
    chain = [each.bytes().decode() for each in issued.cert_chain_pems]
    key = issued.private_key_pem.bytes().decode()
    return Leaf(chain[0], key, "".join(chain))
