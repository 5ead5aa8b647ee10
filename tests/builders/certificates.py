"""An authority for one test, and servers with certificates of it."""

import ssl
import subprocess
from pathlib import Path

import pytest

_AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
_LEAF = "subjectAltName={names}\nauthorityKeyIdentifier=keyid\nbasicConstraints=CA:FALSE\n"


class Authority:
    """Makes certificates with openssl, all with one key; `bundle` is what trusts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = folder / "key.pem"
        self.bundle = folder / "authority.pem"
        self._openssl("genrsa", "-out", str(self._key), "2048")
        self._openssl(*self._request("Test Authority"), "-out", str(folder / "a.csr"))
        self._signed(folder / "a.csr", self.bundle, _AUTHORITY, 3650, "-key", str(self._key))

    def server(self, names: str = "IP:127.0.0.1", days: int = 90) -> ssl.SSLContext:
        """The side of a server whose certificate has these names and ends in `days`."""
        request, path = self._folder / "s.csr", self._folder / "server.pem"
        self._openssl(*self._request("server"), "-out", str(request))
        signer = ("-CA", str(self.bundle), "-CAkey", str(self._key), "-set_serial", "2")
        self._signed(request, path, _LEAF.format(names=names), days, *signer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, self._key)
        return context

    def _request(self, name: str) -> list[str]:
        return ["req", "-new", "-key", str(self._key), "-subj", f"/CN={name}"]

    def _signed(self, request: Path, to: Path, extensions: str, days: int, *signer: str) -> None:
        file = self._folder / "extensions.cnf"
        file.write_text("subjectKeyIdentifier=hash\n" + extensions)
        arguments = ["-in", str(request), "-out", str(to), "-extfile", str(file)]
        self._openssl("x509", "-req", *arguments, "-days", str(days), *signer)

    def _openssl(self, *arguments: str) -> None:
        try:
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
        except FileNotFoundError:
            pytest.skip("no openssl to make a certificate with")
