"""Whom TLS believes, and what it shows of ours; names are always checked."""

import os
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sapmatch.model.access import Access, Secrets
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected

_NOTHING = Access()
_ENVIRONMENT = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_A_FILE = " (a variable that names their file ends in _FILE, such as CA_BUNDLE_FILE)"


class Trust:
    """TLS 1.2 and later, with the authorities of this machine and of `bundle` (PEM).

    The machine's own are those of REQUESTS_CA_BUNDLE, where that is set. `server_name` is the name
    that the certificate of `host` bears, where that is another one than the url's.
    """

    def __init__(
        self,
        setting: str,
        bundle: str | None = None,
        *,
        host: str | None = None,
        server_name: str | None = None,
    ) -> None:
        self._setting = setting
        self._bundle = bundle
        self._host = host
        self._server_name = server_name
        self._lock = threading.Lock()
        self._made: tuple[Access, ssl.SSLContext] | None = None

    def context(self, shown: Access | None = None) -> ssl.SSLContext:
        """The context that shows certificate and key, and trusts the further authorities, of it.

        One and the same as long as these are; InputRejected where they cannot be loaded.
        """
        shown = shown or _NOTHING
        with self._lock:
            if self._made is None or not _is_same(self._made[0], shown):
                self._made = (shown, self._context(shown))
            return self._made[1]

    def server_name(self, host: str | None) -> str | None:
        """The name to ask `host` for and to look for in its certificate; None: its own."""
        return self._server_name if host == self._host else None

    def _context(self, shown: Access) -> ssl.SSLContext:
        context = _of_this_machine()
        for where, pem in (("ca", self._bundle), ("the destination's trust store", shown.trust)):
            if pem:
                self._add(context, where, pem)
        if shown.certificate and shown.key:
            try:
                with _file(f"{shown.key}\n{shown.certificate}") as path:
                    context.load_cert_chain(path)
            except ssl.SSLError as exc:
                raise InputRejected(
                    f"{self._setting}: the client certificate cannot be used ({exc.reason})"
                ) from exc
        return context

    def _add(self, context: ssl.SSLContext, where: str, pem: str) -> None:
        # An intermediate, or a server's own certificate, is trusted as it is: as Python 3.13 does.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            # OpenSSL's Python side takes ASCII alone, and people write names into comments.
            context.load_verify_locations(cadata=pem.encode("ascii", "replace").decode("ascii"))
        except (ssl.SSLError, ValueError) as exc:
            raise InputRejected(
                f"{self._setting}.{where}: must hold certificates of authorities in PEM"
                f"{_A_FILE if '-----BEGIN' not in pem else ''}"
            ) from exc

    def __repr__(self) -> str:
        return f"Trust({self._setting})"


def trust_of(name: str, connection: Connection, secrets: Secrets) -> Trust:
    """What `[connections.<name>]` trusts; InputRejected where its `ca` is no usable secret."""
    bundle = secrets.read(connection.ca).field("bundle") if connection.ca else None
    host = urlsplit(connection.url).hostname
    return Trust(f"[connections.{name}]", bundle, host=host, server_name=connection.server_name)


def _of_this_machine() -> ssl.SSLContext:
    import certifi

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    named = next(filter(None, map(os.environ.get, _ENVIRONMENT)), None)
    if named is None:
        context.load_default_certs()
        context.load_verify_locations(certifi.where())
        return context
    try:
        folder = Path(named).is_dir()
        context.load_verify_locations(None if folder else named, named if folder else None)
    except OSError as exc:
        raise InputRejected(f"{_ENVIRONMENT[0]}: {named} holds no certificates in PEM") from exc
    return context


def _is_same(one: Access, other: Access) -> bool:
    return (one.certificate, one.key, one.trust) == (other.certificate, other.key, other.trust)


@contextmanager
def _file(text: str) -> Iterator[str]:
    """A path to the text, for `ssl` takes nothing else: in memory, or ours alone for a moment."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("key", os.MFD_CLOEXEC), "w") as file:
            file.write(text)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    descriptor, path = tempfile.mkstemp()  # 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        yield path
    finally:
        Path(path).unlink()
