"""`sapmatch write` against the embedded SAP, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.sap.server import Server
from tests.contract.local_extract.conftest import standing_in


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running stand-in with pages as large as they are asked for."""
    with standing_in(tmp_path, monkeypatch) as server:
        yield server
