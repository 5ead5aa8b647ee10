import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.errors import SapUnavailable, ServiceNotActivated
from sapmatch.sap.odata.edmx import LARGEST, parse_metadata
from sapmatch.settings import Settings
from tests.builders.edmx import ORDER, ORDERS, v2_document

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
SETTINGS = f"""
[connections.s4]
url = "https://sap.example.com"
client = "100"
service = "{SERVICE}"
auth = {{ type = "basic", secret = "env:S4" }}
"""
AMOUNT = (
    '<Property Name="Amount" Type="Edm.Decimal" Precision="15" Scale="3" sap:unit="Currency" '
    'sap:label="Total" sap:updatable="false"/><Property Name="Day" Type="Edm.DateTime" '
    'sap:display-format="Date"/>'
)
RELEASE = """<FunctionImport Name="Release" ReturnType="NS.Order" m:HttpMethod="POST">
 <Parameter Name="ID" Type="Edm.String"/></FunctionImport>"""
DOCUMENT = v2_document(
    ORDER.format(more=AMOUNT), ORDERS.replace("/>", ' sap:deletable="false"/>') + RELEASE
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    Path("sapmatch.toml").write_text(SETTINGS)
    Path("orders.edmx").write_bytes(DOCUMENT)
    return tmp_path


@pytest.fixture
def sap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """SAP with one service; `error` is raised instead of an answer."""
    fake = SimpleNamespace(asked=[], error=None)

    def metadata() -> Any:
        if fake.error:
            raise fake.error
        return parse_metadata(DOCUMENT)

    def service(path: str) -> SimpleNamespace:
        fake.asked.append(path)
        return SimpleNamespace(metadata=metadata, document=lambda: DOCUMENT)

    @contextmanager
    def client(settings: Settings, name: str) -> Iterator[SimpleNamespace]:
        assert name in settings.connections
        yield SimpleNamespace(service=service)

    monkeypatch.setattr("sapmatch.cli.metadata.sap_client", client)
    return fake


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_file_is_shown_without_any_settings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sapmatch.toml").unlink()
    assert main(["metadata", "orders.edmx", "--json"]) == 0
    found = said(capsys)
    assert (found["version"], found["namespace"], found["problems"]) == ("V2", "NS", [])
    (orders,) = found["entity_sets"]
    assert (orders["name"], orders["keys"]) == ("Orders", ["ID"])
    assert (orders["creatable"], orders["updatable"], orders["deletable"]) == (True, True, False)
    amount = orders["properties"][1]
    assert (amount["name"], amount["type"], amount["scale"]) == ("Amount", "Edm.Decimal", 3)
    assert (amount["label"], amount["unit"], amount["updatable"]) == ("Total", "Currency", False)
    assert orders["properties"][2]["date_only"]
    (release,) = found["functions"]
    assert (release["name"], release["method"], release["returns"]) == (
        "Release",
        "POST",
        "NS.Order",
    )
    assert [each["name"] for each in release["parameters"]] == ["ID"]


def test_a_connection_is_asked_for_its_own_service(
    sap: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metadata", "s4", "--json"]) == 0
    assert sap.asked == [SERVICE]
    assert [each["name"] for each in said(capsys)["entity_sets"]] == ["Orders"]
    assert main(["metadata", "s4", "--service", "/sap/other"]) == 0
    assert sap.asked[1:] == ["/sap/other"]


def test_people_see_sets_and_functions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metadata", "orders.edmx"]) == 0
    shown = capsys.readouterr().out
    assert "NS: OData V2" in shown
    for part in ("Orders", "creatable updatable", "Release", "POST", "ID: Edm.String"):
        assert part in shown


def test_one_entity_set_is_shown_with_its_fields(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metadata", "orders.edmx", "--entity-set", "Orders"]) == 0
    shown = capsys.readouterr().out
    for part in ("ID (key)", "Edm.Decimal(15,3)", "Total", "updatable", "Currency"):
        assert part in shown
    assert "Release" not in shown


def test_what_a_set_takes_of_top_and_skip_is_said_apart(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = ' sap:pageable="false" sap:topable="true"/>'
    Path("first.edmx").write_bytes(v2_document(ORDER.format(more=""), ORDERS.replace("/>", marks)))
    assert main(["metadata", "first.edmx", "--entity-set", "Orders"]) == 0
    shown = capsys.readouterr().out
    assert "no $skip" in shown
    assert "no $top" not in shown


def test_what_broke_since_a_file_is_named_with_its_own_exit_code(
    sap: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("old.edmx").write_bytes(v2_document(container=ORDERS))
    assert main(["metadata", "s4", "--against", "old.edmx"]) == 3
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "breaking: entity set Orders is no longer deletable"
    assert "compatible: NS.Order/Amount is new" in shown
    assert main(["metadata", "s4", "--against", "old.edmx", "--json"]) == 3
    assert said(capsys)["drift"] == shown


def test_what_only_grew_or_did_not_change_is_well(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.edmx").write_bytes(DOCUMENT.replace(b'MaxLength="10"', b'MaxLength="12"'))
    assert main(["metadata", "new.edmx", "--against", "orders.edmx"]) == 0
    assert "compatible: NS.Order/ID: max_length 10 became 12" in capsys.readouterr().out
    assert main(["metadata", "orders.edmx", "--against", "orders.edmx"]) == 0
    assert "nothing changed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["none.edmx"], "none.edmx: cannot be read"),
        (["broken.edmx"], "broken.edmx: $metadata: line"),
        (["large.edmx"], "large.edmx: $metadata: has"),
        (["orders.edmx", "--entity-set", "Order"], "Orders"),
        (["orders.edmx", "--against", "broken.edmx"], "broken.edmx"),
        (["x4"], "connections.x4"),
        ([], "CONNECTION|FILE"),
    ],
)
def test_wrong_usage_names_what_is_wrong(
    folder: Path, argv: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.edmx").write_bytes(DOCUMENT[:-20])
    with Path("large.edmx").open("wb") as file:
        file.truncate(LARGEST * 2)
    assert main(["metadata", *argv, "--json"]) == 2
    printed = capsys.readouterr()
    assert shown in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(SapUnavailable("SAP did not answer"), 4), (ServiceNotActivated("activate it"), 2)],
)
def test_the_exit_code_says_whether_sap_was_reached(
    sap: SimpleNamespace, error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    sap.error = error
    assert main(["metadata", "s4"]) == code
    assert str(error) in capsys.readouterr().err


def test_saps_own_document_is_kept_to_be_compared_with(
    sap: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    """E5: byte for byte, with the hash that --json prints."""
    assert main(["metadata", "s4", "--save", "kept.edmx", "--json"]) == 0
    assert Path("kept.edmx").read_bytes() == DOCUMENT
    printed = json.loads(capsys.readouterr().out)
    assert printed["sha256"] == hashlib.sha256(DOCUMENT).hexdigest()
    assert main(["metadata", "s4", "--against", "kept.edmx"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["orders.edmx", "--save", "kept.edmx"], "name a connection"),
        (["s4", "--save", "no/such/folder.edmx"], "cannot be written"),
    ],
)
def test_what_cannot_be_kept_is_said(
    sap: SimpleNamespace, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metadata", *words]) == 2
    assert said in capsys.readouterr().err
