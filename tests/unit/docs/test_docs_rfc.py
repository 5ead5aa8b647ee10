"""docs/rfc.md: every row names tests that there are, every module is marked, every case proved."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.settings import load

PAGE = Path("docs/rfc.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = re.findall(r"^\| (B\d+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
PROOF = re.compile(r"`([\w/]+\.py)::(\w+)`")
ROWS = [f"B{n}" for n in range(1, 40)]
CASES = [f"CO-T{n}" for n in range(27, 61)]
_CITED = re.compile(r"\bCO-T\d+\b")


def test_each_row_stands_once_and_in_order() -> None:
    assert [row for row, _, _ in LINES] == ROWS


@pytest.mark.parametrize(("row", "shown"), [(row, shown) for row, _, shown in LINES])
def test_a_row_is_shown_by_tests_that_there_are(row: str, shown: str) -> None:
    proofs = PROOF.findall(shown)
    assert proofs, row
    for path, name in proofs:
        source = Path("tests", path).read_text(encoding="utf-8")
        assert f"def {name}(" in source, f"{row}: {path} has no {name}"


@pytest.mark.parametrize("name", sorted(INTERFACES))
def test_every_module_that_is_called_is_marked_as_released_or_not(name: str) -> None:
    lines = [line for line in PAGE.splitlines() if re.match(rf"\| [^|]*`{name}`", line)]
    assert len(lines) == 1, name
    assert re.search(r"\| (BAPI|not released)[^|]* \|$", lines[0]), name


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_of_settings_is_complete(block: str, tmp_path: Path) -> None:
    path = tmp_path / "sapmatch.toml"
    path.write_text(block, encoding="utf-8")
    assert all(each.rfc for each in load(path).connections.values())


def cited() -> Iterator[str]:
    for path in Path("tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from _CITED.findall(ast.get_docstring(node) or "")


def test_every_case_of_function_modules_is_proved_by_a_test() -> None:
    assert sorted(set(CASES) - set(cited())) == []
