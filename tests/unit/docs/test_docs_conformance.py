"""The conformance pages say what the tests prove, and every case of the references is on them."""

from pathlib import Path

import pytest

from tests import conformance
from tests.conformance import MATCHING, ODATA, Citation, Register

SMALL = conformance.cases_in(
    '[cases.Paging]\nOD-P20 = "Rows"\nOD-P21 = "Links"\n[not_applicable]\nOD-P21 = "No links"\n'
)
PROVED = {"OD-P20": ["sap/test_a.py::test_rows"]}
EACH = pytest.mark.parametrize("register", [ODATA, MATCHING], ids=["odata", "matching"])


@pytest.mark.parametrize(("register", "count"), [(ODATA, 81), (MATCHING, 61)])
def test_every_case_stands_once(register: Register, count: int) -> None:
    numbers = conformance.read(register)[0].numbers
    assert len(numbers) == len(set(numbers)) == count


@pytest.mark.parametrize(
    ("register", "name"),
    [(ODATA, "odata.md"), (MATCHING, "matching.md")],
    ids=["odata", "matching"],
)
def test_the_cases_are_those_of_the_reference(
    register: Register, name: str, real_data: Path
) -> None:
    reference = real_data.parent / "reference" / name
    if not reference.is_file():
        pytest.skip(f"no reference at {reference}")
    asked = conformance.asked_by(reference.read_text(encoding="utf-8"), register.number)
    assert conformance.read(register)[0].numbers == asked


@EACH
def test_every_case_has_a_test_or_a_reason_and_never_both(register: Register) -> None:
    cases, found = conformance.read(register)
    assert conformance.faults(cases, conformance.proofs(found), found) == []


def test_no_test_cites_a_case_that_does_not_exist() -> None:
    cases = conformance.read(ODATA)[0]
    found = conformance.citations(conformance.ROOT / "tests", ODATA.number)
    assert [one for one in found if one.case not in cases.numbers] == []


@EACH
def test_the_page_is_what_the_tests_make_it(register: Register) -> None:
    cases, found = conformance.read(register)
    made = conformance.page(register, cases, conformance.proofs(found))
    assert register.page.read_text(encoding="utf-8") == made, "run make conformance"


def test_a_case_without_test_and_reason_is_a_fault() -> None:
    assert conformance.faults(SMALL, {}, []) == ["OD-P20 has neither a test nor a reason"]


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
    proved = conformance.proofs(conformance.citations(tmp_path, ODATA.number))
    assert proved == {"OD-P22": ["sap/test_a.py::test_a"], "OD-P23": ["sap/test_a.py::test_a"]}


def test_the_page_names_counts_tests_and_reasons() -> None:
    made = conformance.page(ODATA, SMALL, PROVED)
    assert "2 cases" in made
    assert "1 are proved" in made
    assert "1 not applicable, 0 open" in made
    assert "| OD-P20 | Rows | `sap/test_a.py::test_rows` |" in made
    assert "| OD-P21 | Links | not applicable: No links |" in made
