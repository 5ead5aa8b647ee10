"""Rows as V4 JSON: `@odata.etag`, exact decimals, expanded entities, links that are relative."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local.sap.paths import related
from local.sap.store import Store
from local.sap.v4.model import MESSAGES, EntitySet, Navigation, Service
from local.sap.v4.query import Query, asked_for, fitting
from local.sap.v4.values import moment_text, to_json
from local.sap.values import Row

_CHANGED = "LastChangeDateTime"


def key_text(entity_set: EntitySet, row: Row) -> str:
    """The entity as a URL names it: `PurchaseOrder('1')`."""
    keys = entity_set.source.keys
    if len(keys) == 1:
        return f"{entity_set.name}({_literal(row[keys[0]])})"
    parts = ",".join(f"{name}={_literal(row[name])}" for name in keys)
    return f"{entity_set.name}({parts})"


def _literal(value: str) -> str:
    return "'" + quote(value.replace("'", "''"), safe="'") + "'"


def context(entity_set: EntitySet, query: Query, *, single: bool) -> str:
    """The context after `$metadata#`, with what was selected and expanded."""
    everything = {*entity_set.properties, MESSAGES} == set(query.fields)
    shown = _shown(query) if query.expands or not everything else ""
    return f"{entity_set.name}{shown}{'/$entity' if single else ''}"


def _shown(query: Query) -> str:
    fields = query.options.get("$select", "").replace(" ", "").split(",")
    nested = [f"{name}{_shown(inner) or '()'}" for name, inner in query.expands.items()]
    parts = [*(name for name in fields if name), *nested]
    return f"({','.join(parts)})"


@dataclass(frozen=True, slots=True)
class Renderer:
    """Shows the rows of one service; `nested_page_size` cuts expanded collections (0: never)."""

    service: Service
    store: Store
    nested_page_size: int

    def etag(self, entity_set: EntitySet, row: Row) -> str:
        """The ETag: the last change of the document, items included, in SAP's form (OD-P66)."""
        holder = row
        if _CHANGED not in row:
            holder = self._header(entity_set, row)
        changed = holder.get(_CHANGED)
        digits = "".join(filter(str.isdigit, moment_text(changed))) if changed else "0" * 21
        return f'W/"SADL-{digits}~{digits[:14]}"'

    def _header(self, entity_set: EntitySet, row: Row) -> Row:
        ways = (each for each in entity_set.navigations.values() if not each.many)
        found = [related(entity_set.source, row, each.source, self.store) for each in ways]
        return next(rows[0] for rows in found if rows)

    def tagged(self, shown: dict[str, Any]) -> dict[str, Any]:
        """The top of an answer, with the ETag of the $metadata after its context."""
        head = {"@odata.context": shown.pop("@odata.context")}
        return head | {"@odata.metadataEtag": self.service.tag} | shown

    def entity(self, entity_set: EntitySet, row: Row, query: Query) -> dict[str, Any]:
        """One entity."""
        shown: dict[str, Any] = {"@odata.etag": self.etag(entity_set, row)}
        for name in query.fields:
            if name == MESSAGES:
                shown[name] = []
                continue
            prop = entity_set.properties[name]
            shown[name] = to_json(prop, row[prop.source.name])
        for name, inner in query.expands.items():
            self._expand(shown, entity_set, row, entity_set.navigations[name], inner)
        return shown

    def _expand(
        self,
        shown: dict[str, Any],
        entity_set: EntitySet,
        row: Row,
        navigation: Navigation,
        query: Query,
    ) -> None:
        target = self.service.sets[navigation.target]
        rows = related(entity_set.source, row, navigation.source, self.store)
        if not navigation.many:
            shown[navigation.name] = self.entity(target, rows[0], query) if rows else None
            return
        found = fitting(query, iter(rows))
        if query.counted:
            shown[f"{navigation.name}@odata.count"] = len(found)
        chosen = asked_for(query, found)
        size = self.nested_page_size
        page = chosen[:size] if size else chosen
        shown[navigation.name] = [self.entity(target, each, query) for each in page]
        if len(page) < len(chosen):
            place = f"{key_text(entity_set, row)}/{navigation.name}"
            options = [*_as_url(query.options), f"$skiptoken={size}-{size}"]
            shown[f"{navigation.name}@odata.nextLink"] = f"{place}?{'&'.join(options)}"


def _as_url(options: Mapping[str, str]) -> list[str]:
    return [f"{name}={quote(value, safe=_SAFE)}" for name, value in options.items()]


_SAFE = "$,;:/()'*@=_-.~"
