"""`python -m tests.conformance`: writes the pages that say which test proves which case.

The cases stand in TOML files beside the tests. A test proves a case by citing its number, such as
OD-P04 or MA-P21, in its docstring. Tests are read, never imported.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# These prove our stand-ins for SAP and AWS, not the product.
_STAND_INS = ("local_sap", "local_textract", "contract/local_sap", "contract/local_textract")


@dataclass(frozen=True)
class Register:
    """Numbered cases of one kind: where they stand, which tests may prove them, what page tells.

    `number` is the pattern of their numbers.
    """

    cases: Path
    folder: Path
    page: Path
    number: str
    head: str


ODATA = Register(
    cases=ROOT / "tests/contract/sap/odata_cases.toml",
    folder=ROOT / "tests/contract",
    page=ROOT / "docs/odata-conformance.md",
    number=r"OD-P\d+",
    head="""# What the OData client is held to

{all} cases of how SAP's OData services behave: {proved} are proved by contract tests against
servers that answer so, {excused} not applicable, {open} open. The servers run on the machine of
the tests: they prove what the client does, not that every SAP system behaves like them.

This page is made by `make conformance` from `tests/contract/sap/odata_cases.toml` and from the
tests that cite a case; a test compares it. All files lie in `tests/contract/`.
""",
)
MATCHING = Register(
    cases=ROOT / "tests/unit/matching/matching_cases.toml",
    folder=ROOT / "tests",
    page=ROOT / "docs/matching-conformance.md",
    number=r"MA-P(?:0[1-9]|[1-5]\d|6[01])",  # those behind are about the write-back
    head="""# What the matching is held to

{all} cases of what goes wrong between invoices and orders: {proved} are proved by tests,
{excused} not applicable, {open} open.

This page is made by `make conformance` from `tests/unit/matching/matching_cases.toml` and from the
tests that cite a case; a test compares it. All files lie in `tests/`.
""",
)
REGISTERS = (ODATA, MATCHING)


@dataclass(frozen=True)
class Cases:
    """`groups` holds what each case asks, by group and number; `excused` the reasons for none."""

    groups: Mapping[str, Mapping[str, str]]
    excused: Mapping[str, str]

    @property
    def numbers(self) -> list[str]:
        return [number for asked in self.groups.values() for number in asked]


@dataclass(frozen=True)
class Citation:
    """A docstring that names a case; `test` is empty outside of a test function."""

    case: str
    path: str
    test: str


def cases_in(text: str) -> Cases:
    """The cases of a TOML text."""
    found = tomllib.loads(text)
    return Cases(found["cases"], found["not_applicable"])


def asked_by(reference: str, number: str) -> list[str]:
    """The numbers that the reference defines."""
    return re.findall(rf"^- ({number})\b", reference, re.MULTILINE)


def citations(folder: Path, number: str) -> list[Citation]:
    """What the docstrings of a folder's Python files cite, by path and line."""
    return [
        citation
        for path in sorted(folder.rglob("*.py"))
        for citation in _cited(path.read_text(encoding="utf-8"), path.relative_to(folder), number)
    ]


def proofs(found: Iterable[Citation]) -> dict[str, list[str]]:
    """By case the tests of the product that cite it, as path::name."""
    proved: dict[str, list[str]] = {}
    for one in found:
        if one.test and not one.path.startswith(_STAND_INS):
            proved.setdefault(one.case, []).append(f"{one.path}::{one.test}")
    return proved


def faults(cases: Cases, proved: Mapping[str, list[str]], found: Iterable[Citation]) -> list[str]:
    """Every case with neither test nor reason, or with both; every number that is unknown."""
    known = set(cases.numbers)
    wrong = [f"{n} has neither a test nor a reason" for n in _open(cases, proved)]
    wrong += [f"{n} is not applicable, and proved" for n in cases.excused if n in proved]
    wrong += [f"{n} is not applicable, and unknown" for n in cases.excused if n not in known]
    wrong += [f"{c.path} cites {c.case}, which is unknown" for c in found if c.case not in known]
    return wrong


def page(register: Register, cases: Cases, proved: Mapping[str, list[str]]) -> str:
    """The page in Markdown."""
    head = register.head.format(
        all=len(cases.numbers),
        proved=sum(number in proved for number in cases.numbers),
        excused=len(cases.excused),
        open=len(_open(cases, proved)),
    )
    return "\n".join([head, *_tables(cases, proved)])


def read(register: Register) -> tuple[Cases, list[Citation]]:
    """The cases of a register, and what the tests cite of them."""
    cases = cases_in(register.cases.read_text(encoding="utf-8"))
    return cases, citations(register.folder, register.number)


def main() -> int:
    """Write the pages; 1 where a case is open or a number unknown."""
    wrong = [line for register in REGISTERS for line in _write(register)]
    sys.stderr.writelines(f"conformance: {line}\n" for line in wrong)
    return 1 if wrong else 0


def _write(register: Register) -> list[str]:
    cases, found = read(register)
    proved = proofs(found)
    register.page.write_text(page(register, cases, proved), encoding="utf-8")
    return faults(cases, proved, found)


def _cited(source: str, path: Path, number: str) -> Iterator[Citation]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented):
            name = getattr(node, "name", "")
            test = name if name.startswith("test_") else ""
            numbers = re.findall(rf"\b{number}\b", ast.get_docstring(node) or "")
            for case in dict.fromkeys(numbers):
                yield Citation(case, path.as_posix(), test)


def _open(cases: Cases, proved: Mapping[str, list[str]]) -> list[str]:
    return [n for n in cases.numbers if n not in proved and n not in cases.excused]


def _tables(cases: Cases, proved: Mapping[str, list[str]]) -> Iterator[str]:
    for group, asked in cases.groups.items():
        yield from (f"## {group}", "", "| case | what it asks | tests |", "| --- | --- | --- |")
        for number, title in asked.items():
            yield f"| {number} | {title} | {_evidence(number, cases, proved)} |"
        yield ""


def _evidence(number: str, cases: Cases, proved: Mapping[str, list[str]]) -> str:
    if number in cases.excused:
        return f"not applicable: {cases.excused[number]}"
    return "<br>".join(f"`{test}`" for test in proved.get(number, ())) or "open"


if __name__ == "__main__":
    sys.exit(main())
