"""docs/reading.md: every command runs, every number is the program's."""

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from sapmatch.cli import main
from sapmatch.model.document import ReasonCode
from sapmatch.model.invoice import Kind, Method, Outcome
from sapmatch.reading import ReadLimits

PAGE = Path("docs/reading.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ \.venv/bin/sapmatch (.+)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        str(tmp_path / "seen.png") if word == "build/seen.png" else word
        for word in shlex.split(command)
    ]
    if "--evidence" in arguments:
        pytest.importorskip("rapidocr")
    expected = 3 if arguments[-1] == "none" else 0  # the scan among them needs OCR
    assert main(arguments) == expected
    assert capsys.readouterr().out
    assert (tmp_path / "seen.png").exists() == ("--evidence" in arguments)


def test_the_page_names_every_outcome_kind_and_method() -> None:
    words = {*get_args(Outcome), *get_args(Kind), *get_args(Method)}
    assert {word for word in words if f"`{word}`" not in PAGE} == set()


def test_the_limits_of_the_page_are_those_of_the_program() -> None:
    limits = ReadLimits()
    for limit in (
        limits.max_bytes,
        limits.max_pages,
        limits.max_pixels,
        limits.max_xml_depth,
        limits.max_xml_tags,
        limits.max_xml_siblings,
        limits.max_attachments,
    ):
        assert f" {limit:,}" in PAGE


def test_the_page_of_errors_has_every_reason_why_a_document_is_no_invoice() -> None:
    page = Path("docs/errors.md").read_text(encoding="utf-8")
    elsewhere = {"SAP_REJECTED", "OUTCOME_UNKNOWN", "WORKFLOW_FAILED"}
    missing = {code for code in get_args(ReasonCode) if f"`{code}`" not in page}
    assert missing <= elsewhere
