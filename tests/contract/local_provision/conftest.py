"""`sapmatch provision` against the embedded SAP with a central user administration."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.provisioning import FILE, LANDSCAPE
from tests.builders.abap import PASSWORD, USER, AbapServer, abap_server

CONNECTION = """
[connections.{name}]
url = "{url}"
client = "{client}"
auth = {{ type = "basic", secret = "env:S4" }}
limits = {{ requests_per_second = 1000, burst = 100 }}
quiet_seconds = 0
[connections.{name}.rfc]
systemId = "S4H"
"""
CENTRAL = """
cuaEnabled = true
destinationName = "S4HCLNT100"
systems = { S4HCLNT200 = "s4_200", S4HCLNT300 = "s4_300" }
[provisioning.s4]
roles_removed_at_most = 2
users_locked_at_most = 1
verify_minutes = 0
"""


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AbapServer]:
    """The users of the local stage, settings that name their clients, and the file of the demo."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("S4_USER", USER)
    monkeypatch.setenv("S4_PASSWORD", PASSWORD)
    with abap_server(**json.loads(LANDSCAPE.read_text())) as server:
        clients = {"s4_200": "200", "s4_300": "300", "s4": "100"}
        blocks = (
            CONNECTION.format(name=name, client=client, url=server.url)
            for name, client in clients.items()
        )
        Path("sapmatch.toml").write_text("".join(blocks) + CENTRAL)
        Path("users.json").write_bytes(FILE.read_bytes())
        yield server
