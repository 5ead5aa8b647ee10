"""Key stores and trust stores that come with a destination; for a moment, in memory."""

import base64
import binascii
import logging
import ssl
from datetime import datetime
from urllib.parse import urlsplit

from sapmatch.model.access import Secret
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import LOOPBACK, Connection
from sapmatch.model.errors import InputRejected, SapUnavailable
from sapmatch.sap.auth.destination.reply import Reply, Stored
from sapmatch.sap.auth.keys import KeyPair, key_pair

_log = logging.getLogger(__name__)

_BINARY = (".p12", ".pfx")
_TIMEOUT = 5.0  # seconds


def client_certificate(place: str, reply: Reply, now: datetime) -> KeyPair:
    """Of KeyStoreLocation and KeyStorePassword, where that is how the destination logs on."""
    name = reply.property("KeyStoreLocation")
    content = _content(place, reply, "KeyStoreLocation", name)
    password = reply.property("KeyStorePassword")
    shown = f"{name} of {place}"
    if name.lower().endswith(_BINARY):
        fields = {"p12": base64.b64encode(content).decode(), "password": password}
    else:
        pem = content.decode("ascii", errors="replace")
        fields = {"certificate": pem, "key": pem, "key_password": password}
    return key_pair(Secret(name=shown, version="", fields=fields), now)


def trust_store(place: str, reply: Reply) -> str | None:
    """The authorities of TrustStoreLocation as PEM, None where it names none (D13)."""
    name = reply.property("TrustStoreLocation")
    if not name:
        return None
    content = _content(place, reply, "TrustStoreLocation", name)
    try:
        return _authorities(name, content, reply.property("TrustStorePassword"))
    except ValueError as exc:
        raise InputRejected(
            f"{place}: TrustStoreLocation {name} holds no certificates in PEM, DER or PKCS #12; "
            "upload it as .pem or .p12 (BTP cockpit, Connectivity, Certificates)"
        ) from exc


def trust_all(place: str, reply: Reply, auth: BtpDestination, connection: Connection) -> str | None:
    """The certificate that a loopback server shows, where `trust_all` is set; never elsewhere."""
    if reply.property("TrustAll").lower() != "true":
        return None
    parts = urlsplit(connection.url)
    host = parts.hostname or ""
    if not auth.trust_all or host not in LOOPBACK:
        raise InputRejected(
            f"{place}: has TrustAll, and certificates are always checked here; take it out, and "
            "upload SAP's authority as TrustStoreLocation"
        )
    if parts.scheme != "https":
        return None
    _log.warning("%s: TrustAll counts, as trust_all is set: for this machine only", place)
    try:
        return ssl.get_server_certificate((host, parts.port or 443), timeout=_TIMEOUT)
    except OSError as exc:
        raise SapUnavailable(f"{place}: {connection.url} shows no certificate") from exc


def _content(place: str, reply: Reply, property_: str, name: str) -> bytes:
    stored: Stored | None = reply.stored(name)
    if not name or stored is None:
        raise InputRejected(
            f"{place}: {property_} must name a store that is uploaded with it (BTP cockpit, "
            "Connectivity, Certificates), on the same level as the destination"
        )
    try:
        return base64.b64decode(stored.content, validate=True)
    except binascii.Error as exc:
        raise InputRejected(f"{place}: the store {name} is not readable") from exc


def _authorities(name: str, content: bytes, password: str) -> str:
    """PEM; ValueError for anything that holds no certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    if name.lower().endswith(_BINARY):
        _, leaf, others = pkcs12.load_key_and_certificates(content, password.encode() or None)
        found = [*([leaf] if leaf else []), *others]
    elif content.lstrip().startswith(b"-----BEGIN"):
        found = x509.load_pem_x509_certificates(content)
    else:
        found = [x509.load_der_x509_certificate(content)]
    if not found:
        raise ValueError("no certificate")
    return "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in found)
