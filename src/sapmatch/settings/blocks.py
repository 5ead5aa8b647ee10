"""The blocks of sapmatch.toml, and the names of environment variables.

The only file that knows names of environment variables: `infra` sets them, `bootstrap` reads them.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict

from sapmatch.model.connection import Connection
from sapmatch.model.errors import Problem
from sapmatch.model.flow import Extraction, Intake, WriteBack
from sapmatch.model.order import OrderSide
from sapmatch.model.policy import STANDARD, CompanyCode, ExchangeRates, ItemFields, MatchingPolicy
from sapmatch.model.provisioning import Provisioning
from sapmatch.model.review import Reviewing

Endpoint: TypeAlias = Literal[
    "secretsmanager", "lambda", "sns", "sqs", "states", "logs", "kms", "sts", "monitoring", "xray"
]


class Environment(StrEnum):
    """Names of the environment variables of our functions."""

    STAGE = "SAPMATCH_STAGE"
    SETTINGS = "SAPMATCH_SETTINGS"
    BUCKET = "SAPMATCH_BUCKET"
    ORDERS_TABLE = "SAPMATCH_ORDERS_TABLE"
    DOCUMENTS_TABLE = "SAPMATCH_DOCUMENTS_TABLE"
    INTENTS_TABLE = "SAPMATCH_INTENTS_TABLE"
    CONTROL_TABLE = "SAPMATCH_CONTROL_TABLE"
    TOPIC_ARN = "SAPMATCH_TOPIC_ARN"
    INVOICE_MATCHING_ARN = "SAPMATCH_INVOICE_MATCHING_ARN"
    WRITE_BACK_ARN = "SAPMATCH_WRITE_BACK_ARN"
    PROVISIONING_ARN = "SAPMATCH_PROVISIONING_ARN"
    TOKEN_BROKER = "SAPMATCH_TOKEN_BROKER"  # noqa: S105 (a function: SAP's network leads nowhere)
    OS_USERS = "SAPMATCH_OS_USERS"  # local stage: who decides is taken for who he says he is


class Matching(Struct, frozen=True, kw_only=True):
    """Rules of the decision; see MatchingPolicy."""

    order_sides: tuple[OrderSide, ...] = ("purchase_order", "sales_order")
    receipt_check: Literal["by_item_flags"] = "by_item_flags"
    duplicate_window_days: int = 7
    exchange_rates: Literal["none"] | ExchangeRates = "none"
    candidate_cap: int = 500
    weights: dict[str, int] = field(default_factory=dict)  # learned: `sapmatch learn` prints them
    connection: str | None = None  # whose orders; the only connection where there is just one
    company_codes: dict[str, CompanyCode] = field(default_factory=dict)
    item_fields: ItemFields = STANDARD


class Owners(Struct, frozen=True, kw_only=True):
    """Addresses that get the mails of one owner (sapmatch.model.match.Owner) only."""

    accounts_payable: tuple[str, ...] = ()
    purchasing: tuple[str, ...] = ()
    warehouse: tuple[str, ...] = ()
    administrator: tuple[str, ...] = ()


class Alerts(Struct, frozen=True, kw_only=True):
    """Who gets the mails, all of them or those of an owner.

    Beyond `mails_per_hour` about documents, digests tell them together.
    """

    emails: tuple[str, ...] = ()
    owners: Owners = Owners()
    mails_per_hour: int = 30

    @property
    def addresses(self) -> dict[str, tuple[str, ...]]:
        """Every address with the owners whose mails it gets, none where it gets all of them."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self.emails, ())
        for owner, emails in asdict(self.owners).items():
            for email in emails:
                found[email] = (*found.get(email, ()), owner)
        return found


class Textract(Struct, frozen=True, kw_only=True):
    """Calls a second of each operation: the quotas of the account in its region, or less."""

    analyze_tps: float = 1.0  # AnalyzeExpense
    start_tps: float = 1.0  # StartExpenseAnalysis
    get_tps: float = 1.0  # GetExpenseAnalysis


class Reading(Struct, frozen=True, kw_only=True):
    """When a reading is sure enough.

    Where number, date, total, currency or seller is right less often than `review_below` of such
    values, a person looks at the document before anything is matched.
    """

    review_below: float = 0.8


class Provider(Struct, frozen=True, kw_only=True):
    """SAP's side of PrivateLink, for the account and the VPC that lead to SAP.

    A network load balancer that only PrivateLink reaches, before `targets`: addresses of SAP or of
    its Web Dispatcher, on the ports of the connections.
    """

    vpc_id: str
    subnet_ids: tuple[str, ...]
    targets: tuple[str, ...]
    allowed_principals: tuple[str, ...]  # who may ask for a connection, as ARNs; each is accepted
    on_premises: bool = True  # the targets lie outside of the VPC, behind a VPN or Direct Connect


class Network(Struct, frozen=True, kw_only=True):
    """How the functions that call SAP reach it; nothing else may be reached by them.

    `endpoints` are the services of AWS that they reach through interface endpoints; each costs
    about 7.30 USD a month and zone (docs/network.md). None: exactly those that connections need.
    """

    type: Literal["vpn", "privatelink", "existing", "none"] = "none"
    sap_cidr: str | None = None  # privatelink needs none: there SAP is the endpoint
    sap_port: int | None = None  # beside the ports of the connections
    availability_zones: tuple[str, ...] = ()  # names, or ids: the same in every account
    prefix_lists: tuple[str, ...] = ()  # the region's lists of S3 and DynamoDB (pl-...): ids differ
    endpoints: tuple[Endpoint, ...] | None = None
    names: dict[str, str] = field(default_factory=dict)  # host -> address, in a private zone

    vpc_cidr: str = "10.0.0.0/16"  # vpn, privatelink: of the VPC that is made

    customer_gateway_ip: str | None = None  # vpn: public address of the company's gateway
    customer_gateway_asn: int = 65000
    routing: Literal["static", "bgp"] = "static"
    transit_gateway_id: str | None = None  # vpn: the company's, instead of a gateway of our own
    tunnel_addresses: tuple[str, ...] = ()  # vpn: known after the first deployment
    dns_servers: tuple[str, ...] = ()  # vpn: of the company, which answer for `dns_domain`
    dns_domain: str | None = None

    endpoint_service: str | None = None  # privatelink: the provider's service name
    endpoint_services: dict[str, str] = field(default_factory=dict)  # connection -> another one
    provider: Provider | None = None

    vpc_id: str | None = None  # existing
    subnet_ids: tuple[str, ...] = ()
    endpoint_security_groups: tuple[str, ...] = ()  # of the owner's endpoints
    hosted_zone_id: str | None = None  # existing: the private zone that gets `names`


class AppFlowLogon(Struct, frozen=True, kw_only=True):
    """How AppFlow logs on where the connection does not by user and password: OAuth by code.

    The secret holds `client_id`, `client_secret` and `refresh_token`, which a person got at SAP.
    """

    secret: str
    auth_code_url: str
    token_url: str
    scope: tuple[str, ...] = ()


class AppFlow(Struct, frozen=True, kw_only=True):
    """A flow of Amazon AppFlow that reads an entity set of a connection into our bucket."""

    connection: str
    entity_set: str
    service: str | None = None  # the connection's where None
    catalog: str = "/sap/opu/odata/iwfnd/catalogservice;v=2"  # where SAP lists its services
    schedule: str | None = None  # on demand where None
    time_zone: str = "UTC"
    format: Literal["JSON", "CSV", "PARQUET"] = "JSON"
    logon: AppFlowLogon | None = None


class LogonSecrets(Struct, frozen=True, kw_only=True):
    """The secrets that connections name.

    `keys` are ARNs of KMS keys that they are encrypted with, where it is not the stage's own.
    """

    keys: tuple[str, ...] = ()


class Settings(Struct, frozen=True, kw_only=True):
    """One stage."""

    connections: dict[str, Connection] = field(default_factory=dict)
    extractions: dict[str, Extraction] = field(default_factory=dict)
    matching: Matching | None = None
    write_backs: dict[str, WriteBack] = field(default_factory=dict)
    alerts: Alerts = Alerts()
    reviewing: Reviewing = Reviewing()
    network: Network = Network()
    appflow: dict[str, AppFlow] = field(default_factory=dict)
    secrets: LogonSecrets = LogonSecrets()
    rotations: dict[str, str] = field(default_factory=dict)  # connection -> rate(30 days)
    provisioning: dict[str, Provisioning] = field(default_factory=dict)  # by connection
    intake: Intake = Intake()
    textract: Textract = Textract()
    reading: Reading = Reading()


def policy_of(matching: Matching, flows: Iterable[WriteBack] = ()) -> MatchingPolicy:
    """The pure rules, with the hash of what they were made from as their version.

    `flows` are what is written: a match has to fit into a supplier invoice where one makes it.
    """
    writes = any((f.source, f.order_side) == ("match", "purchase_order") for f in flows)
    plain = msgspec.to_builtins(matching, str_keys=True)  # rates are by date
    plain |= {"writes_invoices": True} if writes else {}
    digest = hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()[:12]
    return MatchingPolicy(
        version=digest,
        order_sides=matching.order_sides,
        receipt_check=matching.receipt_check,
        duplicate_window_days=matching.duplicate_window_days,
        exchange_rates=None if matching.exchange_rates == "none" else matching.exchange_rates,
        weights=matching.weights,
        candidate_cap=matching.candidate_cap,
        company_codes=matching.company_codes,
        writes_invoices=writes,
    )


def mistake(path: str, message: str) -> Problem:
    """One wrong setting; `path` is its place in the file."""
    return Problem(code="SETTING", message=message, field=path)
