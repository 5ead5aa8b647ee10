"""The documents that SAP holds at the start: read from a JSON file, checked against the EDMX."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.sap.metadata import EntitySet
from local.sap.payload import complete
from local.sap.store import Store
from local.sap.values import Row, from_json

ABAP = "abap"
_MAX_SHOWN = 20
_NUMBERED = {
    "A_SupplierInvoice": "SupplierInvoice",
    "A_MaterialDocumentHeader": "MaterialDocument",
    "A_PurchaseRequisitionHeader": "PurchaseRequisition",
}


class SeedError(ValueError):
    """The seed does not fit the metadata; every mistake is named with its place."""


def load_seed(path: Path) -> Any:
    """The seed in a file: `{"<EntitySet>": [rows in V2 JSON values], "abap": {...}}`."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SeedError(f"seed {path} cannot be read as JSON: {error}") from error


def fill(seed: Mapping[str, Any], store: Store) -> None:
    """Fill the store from rows by entity set; SeedError with all mistakes.

    The key `abap` is that of `local.sap.abap.seed`.
    """
    problems = list(_insert_all(seed, store)) or list(_orphans(store))
    if problems:
        more = len(problems) - _MAX_SHOWN
        shown = problems[:_MAX_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        raise SeedError("the seed does not fit the metadata:\n  " + "\n  ".join(shown))


def _insert_all(seed: object, store: Store) -> Iterator[str]:
    if not isinstance(seed, dict):
        yield "the seed must be a JSON object of entity sets"
        return
    for name, rows in seed.items():
        if name == ABAP:
            continue
        if name not in store.names():
            yield f"{name}: no such entity set; known are {', '.join(store.names())}"
        elif not isinstance(rows, list):
            yield f"{name}: must be a list of rows"
        else:
            for n, row in enumerate(rows):
                yield from _insert(name, f"{name}[{n}]", row, store)


def _insert(name: str, place: str, given: object, store: Store) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"{place}: must be a JSON object"
        return
    entity_set = store.entity_set(name)
    checked: Row = {}
    problems = list(check(entity_set, place, given, checked))
    if problems:
        yield from problems
        return
    try:
        store.insert(name, complete(entity_set, checked))
    except ValueError as error:
        yield f"{place}: {error}"


def check(
    entity_set: EntitySet, place: str, given: Mapping[str, Any], checked: Row
) -> Iterator[str]:
    """What is wrong with a row, each with its place; `checked` takes the values that are right."""
    for name in [*entity_set.keys, *([entity_set.etag] if entity_set.etag else [])]:
        if not given.get(name):
            yield f"{place}.{name}: is required"
    for name, value in given.items():
        if name not in entity_set.properties:
            yield f"{place}.{name}: no such property of {entity_set.type_name}"
            continue
        try:
            checked[name] = from_json(entity_set.properties[name], value)
        except ValueError as error:
            yield f"{place}.{name}: {error}"
    numbered = _NUMBERED.get(entity_set.name, "")
    if numbered and not str(given.get(numbered)).isdigit():
        yield f"{place}.{numbered}: must hold digits only"


def _orphans(store: Store) -> Iterator[str]:
    for name in store.names():
        entity_set = store.entity_set(name)
        parents = PARENTS.get(name)
        if parents is None:
            continue
        size = len(store.entity_set(parents).keys)
        for row in store.rows(name):
            key = store.key_of(name, row)[:size]
            if store.get(parents, key) is None:
                yield f"{name} {key}: has no row in {parents}, of which {entity_set.keys} is a part"


PARENTS = {
    "A_PurchaseOrderItem": "A_PurchaseOrder",
    "A_PurchaseOrderScheduleLine": "A_PurchaseOrderItem",
    "A_PurOrdPricingElement": "A_PurchaseOrderItem",
    "A_SalesOrderItem": "A_SalesOrder",
    "A_MaterialDocumentItem": "A_MaterialDocumentHeader",
    "A_PurchaseRequisitionItem": "A_PurchaseRequisitionHeader",
    "A_SuplrInvcItemPurOrdRef": "A_SupplierInvoice",
    "A_SupplierInvoiceItemGLAcct": "A_SupplierInvoice",
    "A_SupplierInvoiceTax": "A_SupplierInvoice",
}
