"""docs/odata-conformance.md says what the tests prove, and every case of the reference is in it."""

from pathlib import Path

import pytest

from tests import conformance
from tests.conformance import Citation

CASES = conformance.cases_in(conformance.CASES.read_text(encoding="utf-8"))
SMALL = conformance.cases_in(
    '[cases.Paging]\nOD-P20 = "Rows"\nOD-P21 = "Links"\n[not_applicable]\nOD-P21 = "No links"\n'
)
PROVED = {"OD-P20": ["sap/test_a.py::test_rows"]}


def test_there_are_81_cases_each_once() -> None:
    assert len(CASES.numbers) == len(set(CASES.numbers)) == 81


def test_the_cases_are_those_of_the_reference(real_data: Path) -> None:
    reference = real_data.parent / "reference/odata.md"
    if not reference.is_file():
        pytest.skip(f"no reference at {reference}")
    assert CASES.numbers == conformance.asked_by(reference.read_text(encoding="utf-8"))


def test_every_case_has_a_contract_test_or_a_reason_and_never_both() -> None:
    found = conformance.citations(conformance.CONTRACT)
    assert conformance.faults(CASES, conformance.proofs(found), found) == []


def test_no_test_cites_a_case_that_does_not_exist() -> None:
    found = conformance.citations(conformance.ROOT / "tests")
    assert [one for one in found if one.case not in CASES.numbers] == []


def test_the_page_is_what_the_tests_make_it() -> None:
    found = conformance.citations(conformance.CONTRACT)
    made = conformance.page(CASES, conformance.proofs(found))
    assert conformance.PAGE.read_text(encoding="utf-8") == made, "run make conformance"


def test_a_case_without_test_and_reason_is_a_fault() -> None:
    assert conformance.faults(SMALL, {}, []) == ["OD-P20 has neither a contract test nor a reason"]


def test_a_case_with_test_and_reason_is_a_fault() -> None:
    both = {**PROVED, "OD-P21": ["sap/test_a.py::test_links"]}
    assert conformance.faults(SMALL, both, []) == ["OD-P21 is not applicable, and proved"]


def test_an_unknown_number_is_a_fault() -> None:
    wrong = conformance.faults(SMALL, PROVED, [Citation("OD-P99", "sap/test_a.py", "test_rows")])
    assert wrong == ["sap/test_a.py cites OD-P99, which is unknown"]


def test_only_tests_of_the_client_prove_a_case(tmp_path: Path) -> None:
    """A module, a helper, a comment and a test of the stand-in cite without proving."""
    text = (
        '"""OD-P20."""\ndef helper():\n    """OD-P20."""\ndef test_a():  # OD-P21\n    """{}"""\n'
    )
    for folder, docstring in [("sap", "OD-P22, OD-P22 and OD-P23..P25."), ("local_sap", "OD-P24")]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test_a.py").write_text(text.format(docstring))
    proved = conformance.proofs(conformance.citations(tmp_path))
    assert proved == {"OD-P22": ["sap/test_a.py::test_a"], "OD-P23": ["sap/test_a.py::test_a"]}


def test_the_page_names_counts_tests_and_reasons() -> None:
    made = conformance.page(SMALL, PROVED)
    assert "2 cases" in made
    assert "1 are proved" in made
    assert "1 not applicable, 0 open" in made
    assert "| OD-P20 | Rows | `sap/test_a.py::test_rows` |" in made
    assert "| OD-P21 | Links | not applicable: No links |" in made
