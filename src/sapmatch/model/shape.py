"""What the rows of an entity set are made of, the same for OData V2 and V4."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

# `moment` is a point in time with its zone (Edm.DateTimeOffset); `datetime` is SAP's local time
# without one (Edm.DateTime, OD-P46); `date` is a day, also where SAP keeps it in an Edm.DateTime.
Kind = Literal[
    "text", "boolean", "integer", "decimal", "float", "date", "datetime", "moment", "time",
    "binary", "complex", "collection",
]  # fmt: skip
ORDERED = frozenset({"text", "integer", "decimal", "date", "datetime", "moment"})


class Field(Struct, frozen=True, kw_only=True):
    """One field; `precision` and `scale` of a decimal are None where SAP does not say them.

    `fields` are those of a `complex` value; a `collection` holds several of them, or plain values.
    """

    name: str
    kind: Kind
    label: str = ""
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None
    nullable: bool = True
    filterable: bool = True
    sortable: bool = True
    fields: tuple["Field", ...] = ()


class Shape(Struct, frozen=True, kw_only=True):
    """The fields of an entity set's rows in the order of its $metadata.

    `nested` are the navigations that were asked for; `many` where one holds a list of rows.
    """

    entity_set: str
    version: Literal["V2", "V4"]
    keys: tuple[str, ...]
    fields: tuple[Field, ...]
    nested: Mapping[str, "Shape"] = {}
    many: bool = True
    countable: bool = True
    pageable: bool = True  # takes $skip
    tracks_changes: bool = False

    def field(self, name: str) -> Field | None:
        """The field of that name, None where there is none."""
        return next((field for field in self.fields if field.name == name), None)
