"""Decisions are cited by their numbers."""

from pathlib import Path

ADR = Path(__file__).parents[3] / "docs" / "adr"


def test_every_decision_has_a_number_of_its_own() -> None:
    files = sorted(ADR.glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for number, file in enumerate(files, start=1):
        assert file.read_text(encoding="utf-8").startswith(f"# {number}. "), file.name
