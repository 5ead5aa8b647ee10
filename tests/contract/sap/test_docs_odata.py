"""docs/odata.md is run: its examples in their order, against the embedded SAP.

A ```text block shows what the ```python block before it prints; one without prints nothing. The
```toml block is the settings file. `<!-- fault: NAME -->`, `<!-- forget: NAME -->` and
`<!-- idempotent: SERVICE -->`, which readers do not see, set the embedded SAP up for the next one.
"""

import inspect
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from local.sap.server import Server, serve
from sapmatch.model import errors
from sapmatch.model.connection import ServiceOptions
from sapmatch.sap import http, session
from sapmatch.sap.odata import batch, reading, upsert
from sapmatch.sap.odata.service import Service
from tests.conformance import ODATA, cases_in

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/odata.md"
SHOWN_URL = "http://127.0.0.1:8100"
PASSWORD = "Geheim-1"
_FENCE = re.compile(r"```(\w*)$")
_ORDER = re.compile(r"<!-- (fault|forget|idempotent): ([\w-]+) -->$")


@dataclass
class Example:
    """A block of the page; `line` is where its first line stands."""

    kind: str
    line: int
    text: str
    order: tuple[str, str] | None = None
    shown: str = ""


def blocks(page: str) -> Iterator[Example]:
    """Every fenced block, and what the embedded SAP is to do before it."""
    lines = iter(enumerate(page.splitlines(), start=1))
    order: tuple[str, str] | None = None
    for number, line in lines:
        if found := _ORDER.match(line):
            order = (found[1], found[2])
        elif found := _FENCE.match(line):
            inside = []
            for _, each in lines:
                if each == "```":
                    break
                inside.append(each)
            yield Example(found[1], number + 1, "\n".join(inside) + "\n", order)
            order = None


def examples(page: str) -> list[Example]:
    """The settings and the Python of the page, each with the output shown behind it."""
    found: list[Example] = []
    for block in blocks(page):
        if block.kind == "text":
            assert found, f"line {block.line}: output of nothing"
            found[-1].shown = block.text
        elif block.kind in ("python", "toml"):
            found.append(block)
    return found


def run(example: Example, names: dict[str, Any]) -> str:
    """What the example prints; a traceback shows the line of the page."""
    printed = StringIO()
    with redirect_stdout(printed):
        exec(_compiled(example), names)
    return printed.getvalue()


def _compiled(example: Example) -> CodeType:
    return compile("\n" * (example.line - 1) + example.text, str(PAGE), "exec")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The embedded SAP with the sample orders, and what the page lets its reader set up."""
    seed = ROOT / "local/samples/sap.json"
    with serve(seed, users={"ROBOT": PASSWORD}, page_size=4) as server:
        monkeypatch.chdir(tmp_path)
        for name, value in {
            "SAP_URL": server.url,
            "S4_USER": "ROBOT",
            "S4_PASSWORD": PASSWORD,
        }.items():
            monkeypatch.setitem(os.environ, name, value)
        yield server


def obey(server: Server, order: tuple[str, str] | None) -> None:
    match order:
        case ("fault", name):
            server.fault(name)
        case ("forget", name):
            server.forget(name)
        case ("idempotent", name):
            server.switch(idempotent_services=[name])


def test_every_example_of_the_page_runs_and_prints_what_it_shows(stand_in: Server) -> None:
    names: dict[str, Any] = {"__name__": "docs.odata"}
    found = examples(PAGE.read_text("utf-8"))
    assert len(found) > 20
    for example in found:
        if example.kind == "toml":
            assert SHOWN_URL in example.text
            Path("sapmatch.toml").write_text(example.text.replace(SHOWN_URL, stand_in.url))
            continue
        obey(stand_in, example.order)
        assert run(example, names) == example.shown, f"{PAGE.name}, line {example.line}"
    names["sap"].close()
    lost = [each for each in stand_in.log.entries() if each.get("fault") == "drop-answer"]
    assert [len(each["created"]) for each in lost] == [1, 1]  # SAP did it, the answer went astray


def test_the_page_names_every_call_of_a_service() -> None:
    page = PAGE.read_text("utf-8")
    calls = [name for name, _ in inspect.getmembers(Service) if not name.startswith("_")]
    assert len(calls) > 10
    assert [name for name in calls if not re.search(rf"\b{name}\b", page)] == []


def leaves() -> Mapping[str, type[errors.SapmatchError]]:
    """The errors that are raised: those that no other error stems from."""
    found = {
        name: each
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.SapmatchError)
    }
    return {name: each for name, each in found.items() if not each.__subclasses__()}


def rows_of(page: Path) -> set[str]:
    """What stands in the first column of its tables, as code."""
    return set(re.findall(r"^\| `([^`]+)` \|", page.read_text("utf-8"), re.MULTILINE))


def test_every_error_has_its_row() -> None:
    names = set(leaves())
    assert names <= rows_of(ROOT / "docs/errors.md")
    assert names - {"Throttled"} <= rows_of(PAGE)  # the one of AWS


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text("utf-8")
    assert f"up to {session.TRIES - 1} more times" in page
    assert f"`Retry-After` up to {session.LONGEST_RETRY_AFTER:.0f} s" in page
    assert f"idle for {session.IDLE.total_seconds():.0f} s" in page
    assert f"At most {http.MAX_BODY // 2**20} MB an answer and {reading.MAX_PAGES:,} pages" in page
    assert f"up to {batch.MAX_OPERATIONS:,} of them" in page
    assert f"up to {['one', 'two', 'three'][upsert.TRIES - 1]} times" in page


def test_the_pages_count_the_cases_that_there_are() -> None:
    count = len(cases_in(ODATA.cases.read_text("utf-8")).numbers)
    assert f"Some of the {count} behaviours" in PAGE.read_text("utf-8")
    assert f"{count} behaviours" in (ROOT / "README.md").read_text("utf-8")


def test_what_the_page_says_of_settings_is_set_somewhere() -> None:
    page = PAGE.read_text("utf-8")
    for name in ("update_method", "decimals", "version", "one_operation_changesets"):
        assert f"`{name}" in page
        assert name in ServiceOptions.__struct_fields__


@pytest.mark.parametrize("name", ["odata.md", "errors.md", "architecture.md", "../README.md"])
def test_links_between_pages_lead_somewhere(name: str) -> None:
    page = ROOT / "docs" / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
