"""Rules that need more than one setting, or more than a type."""

import ipaddress
import re
from collections.abc import Iterator, Set

from msgspec.structs import asdict

from sapmatch.model.errors import Problem
from sapmatch.model.flow import Extraction, WriteBack
from sapmatch.settings.alerts import check_alerts
from sapmatch.settings.blocks import Network, Settings, mistake
from sapmatch.settings.connection import check_connection
from sapmatch.settings.extraction import check_extraction, check_subscriptions
from sapmatch.settings.matching import check_matching
from sapmatch.settings.reviewing import check_reviewing
from sapmatch.settings.schedule import check_schedule
from sapmatch.settings.write_back import check_sides, check_write_back

_MOST_TPS = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")


def check(settings: Settings) -> Iterator[Problem]:
    """Rules that need more than one setting, or more than a type."""
    connections = settings.connections.keys()
    for name, block in settings.connections.items():
        yield from check_connection(f"connections.{name}", block)
    for name, extraction in settings.extractions.items():
        yield from _check_flow(connections, f"extractions.{name}", name, extraction)
        connection = settings.connections.get(extraction.connection)
        yield from check_extraction(f"extractions.{name}", extraction, connection)
    yield from check_subscriptions(settings.extractions, settings.connections)
    for name, flow in settings.write_backs.items():
        yield from _check_flow(connections, f"write_backs.{name}", name, flow)
        connection = settings.connections.get(flow.connection)
        yield from check_write_back(f"write_backs.{name}", flow, connection)
    yield from check_sides(settings.write_backs)
    if settings.matching:
        yield from check_matching(connections, settings.matching)
    for limit in ("max_bytes", "max_pages"):
        if getattr(settings.intake, limit) < 1:
            yield mistake(f"intake.{limit}", "must be at least 1")
    yield from _check_reading(settings)
    yield from check_alerts(settings.alerts)
    yield from check_reviewing(settings.reviewing)
    yield from _check_network(settings.network)


def _check_reading(settings: Settings) -> Iterator[Problem]:
    for name, rate in asdict(settings.textract).items():
        if not 0 < rate <= _MOST_TPS:
            yield mistake(
                f"textract.{name}",
                f"must be above 0 and at most {_MOST_TPS}: calls a second, as Service Quotas shows "
                "them for Textract in this region",
            )
    if not 0 <= settings.reading.review_below <= 1:
        yield mistake("reading.review_below", "must be a share from 0 (never) to 1, such as 0.8")


def _check_flow(
    connections: Set[str], path: str, name: str, flow: Extraction | WriteBack
) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield mistake(path, "must be named in small letters, digits and _ (at most 40)")
    if flow.connection not in connections:
        yield mistake(f"{path}.connection", "names no [connections.*] block of this file")
    if flow.schedule is not None:
        yield from check_schedule(f"{path}.schedule", flow.schedule)


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
            yield mistake(f"network.{name}", f'is missing for network type "{network.type}"')
    if network.sap_cidr and not _is_network(network.sap_cidr):
        yield mistake(
            "network.sap_cidr", 'must be a network smaller than everything, like "10.20.0.0/24"'
        )


def _is_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False
