"""One synthesis per kind of stage, from a bundle of empty files: no network, no account."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = "20"

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
[connections.s4.rfc]
systemId = "S4H"
[provisioning.s4]
approve_within_days = 5
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
LISTS = 'prefix_lists = ["pl-11111111", "pl-22222222"]'
SAP_CIDR = f'sap_cidr = "10.20.0.0/16"\n{LISTS}'
GIVEN = f"""
[network]
type = "existing"
vpc_id = "vpc-01234567"
subnet_ids = ["subnet-01234567", "subnet-01234568"]
availability_zones = ["eu-central-1a", "eu-central-1b"]
{SAP_CIDR}
"""
# A second system on another host, whose tokens are made where no network of SAP leads.
CLOUD_TOKENS = """
[connections.ecc]
url = "https://ecc.example.com"
client = "200"
profile = "ecc"
[connections.ecc.auth]
type = "oauth2-client-credentials"
secret = "sapmatch/ecc"
token_url = "https://id.example.com/oauth/token"
"""
NETWORKS = {
    "none": "",
    "appflow": """
[appflow.orders]
connection = "s4"
service = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV/"
entity_set = "A_PurchaseOrder"
""",
    "vpn": f"""
[network]
type = "vpn"
customer_gateway_ip = "203.0.113.10"
tunnel_addresses = ["198.51.100.1", "198.51.100.2"]
names = {{ "sap.example.com" = "10.20.0.5" }}
{SAP_CIDR}
""",
    "transit": f"""
[network]
type = "vpn"
transit_gateway_id = "tgw-0123456789abcdef0"
dns_servers = ["10.20.0.53", "10.30.0.53"]
dns_domain = "corp.example.com"
{SAP_CIDR}
""",
    "privatelink": f"""{CLOUD_TOKENS}
[network]
type = "privatelink"
availability_zones = ["euc1-az1", "euc1-az2", "euc1-az3"]
endpoint_service = "com.amazonaws.vpce.eu-central-1.vpce-svc-01234567"
endpoint_services = {{ ecc = "com.amazonaws.vpce.eu-central-1.vpce-svc-89abcdef" }}
{LISTS}
[secrets]
keys = ["arn:aws:kms:eu-central-1:111122223333:key/1234abcd"]
[rotations]
s4 = "rate(30 days)"
[network.provider]
vpc_id = "vpc-89abcdef"
subnet_ids = ["subnet-89abcdef", "subnet-89abcdf0"]
targets = ["10.20.0.5", "10.20.0.6"]
allowed_principals = ["arn:aws:iam::111122223333:root"]
[appflow.vendors]
connection = "ecc"
service = "/sap/opu/odata/sap/ZVENDOR_SRV"
entity_set = "Vendors"
schedule = "rate(5 minutes)"
time_zone = "Europe/Berlin"
format = "PARQUET"
[appflow.vendors.logon]
secret = "sapmatch/appflow"
auth_code_url = "https://ecc.example.com/sap/bc/sec/oauth2/authorize"
token_url = "https://ecc.example.com/sap/bc/sec/oauth2/token"
scope = ["ZVENDOR_SRV_0001"]
""",
    "existing": f'{GIVEN}endpoint_security_groups = ["sg-0123456789abcdef0"]\n',
    "existing-made": f"""{GIVEN}
endpoints = ["secretsmanager"]
hosted_zone_id = "Z0123456789ABCDEFGHIJ"
names = {{ "sap.example.com" = "10.20.0.5" }}
""",
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
