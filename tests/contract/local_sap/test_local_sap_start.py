"""Starting the embedded SAP: its seed, its metadata, its command."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from local.sap.metadata import load_services
from local.sap.seed import SeedError
from local.sap.server import serve
from tests.contract.local_sap.local_sap_world import USERS, Api, seed

EDM = "{http://schemas.microsoft.com/ado/2008/09/edm}"
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ({"A_Nope": []}, "A_Nope: no such entity set"),
        ({"A_Supplier": {}}, "A_Supplier: must be a list"),
        ({"A_Supplier": [1]}, "A_Supplier[0]: must be a JSON object"),
        ({"A_Supplier": [{}]}, "A_Supplier[0].Supplier: is required"),
        ({"A_Supplier": [{"Supplier": "1"}] * 2}, "A_Supplier[1]: the key is taken"),
        ({"A_Supplier": [{"Supplier": "1", "X": 1}]}, "A_Supplier[0].X: no such property"),
        (
            {"A_SalesOrder": [{"SalesOrder": "1"}]},
            "A_SalesOrder[0].LastChangeDateTime: is required",
        ),
        (
            {"A_PurchaseOrderItem": [{"PurchaseOrder": "1", "PurchaseOrderItem": "10"}]},
            "has no row in A_PurchaseOrder",
        ),
        (
            {"A_PurchaseOrder": [{"PurchaseOrder": "1", "ReleaseIsNotCompleted": "X"}]},
            "A_PurchaseOrder[0].ReleaseIsNotCompleted: must be true or false",
        ),
    ],
)
def test_a_seed_that_does_not_fit_is_refused_with_the_place(
    broken: Mapping[str, Any], place: str
) -> None:
    with pytest.raises(SeedError) as refused, serve(broken, users=USERS):
        raise AssertionError("must not start")
    assert place in str(refused.value)


def test_all_mistakes_of_a_seed_are_named_at_once() -> None:
    broken = {"A_Supplier": [{"Supplier": "1", "X": 1}, {"Supplier": 2}], "A_Nope": []}
    with pytest.raises(SeedError) as refused, serve(broken, users=USERS):
        raise AssertionError("must not start")
    assert len(str(refused.value).splitlines()) == 4


def test_the_sample_seed_is_taken() -> None:
    with serve(ROOT / "local" / "samples" / "sap.json", users=USERS) as server:
        client = Api(server.url)
        with client.session:
            assert client.rows("API_PURCHASEORDER_PROCESS_SRV/A_PurchaseOrder")


def test_metadata_is_served_as_it_lies_in_the_folder() -> None:
    with serve(seed(), users=USERS) as server:
        client = Api(server.url)
        with client.session:
            for name, service in load_services().items():
                answer = client.get(f"{name}/$metadata", Accept="*/*")
                assert answer.content == service.document
                assert answer.headers["content-type"] == "application/xml"


def _properties(path: Path) -> dict[tuple[str, str], Mapping[str, str]]:
    """Attributes by (entity set, property), namespaces cut off."""
    root = ElementTree.parse(path).getroot()
    uses = {}
    for each in root.iter():
        if each.tag.endswith("}EntitySet"):
            uses[each.get("EntityType", "").rpartition(".")[2]] = each.get("Name", "")
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for entity_type in root.iter():
        if entity_type.tag.endswith("}EntityType"):
            for prop in entity_type:
                if prop.tag.endswith("}Property"):
                    attributes = {key.rpartition("}")[2]: text for key, text in prop.items()}
                    name = uses.get(entity_type.get("Name", ""), "")
                    found[name, attributes["Name"]] = attributes
    return found


SERVICES = [
    "API_BUSINESS_PARTNER",
    "API_PRODUCT_SRV",
    "API_PURCHASEORDER_PROCESS_SRV",
    "API_SALES_ORDER_SRV",
    "API_SUPPLIERINVOICE_PROCESS_SRV",
    "gpl-3.0/API_MATERIAL_DOCUMENT_SRV",
]


@pytest.mark.parametrize("name", SERVICES)
def test_our_metadata_promises_nothing_that_saps_does_not(real_data: Path, name: str) -> None:
    """Same names, types and lengths as SAP's own EDMX, and never laxer."""
    ours = _properties(ROOT / "local" / "sap" / "edmx" / f"{Path(name).name}.edmx")
    saps = _properties(real_data / "edmx" / f"{name}.edmx")
    assert ours
    for key, prop in ours.items():
        assert key in saps, key
        for attribute in ("Type", "MaxLength", "Precision", "Scale", "ConcurrencyMode", "Nullable"):
            assert prop.get(attribute) == saps[key].get(attribute), (key, attribute)
        for closed in ("creatable", "updatable", "filterable", "sortable"):
            if saps[key].get(closed) == "false":
                assert prop.get(closed) == "false", (key, closed)


@pytest.mark.parametrize("name", SERVICES)
def test_our_entity_sets_are_open_at_most_where_saps_are(real_data: Path, name: str) -> None:
    def sets(path: Path) -> dict[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        for each in ElementTree.parse(path).getroot().iter():
            if each.tag.endswith("}EntitySet"):
                attributes = {key.rpartition("}")[2]: text for key, text in each.items()}
                found[attributes["Name"]] = attributes
        return found

    ours = sets(ROOT / "local" / "sap" / "edmx" / f"{Path(name).name}.edmx")
    saps = sets(real_data / "edmx" / f"{name}.edmx")
    for entity_set, attributes in ours.items():
        for closed in ("creatable", "updatable", "deletable"):
            if saps[entity_set].get(closed) == "false":
                assert attributes.get(closed) == "false", (entity_set, closed)


def _command(*options: str, **environment: str) -> subprocess.Popen[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("SAP_")}
    return subprocess.Popen(
        [sys.executable, "-m", "local.sap", *options],
        cwd=ROOT,
        env=known | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_prints_its_address_and_stops_on_sigterm(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    options = ("--seed", "local/samples/sap.json", "--log", str(log))
    with _command(*options, SAP_USER="ROBOT", SAP_PASSWORD="Geheim-1") as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = Api(url)
        with client.session:
            assert client.rows("API_SALES_ORDER_SRV/A_SalesOrder")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert url.startswith("http://127.0.0.1:")
    assert len(log.read_text().splitlines()) == 1
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        (["--seed", "local/samples/sap.json"], {}, "SAP_USER"),
        (["--seed", "nowhere.json"], {"SAP_USER": "A", "SAP_PASSWORD": "B"}, "nowhere.json"),
        ([], {"SAP_USER": "A", "SAP_PASSWORD": "B"}, "--seed"),
        (["--answer-delay", "-5"], {"SAP_USER": "A", "SAP_PASSWORD": "B"}, "--answer-delay"),
        (["--certrule", "ROBOT"], {"SAP_USER": "A", "SAP_PASSWORD": "B"}, "SUBJECT=USER"),
        (["--seed", "local/samples/sap.json"], {"SAP_USERS": "[]"}, "SAP_USERS"),
        (
            ["--seed", "local/samples/sap.json", "--tls", "no.pem", "no.key"],
            {"SAP_USER": "A", "SAP_PASSWORD": "B"},
            "no.pem",
        ),
    ],
)
def test_a_wrong_start_says_what_is_missing(
    options: list[str], environment: dict[str, str], said: str
) -> None:
    with _command(*options, **environment) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert said in errors
    assert "Traceback" not in errors
