"""When the certificates in a secret end."""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PEM = ("certificate", "bundle")  # fields that hold certificates, several maybe


class Ending(Struct, frozen=True, kw_only=True):
    """A certificate of a secret: `place` is its field, `subject` as RFC 4514 writes it."""

    place: str
    subject: str
    ends: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days; below 0 where it is over."""
        return (self.ends - now).days


def endings(secret: Secret) -> Iterator[Ending]:
    """Of every certificate in it, also those of who issued it.

    InputRejected where one cannot be read, naming secret and field, and never a value.
    """
    for field in _PEM:
        if pem := secret.fields.get(field):
            for certificate in _from_pem(secret, field, pem):
                yield _ending(field, certificate)
    if p12 := secret.fields.get("p12"):
        for certificate in _from_p12(secret, p12):
            yield _ending("p12", certificate)


def _ending(field: str, certificate: "Certificate") -> Ending:
    subject = certificate.subject.rfc4514_string()
    return Ending(place=field, subject=subject, ends=certificate.not_valid_after_utc)


def _from_pem(secret: Secret, field: str, pem: str) -> list["Certificate"]:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as exc:
        raise InputRejected(f"secret {secret.name}: `{field}` must be PEM") from exc


def _from_p12(secret: Secret, p12: str) -> list["Certificate"]:
    from cryptography.hazmat.primitives.serialization import pkcs12

    password = secret.fields.get("password", "").encode() or None
    try:
        content = base64.b64decode("".join(p12.split()), validate=True)
        _, own, others = pkcs12.load_key_and_certificates(content, password)
    except (binascii.Error, ValueError) as exc:
        raise InputRejected(
            f"secret {secret.name}: `p12` must be a PKCS #12 file in base64 that `password` opens"
        ) from exc
    return [*([own] if own else []), *others]
