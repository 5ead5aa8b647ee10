"""Rules that need more than one setting, or more than a type."""

from collections.abc import Iterator, Set

from msgspec.structs import asdict

from sapmatch.model.errors import Problem
from sapmatch.model.flow import Extraction, WriteBack
from sapmatch.settings.alerts import check_alerts
from sapmatch.settings.appflow import check_appflow
from sapmatch.settings.blocks import Settings, mistake
from sapmatch.settings.connection import NAME, check_connection
from sapmatch.settings.extraction import check_extraction, check_subscriptions
from sapmatch.settings.matching import check_matching
from sapmatch.settings.network import check_network
from sapmatch.settings.provisioning import (
    check_provisioning,
    check_systems,
    remarks_on_provisioning,
)
from sapmatch.settings.reviewing import check_reviewing
from sapmatch.settings.rfc import remarks_on_rfc
from sapmatch.settings.rotations import check_rotations, check_secrets
from sapmatch.settings.run_as import check_run_as
from sapmatch.settings.schedule import check_schedule
from sapmatch.settings.write_back import check_sides, check_write_back

_MOST_TPS = 1000


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
    yield from check_run_as(settings.write_backs, settings.connections, settings.reviewing)
    yield from check_network(settings)
    yield from check_appflow(settings)
    yield from check_rotations(settings)
    yield from check_secrets(settings)
    yield from check_systems(settings)
    yield from check_provisioning(settings)


def remarks(settings: Settings) -> tuple[Problem, ...]:
    """What is no mistake and worth a look: a setting that does nothing, or gives way."""
    found: list[Problem] = []
    for name, block in settings.connections.items():
        if block.rfc:
            found += remarks_on_rfc(f"connections.{name}.rfc", block.rfc)
    return (*found, *remarks_on_provisioning(settings))


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
    if not NAME.fullmatch(name):
        yield mistake(path, "must be named in small letters, digits and _ (at most 40)")
    if flow.connection not in connections:
        yield mistake(f"{path}.connection", "names no [connections.*] block of this file")
    if flow.schedule is not None:
        yield from check_schedule(f"{path}.schedule", flow.schedule)
