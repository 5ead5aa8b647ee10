"""Changes of a record together with records below it, which OData V2 knows one by one only.

Nothing is sent before everything fits. The header goes first, because its ETag guards the whole;
then each item by the ETag that it has at that moment, since the header's change may have moved it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import (
    InputRejected,
    OutcomeUnknown,
    PreconditionFailed,
    Problem,
    SapmatchError,
)
from sapmatch.model.intent import Entity, Record, Written
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import preflight
from sapmatch.sap.odata.catalog import Catalog
from sapmatch.sap.odata.metadata import Metadata, Navigation, StructuredType
from sapmatch.sap.odata.reading import Reading
from sapmatch.sap.odata.writing import ANY, KNOWN, ETag, Known, Writing

Key = Mapping[str, ODataValue]


class _Part(Struct, frozen=True, kw_only=True):
    """One update; `path` is what the caller calls it: `to_Item[1]`, empty for the header."""

    path: str
    entity_set: str
    key: Key
    changes: Record
    etag: ETag
    navigation: str = ""


class DeepUpdate:
    """Updates of one service; what is flat goes through untouched."""

    def __init__(self, place: str, catalog: Catalog, reading: Reading, writing: Writing) -> None:
        self._place = place
        self._catalog = catalog
        self._reading = reading
        self._writing = writing

    def update(self, entity_set: str, key: Key, changes: Record, etag: ETag) -> Written:
        """Change the record and what is nested; see Service.update (OD-P80)."""
        if not any(isinstance(value, Mapping | list | tuple) for value in changes.values()):
            return self._writing.update(entity_set, key, changes, etag)
        metadata = self._catalog.metadata()
        nested = nested_in(metadata, entity_set, changes)
        if not nested:
            return self._writing.update(entity_set, key, changes, etag)
        own = {name: value for name, value in changes.items() if name not in nested}
        header = _Part(path="", entity_set=entity_set, key=key, changes=own, etag=etag)
        items = _items(metadata, entity_set, nested, etag)
        _check(metadata, [header, *items])
        guard, found = self._seen(header, tuple(nested))
        items = [self._located(item, found.row.get(item.navigation)) for item in items]
        _check_once(items)
        parts = [replace(header, etag=guard), *items] if own else items
        return self._written(parts, header)

    def _seen(self, header: _Part, navigations: Sequence[str]) -> tuple[str | None, Entity]:
        """The ETag to change by, and the record as it is, items included."""
        name, key = header.entity_set, header.key
        guard = self._writing.if_match(name, key, header.etag).get("If-Match")
        found = self._reading.get(name, key, navigations)
        if found is None:
            raise InputRejected(f"{self._place}: {name}: there is no such record to change")
        if guard not in (None, ANY) and found.etag not in (None, guard):
            raise PreconditionFailed(
                f"{self._place}: {name}: the record changed since it was read; nothing was "
                "written: read it again"
            )
        return guard, found

    def _located(self, item: _Part, found: Any) -> _Part:
        """The item with the whole key of the one record below the header that it names."""
        rows = found.get("results", [found]) if isinstance(found, dict) else found or []
        fitting = [row for row in rows if self._names(item, row)]
        if len(fitting) != 1:
            raise InputRejected(
                f"{self._place}: {item.path}: {len(fitting)} records in SAP's {item.navigation} "
                "have this key, not one; nothing was written. An update changes what is there: "
                "create new records on their own"
            )
        keys = self._kind(item).keys
        return replace(item, key={name: fitting[0][name] for name in keys})

    def _names(self, item: _Part, row: Any) -> bool:
        """Whether the key fields that the item gives are those of the row."""
        codec, kind = self._catalog.codec(), self._kind(item)
        fields = kind.properties
        if not isinstance(row, dict) or any(row.get(name) is None for name in kind.keys):
            return False
        return all(
            codec.literal(row[name], fields[name].type) == codec.literal(value, fields[name].type)
            for name, value in item.key.items()
        )

    def _kind(self, item: _Part) -> StructuredType:
        return self._catalog.metadata().type_of(item.entity_set)

    def _written(self, parts: Sequence[_Part], header: _Part) -> Written:
        """All of them; where one fails, an error that says which were written."""
        done: list[Written] = []
        for number, part in enumerate(parts):
            try:
                done.append(self._update(part))
            except SapmatchError as exc:
                if not done and not isinstance(exc, OutcomeUnknown):
                    raise
                raise self._partly(parts, number, exc) from exc
        self._writing.remember(header.entity_set, header.key, None)  # items may have moved it
        return Written(
            key=dict(header.key),
            http_status=done[-1].http_status,
            messages=tuple(text for one in done for text in one.messages),
        )

    def _update(self, part: _Part) -> Written:
        if isinstance(part.etag, Known):
            self._writing.remember(part.entity_set, part.key, None)
        return self._writing.update(part.entity_set, part.key, part.changes, part.etag)

    def _partly(self, parts: Sequence[_Part], at: int, exc: SapmatchError) -> OutcomeUnknown:
        names = [part.path or "the record itself" for part in parts]
        state = "not known" if isinstance(exc, OutcomeUnknown) else "failed"
        told = {
            "written": names[:at],
            state: names[at : at + 1],
            "not tried": names[at + 1 :],
        }
        said = "; ".join(f"{what}: {', '.join(which)}" for what, which in told.items() if which)
        return OutcomeUnknown(
            f"{self._place}: {parts[0].entity_set}: changed in part: {said}. {exc}. Read it back, "
            "then change what is missing"
        )


def _items(
    metadata: Metadata, entity_set: str, nested: Mapping[str, Any], etag: ETag
) -> list[_Part]:
    """What is nested as updates of their own; their keys are what the caller gave of them."""
    each_etag = etag if etag in (None, ANY) else KNOWN
    ways = metadata.type_of(entity_set).navigations
    found = [
        _item(metadata, _target(metadata, entity_set, way), way, path, record, each_etag)
        for way in map(ways.__getitem__, nested)
        for path, record in _records(way, nested[way.name])
    ]
    if not found:
        raise InputRejected(f"{', '.join(nested)}: holds no record; leave it out")
    return found


def _item(
    metadata: Metadata,
    target: str,
    way: Navigation,
    path: str,
    record: Mapping[str, Any],
    etag: ETag,
) -> _Part:
    keys = metadata.type_of(target).keys
    key = {name: record[name] for name in keys if record.get(name) is not None}
    changes = {
        name: value for name, value in record.items() if name not in keys and name != "__metadata"
    }
    if (way.many and not key) or not changes:
        lack = "changes" if key or not way.many else f"key ({', '.join(keys)})"
        raise InputRejected(f"{path}: is without {lack}; say what to change in which one")
    return _Part(
        path=path, entity_set=target, key=key, changes=changes, etag=etag, navigation=way.name
    )


def _records(way: Navigation, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping) and isinstance(value.get("results"), list):
        value = value["results"]
    many = isinstance(value, list | tuple)
    for number, record in enumerate(value if many else [value]):
        path = f"{way.name}[{number}]" if many else way.name
        if many != way.many or not isinstance(record, Mapping):
            wanted = "a list of objects" if way.many else "one object"
            raise InputRejected(f"{path}: must be {wanted}, each with the fields to change")
        yield path, record


def _target(metadata: Metadata, entity_set: str, way: Navigation) -> str:
    """The entity set behind a navigation: bound to it, or the only one of its type."""
    bound = metadata.entity_set(entity_set).bindings.get(way.name)
    sets = (
        [bound]
        if bound
        else [each.name for each in metadata.entity_sets.values() if each.type == way.target]
    )
    if len(sets) != 1:
        raise InputRejected(
            f"{way.name}: $metadata does not say in which entity set these records are; update "
            "them on their own"
        )
    return sets[0]


def problems(metadata: Metadata, entity_set: str, changes: Record) -> list[Problem]:
    """What $metadata rules out of an update, records below it included (OD-P62)."""
    nested = nested_in(metadata, entity_set, changes)
    if not nested:
        return preflight.update_problems(metadata, entity_set, changes)
    own = {name: value for name, value in changes.items() if name not in nested}
    header = _Part(path="", entity_set=entity_set, key={}, changes=own, etag=None)
    try:
        return _problems(metadata, [header, *_items(metadata, entity_set, nested, None)])
    except InputRejected as exc:
        return [Problem(code="NESTED", message=str(exc), field=next(iter(nested)))]


def nested_in(metadata: Metadata, entity_set: str, changes: Record) -> dict[str, Any]:
    """The records below that are changed one by one: V4 takes them as they are."""
    if metadata.version == "V4":
        return {}
    kind = metadata.types.get(metadata.entity_set(entity_set).type)
    navigations = kind.navigations if kind else {}
    return {name: value for name, value in changes.items() if name in navigations}


def _check(metadata: Metadata, parts: Sequence[_Part]) -> None:
    """InputRejected with the mistakes of all parts, by their paths (OD-P62)."""
    found = _problems(metadata, parts)
    if found:
        texts = (f"{parts[0].entity_set}: {each.message}" for each in found)
        raise InputRejected("; ".join(texts), found)


def _problems(metadata: Metadata, parts: Sequence[_Part]) -> list[Problem]:
    found: list[Problem] = []
    for part in parts:
        if part.changes:
            wrong = preflight.update_problems(metadata, part.entity_set, part.changes)
            found += [_at(part.path, each) for each in wrong]
    return found


def _at(path: str, problem: Problem) -> Problem:
    """The same mistake, named from the record that the caller gave."""
    if not path:
        return problem
    name = ".".join(filter(None, (path, problem.field)))
    return replace(problem, field=name, message=f"{path}.{problem.message}")


def _check_once(items: Sequence[_Part]) -> None:
    seen: dict[str, str] = {}
    for item in items:
        other = seen.setdefault(f"{item.entity_set} {dict(item.key)}", item.path)
        if other != item.path:
            raise InputRejected(f"{item.path}: is the same record as {other}; name it once")
