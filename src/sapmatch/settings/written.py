"""What only the file tells: which settings somebody wrote, and which are defaults.

A default is never a mistake: it gives way. A setting that was written and does nothing is one, and
so is a tolerance key that is named without the limit it stands for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from sapmatch.model.errors import Problem
from sapmatch.model.flow import Extraction
from sapmatch.model.policy import TOLERANCE_KEYS
from sapmatch.settings.blocks import Settings, mistake

Table = Mapping[str, Any]
# Keys that allow nothing as long as they are not named.
_CLOSED = ("AN", "BD", "DQ", "DW", "LA", "PP")
_OF_TIMESTAMP = ("field", "overlap_seconds")


def within_limits(settings: Settings, table: Table) -> Settings:
    """The settings, where extractions that name no `parallel` keep to that of their connection."""
    extractions = dict(settings.extractions)
    for name, extraction in settings.extractions.items():
        connection = settings.connections.get(extraction.connection)
        if connection and "parallel" not in table["extractions"][name]:
            bearable = max(1, min(extraction.parallel, connection.limits.parallel))
            extractions[name] = replace(extraction, parallel=bearable)
    return replace(settings, extractions=extractions)


def check_written(settings: Settings, table: Table) -> Iterator[Problem]:
    """Settings that were written although they do nothing."""
    for name, extraction in settings.extractions.items():
        path, written = f"extractions.{name}", table["extractions"][name]
        yield from _check_time_zone(path, extraction, written)
        yield from _check_values(f"{path}.output.values", extraction, written)
        yield from _check_sets(path, written)
    for code in settings.matching.company_codes if settings.matching else ():
        yield from _check_company(
            f"matching.company_codes.{code}", table["matching"]["company_codes"][code]
        )


def _check_company(path: str, written: Table) -> Iterator[Problem]:
    yield from _check_open(f"{path}.tolerances", written.get("tolerances"))
    overrides = written.get("overrides")
    for n, override in enumerate(overrides if isinstance(overrides, list) else ()):
        if isinstance(override, dict):
            yield from _check_open(f"{path}.overrides[{n}].tolerances", override.get("tolerances"))


def _check_open(path: str, written: object) -> Iterator[Problem]:
    """Keys that would let any excess pass because of what somebody did not write."""
    tolerances = written if isinstance(written, dict) else {}
    for key in _CLOSED:
        limits = tolerances.get(key)
        known = TOLERANCE_KEYS[key]
        if not isinstance(limits, dict) or (limits and limits.keys().isdisjoint(known)):
            continue  # not named, or without any limit that the key knows: told elsewhere
        if not any(bound in limits for bound in known if bound.startswith("upper")):
            yield mistake(
                f"{path}.{key}",
                "has no upper limit, so nothing would be too much; set one, leave the key out to "
                'allow nothing, or write upper_absolute = "off"',
            )


def _check_time_zone(path: str, extraction: Extraction, written: Table) -> Iterator[Problem]:
    if "time_zone" in written and (extraction.schedule or "").startswith("rate("):
        yield mistake(
            f"{path}.time_zone",
            "does nothing beside rate(...), which counts minutes, hours or days; leave it out, or "
            "write the schedule as cron(...)",
        )


def _check_values(path: str, extraction: Extraction, written: Table) -> Iterator[Problem]:
    form, output = extraction.output.format, written.get("output")
    if form != "ndjson" and isinstance(output, dict) and output.get("values") == "raw":
        yield mistake(
            path, f'{form} is always typed; leave it out, or keep raw rows as format = "ndjson"'
        )


def _check_sets(path: str, written: Table) -> Iterator[Problem]:
    sets = written.get("entity_sets")
    for n, each in enumerate(sets if isinstance(sets, list) else ()):
        if not isinstance(each, dict):
            continue
        mode = each.get("mode", written.get("mode", "full"))
        for name in _OF_TIMESTAMP:
            if name in each and mode in ("full", "delta"):
                yield mistake(
                    f"{path}.entity_sets[{n}].{name}",
                    f'does nothing in mode "{mode}"; leave it out, or set mode = "timestamp"',
                )
