"""docs/connections.md: its settings load, and every row names a test that there is, or why not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from sapmatch.model.auth import Auth, type_of
from sapmatch.model.profiles import PROFILES
from sapmatch.settings import load

PAGE = Path("docs/connections.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = re.findall(r"^\| ([A-E]\d+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
PROOF = re.compile(r"`([\w/]+\.py)::(\w+)`")
ROWS = [
    *(f"A{n}" for n in range(1, 13)),
    *("C1", "C2", "C6", "C7"),
    *(f"D{n}" for n in range(1, 16)),
    *(f"E{n}" for n in range(1, 12)),
]
CASES = [
    *(f"CO-T{n}" for n in (*range(1, 27), *range(61, 69))),
    *("RE-13", "RE-25", "RE-26"),
]
_CITED = re.compile(r"\b(?:CO-T|RE-)\d+\b")


def test_each_row_stands_once_and_in_order() -> None:
    assert [row for row, _, _ in LINES] == ROWS


@pytest.mark.parametrize(("row", "shown"), [(row, shown) for row, _, shown in LINES])
def test_a_row_is_shown_by_tests_that_there_are_or_says_why_it_needs_none(
    row: str, shown: str
) -> None:
    proofs = PROOF.findall(shown)
    assert proofs or shown.startswith("documentation: "), row
    for path, name in proofs:
        source = Path("tests", path).read_text(encoding="utf-8")
        assert f"def {name}(" in source, f"{row}: {path} has no {name}"


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_of_settings_is_complete(block: str, tmp_path: Path) -> None:
    path = tmp_path / "sapmatch.toml"
    path.write_text(block, encoding="utf-8")
    assert load(path).connections


def test_there_is_a_block_for_each_way_to_log_on(tmp_path: Path) -> None:
    path = tmp_path / "sapmatch.toml"
    shown = set()
    for block in BLOCKS:
        path.write_text(block, encoding="utf-8")
        shown |= {type_of(each.auth) for each in load(path).connections.values()}
    assert shown == {kind.__struct_config__.tag for kind in get_args(Auth)}
    for name in shown:
        assert f"\n## {name}\n" in PAGE


@pytest.mark.parametrize("name", PROFILES)
def test_each_kind_of_system_has_its_line(name: str) -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
    profile = PROFILES[name]  # type: ignore[index]
    assert f"`{profile.csrf}`" in line
    assert ("needed" in line) == profile.client
    assert (profile.service or "").rpartition("/")[0] in line


def cited() -> Iterator[str]:
    for path in Path("tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from _CITED.findall(ast.get_docstring(node) or "")


def test_every_case_of_connections_is_proved_by_a_test() -> None:
    assert sorted(set(CASES) - set(cited())) == []
