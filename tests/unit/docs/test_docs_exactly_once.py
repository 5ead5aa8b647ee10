"""The page about writing exactly once names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "exactly-once.md").read_text(encoding="utf-8")


def test_every_row_of_the_crash_table_is_proven_by_a_test() -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    )
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    rows = PAGE.partition("## When a worker dies")[2].partition("## The proof")[0].splitlines()[4:]
    assert all("`test_" in row for row in rows if row.startswith("|"))
    assert {name for name in named if f"def {name}(" not in written} == set()


def test_the_figures_are_those_of_a_run_without_a_second_document() -> None:
    assert "| intents that SAP executed twice | 0 |" in PAGE
    assert "| intents lost or without an end | 0 |" in PAGE
