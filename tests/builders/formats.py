"""Entity sets with a field of each kind, and files made of their rows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from sapmatch.extracting.formats import convert, suffix
from sapmatch.extracting.run import Source
from sapmatch.model.flow import Output
from sapmatch.model.shape import Field, Shape

PAGES = Path(__file__).parent.parent / "fixtures" / "extracting"

ITEM = Shape(
    entity_set="A_Item",
    version="V2",
    keys=("Item",),
    fields=(
        Field(name="Item", kind="text"),
        Field(name="Quantity", kind="decimal", precision=13, scale=3),
        Field(name="Day", kind="date"),
    ),
)
PARTNER = Shape(
    entity_set="A_Partner",
    version="V2",
    keys=("Name",),
    fields=(Field(name="Name", kind="text"),),
    many=False,
)
ADDRESS = (Field(name="City", kind="text"), Field(name="Since", kind="date"))
PRICE = (Field(name="Amount", kind="decimal", precision=5, scale=2),)
FIELDS = (
    Field(name="Order", kind="text", label="Sales Document"),
    Field(name="Count", kind="integer"),
    Field(name="Net", kind="decimal", label="Net Value", precision=16, scale=3),
    Field(name="Rate", kind="decimal", label="Net Value"),
    Field(name="Weight", kind="float"),
    Field(name="Blocked", kind="boolean"),
    Field(name="Day", kind="date", label="Count"),
    Field(name="Created", kind="datetime"),
    Field(name="Changed", kind="moment"),
    Field(name="Clock", kind="time"),
    Field(name="Logo", kind="binary"),
    Field(name="Address", kind="complex", fields=ADDRESS),
    Field(name="Tags", kind="collection"),
    Field(name="Prices", kind="collection", fields=PRICE),
)


def orders(version: Literal["V2", "V4"] = "V2", **changes: Any) -> Source:
    """An order with a field of each kind, items and a partner; its pages lie in PAGES."""
    nested = {"to_Item": ITEM, "to_Partner": PARTNER}
    return source(*FIELDS, version=version, **{"nested": nested, **changes})


def source(
    *fields: Field,
    version: Literal["V2", "V4"] = "V2",
    nested: Mapping[str, Shape] | None = None,
) -> Source:
    """An entity set of these fields."""
    shape = Shape(
        entity_set="A_Order",
        version=version,
        keys=("Order",),
        fields=fields,
        nested=nested or {},
    )
    return Source(service="/sap/opu/odata/sap/API", entity_set="A_Order", shape=shape)


def page(folder: Path, *rows: Mapping[str, Any] | str, name: str = "page-00000.ndjson") -> Path:
    """A page of rows; one that is a text already stays as it is."""
    path = folder / name
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def made(folder: Path, of: Source, *pages: Path, **output: Any) -> Path:
    """The file that `convert` writes, of typed rows where nothing else is asked for."""
    form = Output(**{"values": "typed", **output})
    to = folder / f"part-00000{suffix(form)}"
    convert(pages, of, form, to, workspace=folder / "work")
    return to


def typed_lines(folder: Path, of: Source, *pages: Path, **output: Any) -> list[dict[str, Any]]:
    """The rows of a typed NDJSON file."""
    lines = made(folder, of, *pages, **output).read_text().splitlines()
    return [json.loads(line) for line in lines]
