"""`sapmatch settings check` reads the mappings too: nothing of them fails only at night."""

import json
from pathlib import Path

import pytest

from sapmatch.cli import main

SETTINGS = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
auth = { type = "basic", secret = "env:S4" }

[write_backs.fields]
connection = "s4"
service = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
entity_set = "A_SalesOrder"
operation = "update"
schedule = "rate(5 minutes)"
"""
MAPPING = 'mapping = { SalesOrder = "nope(record.No)", Text = "invoice.number" }\n'
MAPPING_FILE = 'mapping_file = "fields.csv"\n'


def checked(text: str, capsys: pytest.CaptureFixture[str], path: Path) -> tuple[int, list[str]]:
    file = path / "sapmatch.toml"
    file.write_text(text)
    code = main(["settings", "check", str(file), "--json"])
    found = json.loads(capsys.readouterr().out)
    return code, [f"{problem['field']}: {problem['message']}" for problem in found["problems"]]


def test_every_mistake_of_a_mapping_is_named_with_its_path(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, found = checked(SETTINGS + MAPPING, capsys, tmp_path)
    assert code == 2
    assert [mistake.split(": ")[0] for mistake in found] == [
        "write_backs.fields.mapping.SalesOrder",
        "write_backs.fields.mapping.Text",
    ]


def test_a_mapping_file_is_read_beside_the_settings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, (missing,) = checked(SETTINGS + MAPPING_FILE, capsys, tmp_path)
    assert (code, missing.split(": ")[0]) == (2, "write_backs.fields.mapping_file")
    (tmp_path / "fields.csv").write_text("source,target\nNo,SalesOrder\nA,\n")
    code, (mistake,) = checked(SETTINGS + MAPPING_FILE, capsys, tmp_path)
    assert (code, mistake.split(": ")[0]) == (2, "write_backs.fields.row 2 (line 3)")
    (tmp_path / "fields.csv").write_text("source,target\nNo,SalesOrder\nA,Text\n")
    assert checked(SETTINGS + MAPPING_FILE, capsys, tmp_path) == (0, [])
