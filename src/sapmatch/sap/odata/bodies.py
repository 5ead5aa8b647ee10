"""Bodies of writes: every value as its field's type wants it, the rest as its own type says."""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.codec import Decimals
from sapmatch.sap.odata.metadata import StructuredType, Types

_MAX_DEPTH = 50
_SCALARS = (str, int, float, Decimal, date, time, timedelta, UUID, bytes)
_encoder = msgspec.json.Encoder()


class Bodies:
    """`written(value, decimals, Edm type)` gives what stands in the JSON of a protocol version.

    `types` are those of the service by qualified name: of nested entities and complex values.
    """

    def __init__(
        self,
        written: Callable[[Any, Decimals, str | None], Any],
        decimals: Decimals,
        types: Types,
    ) -> None:
        self._written = written
        self._decimals: Decimals = decimals
        self._types = types

    def encode(self, record: Record, kind: StructuredType | None) -> bytes:
        """JSON; InputRejected names the field that cannot be written, by its path."""
        return _encoder.encode(self._record(record, kind, ""))

    def _record(
        self, record: Mapping[str, Any], kind: StructuredType | None, path: str
    ) -> dict[str, Any]:
        if path.count(".") > _MAX_DEPTH:
            raise InputRejected(f"{path}: nested deeper than {_MAX_DEPTH}")
        return {
            name: self._value(value, _type(kind, name), f"{path}.{name}" if path else name)
            for name, value in record.items()
        }

    def _value(self, value: Any, type: str | None, path: str) -> Any:
        if value is None:
            return None
        if isinstance(value, Mapping):
            return self._record(value, self._types.get(type or ""), path)
        if isinstance(value, list | tuple):
            return [self._value(part, type, f"{path}[{n}]") for n, part in enumerate(value)]
        if isinstance(value, float) and type not in edm.FLOATS:
            raise InputRejected(f"{path}: write it as a decimal in quotes, not a float")
        if not isinstance(value, _SCALARS):
            raise InputRejected(f"{path}: OData has no form for a {value.__class__.__name__}")
        return self._scalar(value, type, path)

    def _scalar(self, value: Any, type: str | None, path: str) -> Any:
        """A text that is none of its type goes as it is: SAP may have sent it (OD-P47)."""
        try:
            return self._written(edm.coerced(value, type), self._decimals, type)
        except InputRejected as exc:
            if isinstance(value, str):
                return value
            raise InputRejected(f"{path}: {exc}") from exc


def _type(kind: StructuredType | None, name: str) -> str | None:
    if kind is None:
        return None
    if name in kind.properties:
        return kind.properties[name].type
    return kind.navigations[name].target if name in kind.navigations else None
