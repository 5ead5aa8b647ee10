"""TLS of the stand-in: its certificate, and those of its clients."""

import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path


def server_context(
    certificate: Path, key: Path, client_ca: Path | None = None, *, required: bool = False
) -> ssl.SSLContext:
    """TLS 1.2 and newer; with `client_ca` clients may show a certificate, or have to.

    Raises OSError or ValueError that names the file which cannot be used.
    """
    for file in filter(None, (certificate, key, client_ca)):
        file.read_bytes()  # the errors of ssl name no file
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise ValueError(f"{certificate}, {key}: not a certificate with its key (PEM)") from error
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except ssl.SSLError as error:
            raise ValueError(f"{client_ca}: no certificate in it (PEM)") from error
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    return context


@dataclass(slots=True)
class Connections:
    """How often clients came: TCP connections, TLS handshakes, and those that failed."""

    accepted: int = 0
    handshakes: int = 0
    failed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, *, accepted: int = 0, handshakes: int = 0, failed: int = 0) -> None:
        """Count."""
        with self._lock:
            self.accepted += accepted
            self.handshakes += handshakes
            self.failed += failed

    def clear(self) -> None:
        """Count from zero."""
        with self._lock:
            self.accepted = self.handshakes = self.failed = 0

    def as_json(self) -> dict[str, int]:
        """For GET /_control/connections."""
        with self._lock:
            return {
                "accepted": self.accepted,
                "handshakes": self.handshakes,
                "failed_handshakes": self.failed,
            }
