"""The embedded SAP behind TLS, and a laptop that is set up for one way to log on to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.sap.server import Server, serve
from local.sap.tls import server_context
from tests.builders.certificates import Authority
from tests.contract.local_sap.local_sap_world import INVOICES, ROOT, SALES, USERS, seed

SCOPES = [f"{SALES}_0001", f"{INVOICES}_0001"]
TOKENS = "{url}/sap/bc/sec/oauth2/token?sap-client=100"
AUTH = {
    "basic": 'type = "basic"',
    "certificate": 'type = "certificate"',
    "oauth2-client-credentials": f'type = "oauth2-client-credentials", token_url = "{TOKENS}"',
    "oauth2-saml-bearer": (
        'type = "oauth2-saml-bearer", issuer = "sapmatch", audience = "S4H100", user = "OTHER"'
    ),
}


def secrets(kind: str, authority: Authority) -> Mapping[str, str]:
    """The fields of the secret that each way needs."""
    client = {"client_id": "ROBOT", "client_secret": USERS["ROBOT"]}
    return {
        "basic": {"user": "ROBOT", "password": USERS["ROBOT"]},
        "certificate": authority.client("ROBOT").p12_fields,
        "oauth2-client-credentials": client,
        "oauth2-saml-bearer": client | dict(authority.signer.pem_fields),
    }[kind]


@contextmanager
def sap(authority: Authority, folder: Path, **logon: Any) -> Iterator[Server]:
    """A SAP with TLS that trusts our certificates, assertions and client."""
    known = {
        "users": {"MEIER": {"kind": "dialog"}},
        "certificate_rules": [{"subject": "CN=*, O=Example"}],
        "oauth_clients": {"ROBOT": {"scopes": SCOPES}},
        "trusted_providers": {"sapmatch": authority.signer.certificate},
    }
    files = authority.server_leaf().files(folder, "server")
    context = server_context(*files, authority.bundle)
    with serve(seed(), users=USERS, logon=known | logon, tls=context, page_size=5) as server:
        yield server


@dataclass(frozen=True)
class Home:
    """A folder with settings, and an environment with the secret."""

    monkeypatch: pytest.MonkeyPatch
    authority: Authority

    def __call__(self, server: Server, kind: str, root: str = ROOT, more: str = "") -> None:
        """Settings for one way to log on, and its secret."""
        self.keep(secrets(kind, self.authority))
        auth = AUTH[kind].replace("{url}", server.url)
        self.settings(server.url, f'{auth}, secret = "env:S4"', root, more)

    def keep(self, fields: Mapping[str, str], name: str = "S4") -> None:
        """Secret `env:<name>`."""
        for field, value in fields.items():
            self.monkeypatch.setenv(f"{name}_{field.upper()}", value)

    def settings(self, url: str, auth: str, root: str = ROOT, more: str = "") -> None:
        """sapmatch.toml with the connection s4."""
        Path("sapmatch.toml").write_text(
            f'[connections.s4]\nurl = "{url}"\nservice = "{root}/{SALES}"\n'
            f"auth = {{ {auth} }}\n{more}\n"
        )


def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> Home:
    """A laptop in that folder which trusts the authority."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    return Home(monkeypatch, authority)
