"""Who may enter the embedded SAP on the local stage, and the secrets by which our side does.

Every secret is a canary: a test looks for it in all that is logged, stored, mailed and printed.
"""

import getpass
import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from local.authority import Authority

CA = "authority.pem"
SAP_USER, SAP_PASSWORD = "DEMO", "canary-of-the-local-stage"
OAUTH_CLIENT, CLIENT_SECRET = "SAPMATCH", "canary-of-the-oauth-client"
P12_PASSWORD = "canary-of-the-signing-key"  # noqa: S105
DESTINATION_USER, DESTINATION_PASSWORD = "BTP", "canary-of-the-destination"
BTP_SECRET = "canary-of-the-binding"  # noqa: S105
USERS_USER, USERS_PASSWORD = "SAPMATCH_UM", "canary-of-the-user-administration"
DECIDER = "AMUELLER"  # the SAP user of whoever runs the demo
PASSWORDS = {
    SAP_USER: SAP_PASSWORD,
    OAUTH_CLIENT: CLIENT_SECRET,
    DESTINATION_USER: DESTINATION_PASSWORD,
    USERS_USER: USERS_PASSWORD,
}
ISSUER, AUDIENCE = "sapmatch-local", "S4H100"
BTP = "sapmatch/local/btp"
SECRET = "sapmatch/local/s4-basic"  # noqa: S105 - the name of the secret, not the secret


class Accounts(Struct, frozen=True):
    """What was written for SAP into `folder`, and the secrets of our side by their names."""

    folder: Path
    secrets: dict[str, dict[str, str]]

    @property
    def options(self) -> list[str]:
        """Of `python -m local.sap`."""
        files = (self.folder / "sap.pem", self.folder / "sap.key")
        return ["--tls", *map(str, files), "--logon", str(self.folder / "logon.json")]


def made(folder: Path) -> Accounts:
    """An authority, SAP's certificate, and a key that SAP trusts to name its users."""
    authority = Authority()
    server, signer = authority.issue("sap.local", "127.0.0.1"), authority.issue(ISSUER)
    logon = {
        "users": {DECIDER: {"kind": "dialog"}},
        "oauth_clients": {OAUTH_CLIENT: {"grants": ["saml2-bearer"]}},
        "trusted_providers": {ISSUER: signer.certificate},
        "local_provider": AUDIENCE,
    }
    files = {
        CA: authority.certificate,
        "sap.pem": server.certificate,
        "sap.key": server.key,
        "logon.json": json.dumps(logon),
    }
    for name, text in files.items():
        _write(folder / name, text)
    return Accounts(
        folder,
        {
            SECRET: {"user": SAP_USER, "password": SAP_PASSWORD},
            "sapmatch/local/s4-users": {"user": USERS_USER, "password": USERS_PASSWORD},
            "sapmatch/local/s4": {
                "client_id": OAUTH_CLIENT,
                "client_secret": CLIENT_SECRET,
                "p12": signer.p12(P12_PASSWORD),
                "password": P12_PASSWORD,
            },
            "sapmatch/local/ca": {"bundle": authority.certificate},
        },
    )


def destinations(folder: Path, sap_url: str) -> Path:
    """The file of the destinations that the embedded BTP knows."""
    properties = {
        "Name": "S4",
        "Type": "HTTP",
        "URL": sap_url,
        "ProxyType": "Internet",
        "Authentication": "BasicAuthentication",
        "User": DESTINATION_USER,
        "Password": DESTINATION_PASSWORD,
    }
    return _write(
        folder / "destinations.json", json.dumps({"S4": {"destinationConfiguration": properties}})
    )


def binding(shown: dict[str, Any]) -> dict[str, str]:
    """The secret of a connection by a destination, of what the embedded BTP says of itself."""
    return {**shown["binding"], "clientsecret": BTP_SECRET}


def people() -> str:
    """The settings that map whoever decides on this machine to a user of SAP."""
    return f'\n[reviewing.people."{getpass.getuser()}"]\nsap_user = "{DECIDER}"\n'


def _write(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text)
    return file
