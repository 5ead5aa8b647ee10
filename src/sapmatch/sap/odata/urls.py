"""URLs from parts: every value is encoded here, once, and nowhere else (OD-P55 to OD-P59)."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Query
from sapmatch.sap.odata.v2 import Value, literal

_NAME = re.compile(r"[^\W\d]\w*")
_OPTION_SAFE = "'(),/:@$*"


def service_root(service: str) -> str:
    """The encoded path of a service, with the slash at its end; InputRejected for a full URL."""
    path = service.strip("/")
    if not path or "//" in path or ".." in path.split("/") or re.search(r"[?#%\\\s]", path):
        raise InputRejected(f"service {service!r}: must be a path such as /sap/opu/odata/sap/NAME")
    return f"/{quote(path, safe='/;=,~')}/"


def resource(service: str, entity_set: str, key: Mapping[str, Value] | None = None) -> str:
    """The encoded path of an entity set, or of one entity of it."""
    predicate = "" if key is None else key_predicate(key)
    return service_root(service) + quote(_named(entity_set), safe="") + predicate


def key_predicate(key: Mapping[str, Value]) -> str:
    """`('1')`, or `(A='1',B='2')`: every part of a composite key by its name (OD-P57)."""
    if not key:
        raise InputRejected("a key without fields names no record; give every key field")
    if len(key) == 1:
        return f"({_encoded(*key.values())})"
    parts = (f"{_named(name)}={_encoded(value)}" for name, value in key.items())
    return f"({','.join(parts)})"


def options(query: Query) -> list[str]:
    """Encoded query options, spaces as %20 (OD-P59)."""
    given = {
        "$select": ",".join(query.select),
        "$expand": ",".join(query.expand),
        "$filter": filter_of(query),
        "$orderby": ",".join(query.order_by),
        "$top": "" if query.top is None else str(query.top),
    }
    return [f"{name}={quote(text, safe=_OPTION_SAFE)}" for name, text in given.items() if text]


def filter_of(query: Query) -> str:
    """Both kinds of conditions, the user's own in brackets where they are joined (OD-P58)."""
    conditions = [f"{_named(name)} eq {literal(value)}" for name, value in query.equals.items()]
    if query.filter:
        conditions.append(f"({query.filter})" if conditions else query.filter)
    return " and ".join(conditions)


def _named(name: str) -> str:
    """The name of an entity set or property; InputRejected where it could change the URL."""
    if not _NAME.fullmatch(name):
        raise InputRejected(f"{name!r}: is no name of an entity set or field in OData")
    return name


def _encoded(value: Value) -> str:
    return quote(literal(value), safe="'")
