"""URLs from parts: every value is encoded here, once, and nowhere else (OD-P55 to OD-P59)."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.metadata import StructuredType

Slash = Literal["encoded", "plain"]

_NAME = re.compile(r"[^\W\d]\w*")
_QUALIFIED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_OPTION_SAFE = "'(),/:@$*"
STRUCTURED: Final = (list, tuple, Mapping)
_NO_TYPES: Final[Mapping[str, str]] = {}


def service_root(service: str) -> str:
    """The encoded path of a service, with the slash at its end; InputRejected for a full URL."""
    path = service.strip("/")
    if not path or "//" in path or ".." in path.split("/") or re.search(r"[?#%\\\s]", path):
        raise InputRejected(
            f"service {service!r}: must be a path such as /sap/opu/odata/sap/NAME, without "
            "parameters: `client` and `language` are settings of the connection"
        )
    return f"/{quote(path, safe='/;=,~')}/"


def resource(
    root: str,
    entity_set: str,
    key: Mapping[str, ODataValue] | None = None,
    *,
    codec: Codec,
    kind: StructuredType | None = None,
    slash: Slash = "encoded",
) -> str:
    """The encoded path of an entity set, or of one entity of it, below an encoded root."""
    path = root + quote(_named(entity_set), safe="")
    if key is None:
        return path
    return path + key_predicate(key, codec=codec, kind=kind, slash=slash)


def key_predicate(
    key: Mapping[str, ODataValue],
    *,
    codec: Codec,
    kind: StructuredType | None = None,
    slash: Slash = "encoded",
) -> str:
    """`('1')`, or `(A='1',B='2')`: every part of a composite key by its name (OD-P57).

    `slash`: some proxies refuse %2F (OD-P56). Raises InputRejected where fields are missing.
    """
    if not isinstance(key, Mapping):
        raise InputRejected('a key is given by its fields, such as {"SalesOrder": "1000045"}')
    if not key or None in key.values():
        raise InputRejected("a key without fields names no record; give every key field a value")
    if kind is not None and kind.keys:
        _check_key(key, kind)
    types = _types(kind)
    parts = {
        _named(name): _encoded(name, value, types.get(name), codec, slash)
        for name, value in key.items()
    }
    if len(parts) == 1:
        return f"({next(iter(parts.values()))})"
    return f"({','.join(f'{name}={value}' for name, value in parts.items())})"


def arguments(given: Mapping[str, Any], types: Mapping[str, str], codec: Codec) -> str:
    """`(A=1,B='2',C=@C)`: the parameters of a V4 function, encoded.

    A list or an object is an alias, `@C`: its value belongs to the query.
    """
    parts = (
        f"{_named(name)}=@{name}"
        if isinstance(value, STRUCTURED)
        else f"{_named(name)}={_encoded(name, value, types.get(name), codec, 'encoded')}"
        for name, value in given.items()
    )
    return f"({','.join(parts)})"


def literal_of(name: str, value: ODataValue | None, type: str | None, codec: Codec) -> str:
    """The value as URLs write it, not yet encoded; InputRejected names what it is the value of."""
    try:
        return codec.literal(value, type)
    except InputRejected as exc:
        raise InputRejected(f"{name}: {exc}") from exc


def encoded_options(options: Mapping[str, str]) -> list[str]:
    """`name=value` with every value encoded once, spaces as %20 (OD-P59)."""
    return [f"{quote(name, safe='$@')}={_option(name, text)}" for name, text in options.items()]


def name_of(name: str) -> str:
    """The encoded name of an operation, qualified or not; InputRejected for anything else."""
    if not _QUALIFIED.fullmatch(name):
        raise InputRejected(f"{name!r}: is no name of a function or action in OData")
    return quote(name, safe=".")


def path_of(path: str) -> str:
    """A field, or one behind navigations (`Supplier/Name`); InputRejected for anything else."""
    if not path or not all(_QUALIFIED.fullmatch(part) for part in path.split("/")):
        raise InputRejected(f"{path!r}: is no name of a field in OData")
    return path


def _option(name: str, text: str) -> str:
    """Semicolons and equals signs stand between the options inside a V4 `$expand` alone."""
    return quote(text, safe=_OPTION_SAFE + (";=" if name == "$expand" else ""))


def _named(name: str) -> str:
    """The name of an entity set or property; InputRejected where it could change the URL."""
    if not _NAME.fullmatch(name):
        raise InputRejected(f"{name!r}: is no name of an entity set or field in OData")
    return name


def _encoded(
    name: str, value: ODataValue | None, type: str | None, codec: Codec, slash: Slash
) -> str:
    text = literal_of(name, value, type, codec)
    return quote(text, safe="'/" if slash == "plain" else "'")


def _types(kind: StructuredType | None) -> Mapping[str, str]:
    return {name: each.type for name, each in kind.properties.items()} if kind else _NO_TYPES


def _check_key(key: Mapping[str, ODataValue], kind: StructuredType) -> None:
    wrong = [f"{name} is missing" for name in kind.keys if name not in key]
    wrong += [f"{name} is no key field" for name in key if name not in kind.keys]
    if wrong:
        raise InputRejected(
            f"{kind.name}: {'; '.join(wrong)}; a record is named by {', '.join(kind.keys)}"
        )
