"""Rules for one `[extractions.NAME]` block."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from sapmatch.model.auth import secret_of
from sapmatch.model.connection import Connection
from sapmatch.model.errors import Problem
from sapmatch.model.flow import EntitySet, Extraction
from sapmatch.model.presets import PRESETS, entity_sets_of
from sapmatch.settings.blocks import mistake
from sapmatch.settings.connection import PATH, check_zone

MOST_ROWS = 10_000  # of a page
MOST_READERS = 40  # of a distributed map that shares one SAP system
LONGEST_OVERLAP = 31 * 24 * 3600  # seconds
_NAME = re.compile(r"[A-Za-z_]\w{0,127}", re.ASCII)


def check_extraction(
    path: str, extraction: Extraction, connection: Connection | None
) -> Iterator[Problem]:
    """Whatever would fail only when the extraction runs."""
    yield from check_zone(f"{path}.time_zone", extraction.time_zone)
    if not 1 <= extraction.page_size <= MOST_ROWS:
        yield mistake(f"{path}.page_size", f"must be from 1 to {MOST_ROWS}")
    yield from _check_parallel(f"{path}.parallel", extraction, connection)
    if extraction.keep is not None and extraction.keep < 1:
        yield mistake(f"{path}.keep", "must be at least 1: the last good run always stays")
    yield from _check_presets(f"{path}.presets", extraction)
    if extraction.presets and connection and not connection.kind.standard_apis:
        yield mistake(
            f"{path}.presets",
            f"name services of S/4HANA, and connection {extraction.connection} is "
            f"{connection.kind.title}; name its own services in entity_sets",
        )
    yield from _check_sets(path, extraction)
    yield from _check_output(f"{path}.output", extraction)


def check_subscriptions(
    extractions: Mapping[str, Extraction], connections: Mapping[str, Connection]
) -> Iterator[Problem]:
    """SAP keeps one subscription for each user: a second reader ends that of the first (OD-P36)."""
    taken: dict[tuple[str, ...], str] = {}
    for name, extraction in extractions.items():
        connection = connections.get(extraction.connection)
        if connection is None:
            continue
        user = (connection.url, connection.client, str(secret_of(connection.auth)))
        for each in entity_sets_of(extraction):
            if each.mode != "delta":
                continue
            first = taken.setdefault((*user, each.service.strip("/"), each.name), name)
            if first != name:
                yield mistake(
                    f"extractions.{name}.mode",
                    f"changes of {each.name} are read by {first} already with the same user of "
                    "SAP; read them in one extraction, or give this one a connection with a user "
                    "of its own",
                )


def _check_parallel(
    path: str, extraction: Extraction, connection: Connection | None
) -> Iterator[Problem]:
    if not 1 <= extraction.parallel <= MOST_READERS:
        yield mistake(path, f"must be from 1 to {MOST_READERS}")
    elif connection and extraction.parallel > connection.limits.parallel >= 1:
        yield mistake(
            path,
            f"is {extraction.parallel}, and limits.parallel of connection {extraction.connection} "
            f"is {connection.limits.parallel}: lower this one, or raise that one",
        )


def _check_presets(path: str, extraction: Extraction) -> Iterator[Problem]:
    for n, name in enumerate(extraction.presets):
        if name not in PRESETS:
            near = get_close_matches(name, PRESETS, 1)
            hint = f"did you mean {near[0]}? Known are" if near else "known are"
            yield mistake(f"{path}[{n}]", f"is no preset; {hint} {', '.join(PRESETS)}")
        elif extraction.mode == "delta":
            yield mistake(
                f"{path}[{n}]",
                'has no mode "delta": SAP\'s standard APIs track no changes; read it in mode '
                '"full", or name an ODP service of your system in entity_sets',
            )
        elif extraction.mode == "timestamp" and not any(each.field for each in PRESETS[name]):
            yield mistake(
                f"{path}[{n}]",
                'has no mode "timestamp": none of its fields tells every change; read it in an '
                'extraction of mode "full"',
            )


def _check_sets(path: str, extraction: Extraction) -> Iterator[Problem]:
    if not extraction.presets and not extraction.entity_sets:
        yield mistake(f"{path}.entity_sets", "is missing: name presets, entity_sets or both")
    counts = Counter(each.name for each in entity_sets_of(extraction) if each.name)
    for name in (name for name, count in counts.items() if count > 1):
        yield mistake(
            f"{path}.entity_sets",
            f"{name} is there twice (presets count): their files would lie in one place; "
            "read one of them in an extraction of its own",
        )
    for n, entity_set in enumerate(extraction.entity_sets):
        yield from _check_set(f"{path}.entity_sets[{n}]", entity_set, extraction)


def _check_set(path: str, entity_set: EntitySet, extraction: Extraction) -> Iterator[Problem]:
    if not _NAME.fullmatch(entity_set.name):
        yield mistake(f"{path}.name", "must be an entity set of $metadata, such as A_SalesOrder")
    if not PATH.fullmatch(entity_set.service) or not entity_set.service.strip("/"):
        yield mistake(f"{path}.service", "must be a path, such as /sap/opu/odata/sap/API_X_SRV")
    mode = entity_set.mode or extraction.mode
    if mode == "timestamp" and not entity_set.field:
        yield mistake(f"{path}.field", "is missing: which field holds the time of a change?")
    if not 0 <= entity_set.overlap_seconds <= LONGEST_OVERLAP:
        yield mistake(f"{path}.overlap_seconds", f"must be from 0 to {LONGEST_OVERLAP}")
    if mode == "delta" and (entity_set.partition not in ("auto", "none") or _cut_by(entity_set)):
        yield mistake(f"{path}.partition", "changes come one behind the other: they cannot be cut")
    elif entity_set.partition in ("skip", "none") and _cut_by(entity_set):
        yield mistake(
            f"{path}.partition_field",
            f'has no meaning beside partition = "{entity_set.partition}"; leave one of them out',
        )


def _cut_by(entity_set: EntitySet) -> bool:
    return entity_set.partition_field is not None


def _check_output(path: str, extraction: Extraction) -> Iterator[Problem]:
    output = extraction.output
    if output.target_mb is not None and output.target_mb < 1:
        yield mistake(f"{path}.target_mb", "must be at least 1")
    raw = output.format == "ndjson" and output.values == "raw"
    remedy = 'rows stay as SAP sent them; add values = "typed"'
    if raw and output.labels:
        yield mistake(f"{path}.labels", remedy)
    if isinstance(output.labels, dict) and not all(map(str.strip, output.labels.values())):
        yield mistake(f"{path}.labels", "names a field without a label; leave it out of the table")
    if output.nested == "flatten" and raw:
        yield mistake(f"{path}.nested", remedy)
    elif output.nested == "flatten" and not any(e.expand for e in entity_sets_of(extraction)):
        yield mistake(
            f"{path}.nested", 'there is nothing to flatten: no entity set has "expand"; add it'
        )
