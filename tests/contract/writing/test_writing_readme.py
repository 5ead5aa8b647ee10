"""README.md: its three commands that write run as they stand."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.sap.server import Server, serve
from sapmatch.cli import main
from tests.contract.local_sap.local_sap_world import SALES, Api

README = Path("README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ \.venv/bin/sapmatch (write .+)$", README, re.MULTILINE)
FOLDER = "docs/examples/write_back"
SALES_ORDER = "sales_order_change"


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The embedded SAP as the page starts it; the working folder has a copy of the examples."""
    assert f"--port 8000 \\\n    --seed {FOLDER}/sap.json &" in README
    assert f"S4_USER=demo S4_PASSWORD=demo ORDERS={FOLDER}/{SALES_ORDER}\n" in README
    folder = shutil.copytree(FOLDER, tmp_path / FOLDER)
    with serve(folder / "sap.json", users={"demo": "demo"}) as server:
        settings = folder / f"{SALES_ORDER}.toml"
        settings.write_text(settings.read_text().replace("http://127.0.0.1:8000", server.url))
        monkeypatch.setenv("S4_USER", "demo")
        monkeypatch.setenv("S4_PASSWORD", "demo")
        monkeypatch.chdir(tmp_path)
        yield server


def typed(command: str) -> list[str]:
    return shlex.split(command.replace("$ORDERS", f"{FOLDER}/{SALES_ORDER}"))


def test_the_first_shows_the_second_writes_and_the_third_changes_nothing(
    sap: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    dry_run, write, again = map(typed, COMMANDS)
    assert main(dry_run) == 0
    assert "-> P-18-1000046" in capsys.readouterr().out
    assert sap.log.changed() == []
    assert main(write) == 0
    changed = sap.log.changed()
    assert changed == ["A_SalesOrder('1000045')", "A_SalesOrder('1000046')"]
    assert main(again) == 0
    assert sap.log.changed() == changed
    api = Api(sap.url, user="demo", password="demo")
    with api.session:
        found = api.entity(f"{SALES}/A_SalesOrder('1000046')")
    assert found["AssignmentReference"] == "P-18-1000046"
