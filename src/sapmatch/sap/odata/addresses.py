"""Keys out of the addresses that SAP gives its entities."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from sapmatch.model.intent import Record

_PART = re.compile(r"(?:(\w+)=)?(?:[a-zA-Z]*'((?:[^']|'')*)'|([^,']+))(?:,|$)")
_SUFFIXED = re.compile(r"(-?[\d.]+)[LMDFlmdf]")


def key_in(address: str, entity_set: str, row: Record, keys: Sequence[str]) -> dict[str, str]:
    """The key in the address of an entity, else from the fields `keys` of its row.

    A single key has no name in an address: it is the one of `keys`, or else the first field of
    that value, as SAP sends key fields first.
    """
    _, named, predicate = unquote(address).rpartition(f"/{entity_set}(")
    parts = _parts(predicate.removesuffix(")")) if named else {}
    if not parts:
        return {name: _text(row[name]) for name in keys if row.get(name) is not None}
    if "" not in parts:
        return parts
    names = keys or [name for name, value in row.items() if _text(value) == parts[""]]
    return {names[0]: parts[""]} if names else {}


def _parts(predicate: str) -> dict[str, str]:
    return {
        name: text.replace("''", "'") or _plain(bare)
        for name, text, bare in _PART.findall(predicate)
    }


def _plain(literal: str) -> str:
    """A number without the letter of its V2 type."""
    found = _SUFFIXED.fullmatch(literal)
    return found[1] if found else literal


def _text(value: Any) -> str:
    """A JSON value as text, booleans as OData writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
