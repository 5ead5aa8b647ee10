"""sapmatch.toml -> typed settings; every mistake is reported at once, with its path.

The only file that knows names of environment variables: `infra` sets them, `bootstrap` reads them.
"""

import hashlib
import ipaddress
import re
import tomllib
from collections.abc import Iterator, Mapping, Set
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct, field

from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import KNOWN_REFERENCES, Extraction, Intake, WriteBack
from sapmatch.model.order import OrderSide
from sapmatch.model.policy import TOLERANCE_KEYS, CompanyCode, Limit, MatchingPolicy


class Environment(StrEnum):
    """Names of the environment variables of our functions."""

    STAGE = "SAPMATCH_STAGE"
    SETTINGS = "SAPMATCH_SETTINGS"
    BUCKET = "SAPMATCH_BUCKET"
    ORDERS_TABLE = "SAPMATCH_ORDERS_TABLE"
    DOCUMENTS_TABLE = "SAPMATCH_DOCUMENTS_TABLE"
    INTENTS_TABLE = "SAPMATCH_INTENTS_TABLE"
    TOPIC_ARN = "SAPMATCH_TOPIC_ARN"
    INVOICE_MATCHING_ARN = "SAPMATCH_INVOICE_MATCHING_ARN"
    WRITE_BACK_ARN = "SAPMATCH_WRITE_BACK_ARN"


class Matching(Struct, frozen=True, kw_only=True):
    """Rules of the decision; see MatchingPolicy."""

    order_sides: tuple[OrderSide, ...] = ("purchase_order", "sales_order")
    receipt_check: Literal["by_item_flags"] = "by_item_flags"
    duplicate_window_days: int = 7
    exchange_rates: str = "none"
    candidate_cap: int = 500
    connection: str | None = None  # whose orders; the only connection where there is just one
    company_codes: dict[str, CompanyCode] = field(default_factory=dict)


class Alerts(Struct, frozen=True, kw_only=True):
    """Who gets the mails."""

    emails: tuple[str, ...] = ()


class Network(Struct, frozen=True, kw_only=True):
    """How the functions that call SAP reach it; nothing else may be reached by them."""

    type: Literal["vpn", "privatelink", "existing", "none"] = "none"
    sap_cidr: str | None = None  # privatelink needs none: there SAP is the endpoint
    sap_port: int = 443
    vpc_id: str | None = None
    subnet_ids: tuple[str, ...] = ()
    availability_zones: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()  # the region's lists of S3 and DynamoDB (pl-...): ids differ
    secrets_endpoint_security_group: str | None = None  # existing: the owner's, of the endpoint
    endpoint_service: str | None = None  # privatelink: the provider's service name
    customer_gateway_ip: str | None = None  # vpn: public address of the company's gateway
    customer_gateway_asn: int = 65000


class Settings(Struct, frozen=True, kw_only=True):
    """One stage."""

    connections: dict[str, Connection] = field(default_factory=dict)
    extractions: dict[str, Extraction] = field(default_factory=dict)
    matching: Matching | None = None
    write_backs: dict[str, WriteBack] = field(default_factory=dict)
    alerts: Alerts = Alerts()
    network: Network = Network()
    intake: Intake = Intake()


def load(path: Path) -> Settings:
    """Read one stage's settings; raises InputRejected with every mistake in `problems`."""
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise InputRejected(
            f"{path}: cannot be read ({exc.strerror}); name it with --settings"
        ) from exc
    return parse(text, str(path))


def parse(text: bytes, name: str) -> Settings:
    """Settings from TOML bytes; `name` is the file as the messages call it."""
    try:
        table = tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InputRejected(f"{name}: is no TOML: {exc}") from exc
    problems: list[Problem] = []
    settings: Settings = _section(table, Settings, "", problems)
    wrong = {problem.field for problem in problems}
    problems.extend(problem for problem in check(settings) if problem.field not in wrong)
    if problems:
        listing = "".join(f"\n  {p.field}: {p.message}" for p in problems)
        raise InputRejected(f"{name}: {len(problems)} mistake(s){listing}", problems)
    return settings


def policy_of(matching: Matching) -> MatchingPolicy:
    """The pure rules, with the hash of what they were made from as their version."""
    digest = hashlib.sha256(msgspec.json.encode(matching, order="deterministic")).hexdigest()[:12]
    return MatchingPolicy(
        version=digest,
        order_sides=matching.order_sides,
        receipt_check=matching.receipt_check,
        duplicate_window_days=matching.duplicate_window_days,
        exchange_rates=matching.exchange_rates,
        candidate_cap=matching.candidate_cap,
        company_codes=matching.company_codes,
    )


def _section(value: Any, kind: type[Any], path: str, problems: list[Problem]) -> Any:
    """One table as a struct; a mistaken field gets its default, or "", so that checking goes on."""
    if not isinstance(value, dict):
        problems.append(_problem(path, "must be a table"))
        return None
    hints = get_type_hints(kind)
    fields = {f.name: f for f in msgspec.structs.fields(kind)}
    for key in value.keys() - fields.keys():
        known = ", ".join(sorted(fields))
        problems.append(_problem(_join(path, key), f"is not known here; known are {known}"))
    given: dict[str, Any] = {}
    for key, spec in fields.items():
        part = None
        if key in value:
            part = _value(value[key], hints[key], _join(path, key), problems)
        elif spec.required:
            problems.append(_problem(_join(path, key), "is missing"))
        if part is not None or spec.required:
            given[key] = "" if part is None else part
    return kind(**given)


def _value(value: Any, hint: Any, path: str, problems: list[Problem]) -> Any:
    if get_origin(hint) in (Union, UnionType):
        structs = [arm for arm in get_args(hint) if _is_struct(arm)]
        hint = structs[0] if structs else hint
    if _is_struct(hint):
        return _section(value, hint, path, problems)
    arguments = get_args(hint)
    if get_origin(hint) is dict and _is_struct(arguments[1]) and isinstance(value, dict):
        parts = {k: _section(v, arguments[1], _join(path, k), problems) for k, v in value.items()}
        return {k: part for k, part in parts.items() if part is not None}
    if get_origin(hint) is tuple and _is_struct(arguments[0]) and isinstance(value, list):
        return tuple(
            _section(v, arguments[0], f"{path}[{n}]", problems) for n, v in enumerate(value)
        )
    if hint == Limit:
        return _limit(value, path, problems)
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as exc:
        problems.append(_problem(path, _plain(exc, hint)))
        return None


def _limit(value: Any, path: str, problems: list[Problem]) -> Limit | None:
    """A number in quotes, so that it stays exact, or `off`."""
    if value == "off":
        return "off"
    try:
        limit = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        limit = Decimal("NaN")
    if limit.is_finite() and limit >= 0:
        return limit
    problems.append(_problem(path, 'must be a number in quotes such as "25.00", or "off"'))
    return None


def _plain(exc: msgspec.ValidationError, hint: Any) -> str:
    """What is expected here, in words."""
    if get_origin(hint) is Literal:
        return "must be one of " + ", ".join(f'"{option}"' for option in get_args(hint))
    return str(exc).removeprefix("Invalid value ").split(" - at ")[0].lower()


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Struct)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _problem(path: str, message: str) -> Problem:
    return Problem(code="SETTING", message=message, field=path)


_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_SCHEDULE = re.compile(r"(rate\([1-9]\d* (minute|hour|day)s?\)|cron\([^)]+\)|at\([^)]+\))")
_LONGEST = 3600
_OPERATIONS = {"A_SupplierInvoice": "insert", "A_SalesOrder": "update"}  # what a match means
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")


def check(settings: Settings) -> Iterator[Problem]:
    """Rules that need more than one setting, or more than a type."""
    connections = settings.connections.keys()
    for name, connection in settings.connections.items():
        yield from _check_connection(f"connections.{name}", connection)
    for name, extraction in settings.extractions.items():
        yield from _check_flow(connections, f"extractions.{name}", name, extraction)
        yield from _check_parallel(settings, f"extractions.{name}.parallel", extraction)
        if extraction.page_size < 1:
            yield _problem(f"extractions.{name}.page_size", "must be at least 1")
    for name, flow in settings.write_backs.items():
        yield from _check_flow(connections, f"write_backs.{name}", name, flow)
        yield from _check_write_back(f"write_backs.{name}", flow)
    yield from _check_sides(settings.write_backs)
    if settings.matching:
        yield from _check_matching(connections, settings.matching)
    for limit in ("max_bytes", "max_pages"):
        if getattr(settings.intake, limit) < 1:
            yield _problem(f"intake.{limit}", "must be at least 1")
    for n, email in enumerate(settings.alerts.emails):
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            yield _problem(f"alerts.emails[{n}]", "is no e-mail address")
    yield from _check_network(settings.network)


def _check_connection(path: str, connection: Connection) -> Iterator[Problem]:
    url = urlsplit(connection.url)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
        yield _problem(f"{path}.url", "must begin with https:// (http:// for loopback hosts only)")
    elif not url.hostname or url.username or url.path.strip("/") or url.query:
        yield _problem(f"{path}.url", "must be scheme, host and port only")
    if not re.fullmatch(r"\d{3}", connection.client):
        yield _problem(
            f"{path}.client", 'must be the three digits of the SAP client, such as "100"'
        )
    if not re.fullmatch(r"[A-Z]{2}", connection.language):
        yield _problem(f"{path}.language", 'must be two capital letters, such as "EN"')
    if not connection.auth.secret.removeprefix("env:"):
        yield _problem(f"{path}.auth.secret", "is empty: name a secret, or env:NAME")
    limits = connection.limits
    if limits.requests_per_second <= 0:
        yield _problem(f"{path}.limits.requests_per_second", "must be above 0")
    if limits.parallel < 1:
        yield _problem(f"{path}.limits.parallel", "must be at least 1")
    times = ("quiet_seconds", "probe_spacing_seconds")
    for name in (*times, "connect_timeout", "read_timeout", "total_timeout"):
        if not 0 <= getattr(connection, name) <= _LONGEST:
            yield _problem(f"{path}.{name}", f"must be from 0 to {_LONGEST} seconds")
    yield from _check_zone(f"{path}.time_zone", connection.time_zone)


def _check_zone(path: str, zone: str) -> Iterator[Problem]:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield _problem(path, 'is no time zone; write it like "Europe/Berlin"')


def _check_flow(
    connections: Set[str], path: str, name: str, flow: Extraction | WriteBack
) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield _problem(path, "must be named in small letters, digits and _ (at most 40)")
    if flow.connection not in connections:
        yield _problem(f"{path}.connection", "names no [connections.*] block of this file")
    if flow.schedule and not _SCHEDULE.fullmatch(flow.schedule):
        yield _problem(f"{path}.schedule", "must be rate(...), cron(...) or at(...) of EventBridge")


def _check_parallel(settings: Settings, path: str, extraction: Extraction) -> Iterator[Problem]:
    connection = settings.connections.get(extraction.connection)
    if extraction.parallel < 1:
        yield _problem(path, "must be at least 1")
    elif connection and extraction.parallel > connection.limits.parallel >= 1:
        yield _problem(path, f"is over limits.parallel of its connection: {extraction.connection}")


def _check_sides(flows: Mapping[str, WriteBack]) -> Iterator[Problem]:
    taken: dict[OrderSide, str] = {}
    for name, flow in flows.items():
        if flow.source != "match" or flow.order_side is None:
            continue
        first = taken.setdefault(flow.order_side, name)
        if first != name:
            yield _problem(
                f"write_backs.{name}.order_side", f"is written by {first} already: keep one flow"
            )


def _check_write_back(path: str, flow: WriteBack) -> Iterator[Problem]:
    if not flow.schedule:
        yield _problem(
            f"{path}.schedule",
            "is missing: a lost answer is read back by later runs too; "
            'write it like "rate(5 minutes)"',
        )
    expected = _OPERATIONS.get(flow.entity_set)
    if flow.source == "match" and expected and flow.operation != expected:
        yield _problem(f"{path}.operation", f'must be "{expected}" for matches')
    if flow.operation == "insert" and not (flow.reference or flow.entity_set in KNOWN_REFERENCES):
        yield _problem(
            f"{path}.reference",
            "is missing: name the fields by which SAP can be searched for a created record, "
            "because a lost answer is read back and never sent again",
        )
    if flow.source == "match" and flow.order_side is None:
        yield _problem(f"{path}.order_side", 'is missing: "purchase_order" or "sales_order"')
    if flow.source == "match" and flow.order_side == "sales_order" and not flow.field:
        yield _problem(f"{path}.field", "is missing: the header field for the invoice number")


def _check_matching(connections: Set[str], matching: Matching) -> Iterator[Problem]:
    if matching.connection and matching.connection not in connections:
        yield _problem("matching.connection", "names no [connections.*] block of this file")
    if not matching.connection and len(connections) > 1:
        yield _problem("matching.connection", "is missing: which connection holds the orders?")
    if matching.exchange_rates != "none":
        yield _problem("matching.exchange_rates", 'must be "none": no rate source is known yet')
    for code, company in matching.company_codes.items():
        path = f"matching.company_codes.{code}"
        yield from _check_zone(f"{path}.time_zone", company.time_zone)
        if not re.fullmatch(r"[A-Z]{3}", company.currency):
            yield _problem(f"{path}.currency", 'must be an ISO 4217 code such as "EUR"')
        for key in company.tolerances.keys() - TOLERANCE_KEYS:
            known = ", ".join(sorted(TOLERANCE_KEYS))
            yield _problem(f"{path}.tolerances.{key}", f"is no tolerance key; known are {known}")


def _check_network(network: Network) -> Iterator[Problem]:
    needed = {
        "none": (),
        "vpn": ("sap_cidr", "prefix_lists", "customer_gateway_ip"),
        "privatelink": ("prefix_lists", "endpoint_service"),
        "existing": (
            "sap_cidr",
            "prefix_lists",
            "vpc_id",
            "subnet_ids",
            "availability_zones",
            "secrets_endpoint_security_group",
        ),
    }[network.type]
    for name in needed:
        if not getattr(network, name):
            yield _problem(f"network.{name}", f'is missing for network type "{network.type}"')
    if network.sap_cidr and not _is_network(network.sap_cidr):
        yield _problem(
            "network.sap_cidr", 'must be a network smaller than everything, like "10.20.0.0/24"'
        )


def _is_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False
