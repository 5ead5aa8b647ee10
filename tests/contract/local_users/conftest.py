"""Commands about users against the embedded SAP, in a folder of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.abap import PASSWORD, USER, AbapServer, abap_server

SETTINGS = '''
[connections.s4]
url = "{url}"
client = "100"
auth = {{ type = "basic", secret = "env:S4" }}
limits = {{ requests_per_second = 1000, burst = 100 }}
time_zone = "Europe/Berlin"

[connections.s4.rfc]
systemId = "S4H"
subTables = ["""
  AGR_TEXTS for ACTIVITYGROUP format TSV as TEXT=MANDT:3:IGNORE,AGR_NAME:30:MATCH,\\
  SPRAS:1("E"):IGNORE,LINE:5:IGNORE,TEXT:80"""]
'''
USERS = [
    {
        "USERNAME": "MILLER",
        "ADDRESS": {"FIRSTNAME": "Eva", "LASTNAME": "Miller", "DEPARTMENT": "Purchasing"},
        "roles": ["Z_MM_BUYER", "/SAPAPO/LINE_PLANNER"],
        "groups": ["PURCHASING"],
    },
    {
        "USERNAME": "JONES",
        "ADDRESS": {"FIRSTNAME": "Bo", "LASTNAME": "Jones"},
        "roles": ["Z_FI_AP"],
    },
    {"USERNAME": "JDOE", "ADDRESS": {"FIRSTNAME": "Jo", "LASTNAME": "Doe"}},
]


CENTRAL = """cuaEnabled = true
destinationName = "S4HCLNT100"
systems = { S4HCLNT200 = "child", S4HCLNT300 = "" }

[connections.child]
url = "{url}"
client = "200"
auth = {{ type = "basic", secret = "env:S4" }}
[connections.child.rfc]
systemId = "S4H"
"""


@pytest.fixture
def landscape(sap: AbapServer) -> AbapServer:
    """The stand-in as the central system of two others, of which one can be asked."""
    text = Path("sapmatch.toml").read_text() + CENTRAL.replace("{url}", sap.url)
    Path("sapmatch.toml").write_text(text.replace("{{", "{").replace("}}", "}"))
    sap.order(seed={"cua": True, "users": USERS})
    return sap


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AbapServer]:
    """A stand-in with three users, and settings that name it as s4."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("S4_USER", USER)
    monkeypatch.setenv("S4_PASSWORD", PASSWORD)
    with abap_server(USERS) as server:
        Path("sapmatch.toml").write_text(SETTINGS.format(url=server.url))
        yield server
