"""Which changes of an entity set stop a run, and which do not (RE-20)."""

from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.extracting.drift import drift, last_shapes
from sapmatch.model.shape import Field, Shape
from tests.builders.chunks import SET, SHAPE, sap_with
from tests.builders.extractions import Desk

ITEM = Shape(
    entity_set="Items",
    version="V2",
    keys=("PurchaseOrder", "Item"),
    fields=(Field(name="Item", kind="text"), Field(name="Quantity", kind="decimal", scale=3)),
)
OLD = replace(SHAPE, nested={"to_Item": ITEM})


def with_field(shape: Shape, name: str, **changes: Any) -> Shape:
    fields = [replace(f, **changes) if f.name == name else f for f in shape.fields]
    return replace(shape, fields=tuple(fields))


def without(shape: Shape, name: str) -> Shape:
    return replace(shape, fields=tuple(f for f in shape.fields if f.name != name))


def with_items(items: Shape) -> Shape:
    return replace(OLD, nested={"to_Item": items})


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (without(OLD, "Amount"), f"{SET}/Amount: is gone"),
        (with_field(OLD, "Amount", kind="text"), f"{SET}/Amount: is text now, was decimal"),
        (
            with_field(OLD, "Amount", scale=0),
            f"{SET}/Amount: has 0 decimal places now, had 2",
        ),
        (
            with_field(OLD, "Amount", scale=None),
            f"{SET}/Amount: is a text in typed files now, was a number",
        ),
        (replace(OLD, keys=("Id",)), f"{SET}: its key is Id now, was PurchaseOrder"),
        (replace(OLD, version="V4"), f"{SET}: is OData V4 now, was V2"),
        (replace(OLD, nested={}), f"{SET}/to_Item: is gone"),
        (with_items(without(ITEM, "Quantity")), f"{SET}/to_Item/Quantity: is gone"),
        (with_items(replace(ITEM, many=False)), f"{SET}/to_Item: holds one row now"),
    ],
)
def test_what_breaks_readers_is_said_in_words(new: Shape, words: str) -> None:
    assert drift(OLD, new) == (words,)


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        replace(OLD, fields=(*OLD.fields, Field(name="Plant", kind="text"))),
        replace(OLD, fields=OLD.fields[::-1]),
        with_field(OLD, "Amount", scale=3, precision=20, label="Betrag"),
        with_field(OLD, "PurchaseOrder", max_length=4, filterable=False),
        replace(OLD, nested={"to_Item": ITEM, "to_Note": ITEM}),
    ],
)
def test_what_readers_do_not_rely_on_is_no_drift(new: Shape) -> None:
    assert drift(OLD, new) == ()


def test_a_field_inside_a_complex_value_counts_as_well() -> None:
    inner = Field(name="Street", kind="text")
    old = replace(OLD, fields=(Field(name="Address", kind="complex", fields=(inner,)),))
    new = replace(OLD, fields=(Field(name="Address", kind="complex"),))
    assert drift(old, new) == (f"{SET}/Address/Street: is gone",)


def test_shapes_are_compared_with_the_last_good_run_only() -> None:
    desk = Desk(sap_with(2))
    assert last_shapes(desk.control, desk.objects, desk.name) == {}
    desk.run("run-1")
    desk.sap.sets[SET].shape = replace(SHAPE, fields=(*SHAPE.fields, Field(name="X", kind="text")))
    unfinished = desk.plan("run-2")
    desk.read(unfinished)
    assert last_shapes(desk.control, desk.objects, desk.name) == {SET: SHAPE}
    assert desk.finish(unfinished).done
    assert last_shapes(desk.control, desk.objects, desk.name)[SET].field("X") is not None
