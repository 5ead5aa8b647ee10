"""`sapmatch write` against the embedded SAP, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.sap.server import Server, serve
from tests.contract.local_extract.conftest import SETTINGS
from tests.contract.local_sap.local_sap_world import ROOT, SALES, USERS, seed


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running stand-in, and settings that name it as s4."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("S4_USER", "ROBOT")
    monkeypatch.setenv("S4_PASSWORD", USERS["ROBOT"])
    with serve(seed(), users=USERS) as server:
        text = SETTINGS.format(url=server.url, root=ROOT, service=SALES)
        Path("sapmatch.toml").write_text(text)
        yield server
