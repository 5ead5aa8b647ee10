"""The command against the embedded SAP, in a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_world import ROOT, SALES, USERS, seed

SETTINGS = """
[connections.s4]
url = "{url}"
client = "100"
service = "{root}/{service}"
auth = {{ type = "basic", secret = "env:S4" }}
limits = {{ requests_per_second = 1000, burst = 100 }}
"""


@contextmanager
def standing_in(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Server]:
    """A running stand-in, and settings in the folder that name it as s4."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("S4_USER", "ROBOT")
    monkeypatch.setenv("S4_PASSWORD", USERS["ROBOT"])
    with serve(seed(), users=USERS, **options) as server:
        text = SETTINGS.format(url=server.url, root=ROOT, service=SALES)
        Path("sapmatch.toml").write_text(text)
        yield server


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Its pages have five rows at most."""
    with standing_in(tmp_path, monkeypatch, page_size=5) as server:
        yield server
