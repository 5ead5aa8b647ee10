"""docs/users.md is run: its commands in their order, against the embedded SAP.

A ```console block is a command and what it prints, stdout before stderr. `<!-- exit: N -->` before
it says how it ends, `<!-- central: delay -->` that the stand-in is the central system of two others
from here on, and `fails` that one of them refuses.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sapmatch.cli import main
from sapmatch.sap.tables.allowed import DENIED
from tests.builders.abap import PASSWORD, USER, AbapServer, abap_server

PAGE = Path(__file__).resolve().parents[3] / "docs/users.md"
SHOWN_URL = "http://127.0.0.1:8100"
CHILD = "S4HCLNT200"
_BLOCK = re.compile(
    r"(?P<orders>(?:^<!-- \w+: \w+ -->\n)*)"
    r"^```console\n\$ (?P<command>.+)\n(?P<shown>(?s:.*?))^```$",
    re.MULTILINE,
)


@dataclass
class Example:
    """A command of the page, what it prints, and what is set up before it."""

    command: str
    shown: str
    orders: dict[str, str]


def fenced(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def examples() -> list[Example]:
    return [
        Example(
            found["command"],
            found["shown"],
            dict(re.findall(r"<!-- (\w+): (\w+) -->", found["orders"])),
        )
        for found in _BLOCK.finditer(PAGE.read_text())
    ]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AbapServer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("S4_USER", USER)
    monkeypatch.setenv("S4_PASSWORD", PASSWORD)
    monkeypatch.setenv("START_PASSWORD", "Start-Geheim1")
    monkeypatch.setenv("COLUMNS", "100")
    seed = json.loads(fenced("json")[0])["abap"]
    with abap_server(**seed) as server:
        Path("sapmatch.toml").write_text(fenced("toml")[0].replace(SHOWN_URL, server.url))
        yield server


def set_up(sap: AbapServer, order: str) -> None:
    """The stand-in as central system: its child takes its time, or refuses."""
    sap.order(idocs={CHILD: {"delay": 0.5} if order == "delay" else {"fails": "no such group"}})
    if order == "delay":
        sap.order(cua=True)
        settings = Path("sapmatch.toml")
        more = fenced("toml")[1].replace(SHOWN_URL, sap.url)
        settings.write_text(settings.read_text() + more)


def ran(sap: AbapServer, example: Example, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    if "central" in example.orders:
        set_up(sap, example.orders["central"])
    program, *arguments = shlex.split(example.command)
    assert program == "sapmatch"
    code = main(arguments)
    shown = capsys.readouterr()
    assert code == int(example.orders.get("exit", "0")), shown.err
    lines = (shown.out + shown.err).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def test_every_command_of_the_page_prints_what_it_shows(
    stand_in: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = examples()
    assert len(found) > 15
    for example in found:
        assert ran(stand_in, example, capsys) == example.shown, example.command


def test_with_the_settings_of_the_page_the_next_sync_lists_a_change(
    stand_in: AbapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The zone there is that of the stand-in's clock."""
    sync = ["users", "sync", "s4", "--state", "state.json", "--json"]
    assert main(sync) == 0
    assert main(["users", "change", "s4", "JDOE", "ADDRESS.CITY=Bonn"]) == 0
    capsys.readouterr()
    assert main(sync) == 0
    shown = capsys.readouterr()
    assert "JDOE" in [json.loads(line).get("USERNAME") for line in shown.out.splitlines()]
    assert shown.err == ""


def test_the_page_names_every_table_that_is_never_read() -> None:
    page = PAGE.read_text()
    assert [name for name, why in DENIED.items() if f"| `{name}` | {why} |" not in page] == []
