"""One synthesis per kind of stage, from a bundle of empty files: no network, no account."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = "1"

from aws_cdk import App

from infra.bundle import LAYERS, ROOT, code_folder, layer_folder
from infra.config import StageConfig
from infra.stage import add_stage
from tests.infra.templates import Templates

CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"]
SETTINGS = """
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
auth = { type = "basic", secret = "sapmatch/s4" }
limits = { parallel = 3 }
[extractions.orders]
connection = "s4"
parallel = 3
schedule = "cron(0 6 * * ? *)"
time_zone = "Europe/Berlin"
entity_sets = [{ service = "/sap/opu/odata/sap/X_SRV", name = "A_PurchaseOrder" }]
[write_backs.supplier_invoice]
connection = "s4"
service = "/sap/opu/odata/sap/API_SUPPLIERINVOICE_PROCESS_SRV"
entity_set = "A_SupplierInvoice"
operation = "insert"
source = "match"
order_side = "purchase_order"
parallel = 2
schedule = "cron(0 6-20 ? * MON-FRI *)"
window = { begin = "06:00", end = "21:00", time_zone = "Europe/Berlin" }
[alerts]
emails = ["accounts@example.com"]
[alerts.owners]
purchasing = ["buyers@example.com", "stock@example.com"]
warehouse = ["stock@example.com"]
"""
SAP_CIDR = 'sap_cidr = "10.20.0.0/16"'
WAY_TO_SAP = """
sap_port = 44300
prefix_lists = ["pl-11111111", "pl-22222222"]
"""
NETWORKS = {
    "none": "",
    "vpn": f'[network]\ntype = "vpn"\ncustomer_gateway_ip = "203.0.113.10"\n{SAP_CIDR}{WAY_TO_SAP}',
    "privatelink": '[network]\ntype = "privatelink"\n'
    f'endpoint_service = "com.amazonaws.vpce.eu-central-1.vpce-svc-01234567"{WAY_TO_SAP}',
    "existing": '[network]\ntype = "existing"\nvpc_id = "vpc-01234567"\n'
    'subnet_ids = ["subnet-01234567", "subnet-01234568"]\n'
    'secrets_endpoint_security_group = "sg-0123456789abcdef0"\n'
    f'availability_zones = ["eu-central-1a", "eu-central-1b"]\n{SAP_CIDR}{WAY_TO_SAP}',
}


Synthesize = Callable[..., Templates]


@pytest.fixture(scope="session")
def make_build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a bundle of empty files around the settings."""

    def make(settings: str) -> Path:
        build = tmp_path_factory.mktemp("build")
        code_folder(build).mkdir()
        (code_folder(build) / "sapmatch.toml").write_text(settings)
        for layer in LAYERS:
            package = layer_folder(build, layer) / "python"
            package.mkdir(parents=True)
            (package / f"{layer}.py").touch()
        return build

    return make


@pytest.fixture(scope="session")
def synthesize(
    make_build: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Synthesize:
    """Synthesises a stage once per test run; cdk-nag looks at every one of them."""

    @cache
    def templates(stage: str = "prod", network: str = "none") -> Templates:
        build = make_build(SETTINGS + NETWORKS[network])
        context = CONTEXT | {
            "stage": stage,
            "settings": str(code_folder(build) / "sapmatch.toml"),
            "build": str(build),
        }
        if stage == "local":
            context["textract_url"] = "http://127.0.0.1:5000"
        folder = tmp_path_factory.mktemp("cdk.out")
        app = App(context=context, outdir=str(folder))
        add_stage(app, StageConfig.from_context(app.node))
        app.synth()
        return Templates(folder)

    return templates


@pytest.fixture(scope="session")
def prod(synthesize: Synthesize) -> Templates:
    """A stage in the cloud without a network."""
    return synthesize()


@pytest.fixture(scope="session")
def local(synthesize: Synthesize) -> Templates:
    """The stage for the emulator."""
    return synthesize("local")
