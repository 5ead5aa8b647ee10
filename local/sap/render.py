"""Rows as V2 JSON: `__metadata`, `__deferred`, expanded rows."""

from typing import Any
from urllib.parse import quote

from local.sap.metadata import EntitySet
from local.sap.paths import related
from local.sap.query import Selection
from local.sap.store import Store
from local.sap.values import Row, etag_of


def key_text(entity_set: EntitySet, row: Row) -> str:
    """The entity as a URL names it: `A_SalesOrder('1')`."""
    if len(entity_set.keys) == 1:
        return f"{entity_set.name}({_literal(row[entity_set.keys[0]])})"
    parts = ",".join(f"{name}={_literal(row[name])}" for name in entity_set.keys)
    return f"{entity_set.name}({parts})"


def _literal(value: str) -> str:
    return "'" + quote(value.replace("'", "''"), safe="'") + "'"


def etag(entity_set: EntitySet, row: Row) -> str | None:
    """The entity's ETag, None where its type has none."""
    name = entity_set.etag
    return None if name is None else etag_of(row[name])


def entity(
    entity_set: EntitySet, row: Row, selection: Selection, root: str, store: Store
) -> dict[str, Any]:
    """One entity as JSON; `root` is the service's URL with its closing slash."""
    uri = root + key_text(entity_set, row)
    metadata = {"id": uri, "uri": uri, "type": entity_set.type_name}
    tag = etag(entity_set, row)
    if tag is not None:
        metadata["etag"] = tag
    shown: dict[str, Any] = {"__metadata": metadata}
    for name in selection.properties:
        shown[name] = row[name]
    for name in selection.links:
        shown[name] = {"__deferred": {"uri": f"{uri}/{name}"}}
    for name, inner in selection.expanded.items():
        shown[name] = _expanded(entity_set, row, name, inner, root, store)
    return shown


def _expanded(
    entity_set: EntitySet, row: Row, name: str, inner: Selection, root: str, store: Store
) -> dict[str, Any] | None:
    navigation = entity_set.navigations[name]
    target = store.entity_set(navigation.target)
    rows = related(entity_set, row, navigation, store)
    shown = [entity(target, each, inner, root, store) for each in rows]
    if navigation.many:
        return {"results": shown}
    return shown[0] if shown else None
