"""One authority, one server, and every way to log on to it."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import requests
from msgspec import Struct
from trustme import CA, KeyType

from benchmarks.imports import ROOT
from sapmatch.model.access import Secret
from sapmatch.model.auth import (
    Auth,
    Basic,
    BtpDestination,
    Certificate,
    ClientCredentials,
    NoAuth,
    SamlBearer,
)
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.ports import Clock
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient

NAMES: Final = ("basic", "certificate", "client credentials", "saml bearer", "btp destination")
TOKENS: Final = NAMES[2:]  # those that ask for tokens

_NO_LIMITS: Final = Limits(requests_per_second=1e6, burst=100_000, parallel=4)


class World(Struct, frozen=True):
    """Where the server listens, whom it is to be trusted by, and the secrets of all ways."""

    address: str
    bundle: Path
    fields: Mapping[str, Mapping[str, str]]

    def read(self, name: str) -> Secret:
        """Port Secrets."""
        return Secret(name=name, version="1", fields=self.fields[name])

    def client(self, name: str, clock: Clock | None = None) -> ODataClient:
        """A client that logs on that way; "none" is the floor."""
        connection = Connection(
            url=self.address, client="100", auth=self._auth(name), ca="ca", limits=_NO_LIMITS
        )
        return connect("s4", connection, self, clock=clock)

    def counts(self) -> Mapping[str, int]:
        """What the server has been asked so far."""
        answer = requests.get(f"{self.address}/counts", verify=str(self.bundle), timeout=20)
        counts: dict[str, int] = json.loads(answer.content)
        return counts

    def _auth(self, name: str) -> Auth:
        token_url = f"{self.address}/oauth/token"
        ways: Mapping[str, Auth] = {
            "none": NoAuth(),
            "basic": Basic(secret="user"),
            "certificate": Certificate(secret="key"),
            "client credentials": ClientCredentials(secret="oauth", token_url=token_url),
            "saml bearer": SamlBearer(
                secret="key", issuer="sapmatch", audience="S4H100", user="ROBOT"
            ),
            "btp destination": BtpDestination(secret="binding", destination="S4"),
        }
        return ways[name]


@contextmanager
def served() -> Iterator[World]:
    """The server in a process of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        authority = CA()
        _keep(authority, folder)
        command = [sys.executable, "-m", "benchmarks.connections.server", str(folder)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
            assert process.stdin
            assert process.stdout
            try:
                address = process.stdout.readline().strip()
                yield World(address, folder / "authority.pem", _secrets(authority, address))
            finally:
                process.stdin.close()


def _keep(authority: CA, folder: Path) -> None:
    server = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    server.cert_chain_pems[0].write_to_path(folder / "server.pem")
    server.private_key_pem.write_to_path(folder / "server.key")


def _secrets(authority: CA, address: str) -> dict[str, dict[str, str]]:
    robot = authority.issue_cert(common_name="ROBOT", key_type=KeyType.RSA)
    client = {"client_id": "ROBOT", "client_secret": base64.b64encode(b"benchmark").decode()}
    certificate = robot.cert_chain_pems[0].bytes().decode()
    key = robot.private_key_pem.bytes().decode()
    return {
        "ca": {"bundle": authority.cert_pem.bytes().decode()},
        "user": {"user": "ROBOT", "password": "benchmark"},
        "oauth": client,
        "key": {
            **client,
            "certificate": certificate,
            "key": key,
        },
        "binding": {
            "clientid": "ROBOT",
            "clientsecret": "benchmark",
            "url": address,
            "uri": address,
        },
    }
