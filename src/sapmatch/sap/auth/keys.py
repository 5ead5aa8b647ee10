"""Private keys and their certificates, out of a secret; they never lie in a file."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected, LogonRefused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

SOON = 30  # days: a certificate that ends within them is told


class KeyPair(Struct, frozen=True, kw_only=True):
    """A private key (PEM, PKCS #8) and its certificate (PEM, followed by who issued it).

    `subject` as RFC 4514 writes it; `issuers`: how many of its authorities are at hand.
    """

    certificate: str
    key: str
    subject: str
    not_after: datetime
    issuers: int = 0

    def days_left(self, now: datetime) -> int:
        """Whole days until the certificate is over; SOON and less has to be told."""
        return (self.not_after - now).days

    def __repr__(self) -> str:
        return f"KeyPair({self.subject!r}, not_after={self.not_after:%Y-%m-%d})"


def key_pair(secret: Secret, now: datetime) -> KeyPair:
    """Of `p12` (base64) and `password`, or `certificate`, `key` and perhaps `key_password` (PEM).

    InputRejected where the secret cannot be read or its parts do not fit; LogonRefused
    ("certificate") where its password is wrong or the certificate is not valid now (CO-T15).
    """
    _check_text(secret)
    key, found = _from_p12(secret) if "p12" in secret.fields else _from_pem(secret)
    leaf, issuers = _path(key, found, secret)
    _check_validity(leaf, now, secret)
    return KeyPair(
        certificate="".join(_pem(each) for each in (leaf, *issuers)),
        key=_key_pem(key),
        subject=leaf.subject.rfc4514_string(),
        not_after=leaf.not_valid_after_utc,
        issuers=len(issuers),
    )


def _check_text(secret: Secret) -> None:
    """What a file or a variable in another encoding leaves behind; OpenSSL ends on a NUL."""
    for name in ("p12", "password", "certificate", "key", "key_password"):
        text = secret.fields.get(name, "")
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputRejected(f"secret {secret.name}: `{name}` must be text in UTF-8")


def _from_p12(secret: Secret) -> tuple["PrivateKeyTypes", list["Certificate"]]:
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        content = base64.b64decode("".join(secret.field("p12").split()), validate=True)
    except ValueError as exc:
        raise InputRejected(
            f"secret {secret.name}: `p12` must be base64 (base64 -w0 robot.p12)"
        ) from exc
    password = secret.fields.get("password", "").encode() or None
    try:
        key, leaf, others = pkcs12.load_key_and_certificates(content, password)
    except ValueError as exc:
        raise LogonRefused(
            f"secret {secret.name}: `password` does not open its `p12`, or that is no PKCS #12 "
            "file; export it anew from where the certificate was made, and store both",
            "certificate",
        ) from exc
    if key is None:
        raise InputRejected(
            f"secret {secret.name}: its `p12` holds no private key; export it with its key"
        )
    return key, [*([leaf] if leaf else []), *others]


def _from_pem(secret: Secret) -> tuple["PrivateKeyTypes", list["Certificate"]]:
    from cryptography import x509

    certificate = secret.field("certificate").encode()
    try:
        found = x509.load_pem_x509_certificates(certificate)
    except ValueError as exc:
        raise InputRejected(
            f"secret {secret.name}: `certificate` must be PEM (-----BEGIN CERTIFICATE-----), "
            "its own first, then those of who issued it"
        ) from exc
    return _pem_key(secret), found


def _pem_key(secret: Secret) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    password = secret.fields.get("key_password", "")
    pem = secret.field("key").encode()
    try:
        return load_pem_private_key(pem, password.encode() or None)
    except TypeError as exc:
        wrong = "is encrypted: add the field" if not password else "is not encrypted: leave out"
        raise InputRejected(f"secret {secret.name}: `key` {wrong} `key_password`") from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        if password:
            raise LogonRefused(
                f"secret {secret.name}: `key_password` does not open its `key`, or that is no "
                "private key in PEM",
                "certificate",
            ) from exc
        raise InputRejected(
            f"secret {secret.name}: `key` must be PEM (-----BEGIN PRIVATE KEY-----)"
        ) from exc


def _path(
    key: "PrivateKeyTypes", found: Sequence["Certificate"], secret: Secret
) -> tuple["Certificate", list["Certificate"]]:
    """The certificate of the key, and who issued it, in the order that TLS wants them in."""
    own = key.public_key()
    leaf = next((each for each in found if _public_key(each) == own), None)
    if leaf is None:
        raise InputRejected(
            f"secret {secret.name}: none of its certificates belongs to its private key; "
            "store the certificate that was issued for this key"
        )
    return leaf, _issuers(leaf, found)


def _issuers(leaf: "Certificate", found: Sequence["Certificate"]) -> list["Certificate"]:
    by_subject = {each.subject: each for each in found if each is not leaf}
    issuers = []
    last = leaf
    while last.issuer != last.subject and last.issuer in by_subject:
        last = by_subject.pop(last.issuer)
        issuers.append(last)
    return issuers


def _public_key(certificate: "Certificate") -> object:
    """None for a kind of key that nobody can use."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _check_validity(leaf: "Certificate", now: datetime, secret: Secret) -> None:
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if now > ends:
        raise LogonRefused(
            f"secret {secret.name}: the certificate ended on {ends:%Y-%m-%d}; have it renewed, map "
            "the new one in SAP (CERTRULE), then store it as a new version of the secret",
            "certificate",
        )
    if now < begins:
        raise LogonRefused(
            f"secret {secret.name}: the certificate is valid from {begins:%Y-%m-%d %H:%M} UTC on; "
            "check the clock of this machine, or wait",
            "certificate",
        )


def _pem(certificate: "Certificate") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _key_pem(key: "PrivateKeyTypes") -> str:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
