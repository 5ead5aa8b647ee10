"""Keys out of the addresses that SAP gives its entities."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from sapmatch.model.intent import Record

_LITERAL = r"(?:[a-zA-Z]*'(?:[^']|'')*'|[^,'()=]+)"
_PREDICATE = re.compile(rf"(?:{_LITERAL}|\w+={_LITERAL}(?:,\w+={_LITERAL})*)\)")
_PART = re.compile(rf"(?:(\w+)=)?({_LITERAL})[,)]")
_QUOTED = re.compile(r"[a-zA-Z]*'(.*)'", re.DOTALL)
_SUFFIXED = re.compile(r"(-?[\d.]+)[LMDFlmdf]")


def key_in(address: str, entity_set: str, row: Record, keys: Sequence[str]) -> dict[str, str]:
    """The key in the address of an entity, else from the fields `keys` of its row.

    A single key has no name in an address: it is the one of `keys`, or else the first field of
    that value, as SAP sends key fields first.
    """
    path = re.split("[?#]", address, maxsplit=1)[0].replace("%28", "(").replace("%29", ")")
    parts = _parts(unquote(f"/{path}".rpartition(f"/{quote(entity_set)}(")[2]))
    if not parts:
        return {name: _text(row[name]) for name in keys if row.get(name) is not None}
    if "" not in parts:
        return parts
    names = keys or [name for name, value in row.items() if _text(value) == parts[""]]
    return {names[0]: parts[""]} if names else {}


def _parts(predicate: str) -> dict[str, str]:
    """Values by name, the only one maybe without; empty where not all of it can be read."""
    found = _PART.findall(predicate) if _PREDICATE.fullmatch(predicate) else []
    parts = {name: _plain(literal) for name, literal in found}
    return parts if len(parts) == len(found) else {}


def _plain(literal: str) -> str:
    """Without the marks of its type."""
    quoted = _QUOTED.fullmatch(literal)
    if quoted:
        return quoted[1].replace("''", "'")
    found = _SUFFIXED.fullmatch(literal)
    return found[1] if found else literal


def _text(value: Any) -> str:
    """A JSON value as text, booleans as OData writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
