"""Whether an entity set still is what it was, as far as readers of its rows rely on it."""

from collections.abc import Iterator, Sequence

from sapmatch.extracting.formats.values import is_exact
from sapmatch.extracting.positions import published_of
from sapmatch.extracting.run import Plan, Source, load_published
from sapmatch.model.ports import Control, Objects
from sapmatch.model.shape import Field, Shape


def drift(old: Shape, new: Shape) -> tuple[str, ...]:
    """Every change that breaks readers, in words; none where the rows still fit (RE-20).

    Breaking: a field or navigation gone, another kind, fewer decimal places or none known, another
    key, another protocol version. Fields that are new, longer, shorter or labelled anew are not.
    """
    return tuple(_shape(old, new, old.entity_set))


def last_shapes(control: Control, objects: Objects, extraction: str) -> dict[str, Shape]:
    """The shapes by entity set that the last good run was published with."""
    pointer = published_of(control, extraction)
    published = load_published(extraction, pointer.run_id, objects) if pointer else None
    return {found.entity_set: found.shape for found in published.sets} if published else {}


def asked_otherwise(last: Plan, connection: str, new: Source) -> tuple[str, ...]:
    """Settings that changed since the plan that the changes of a source would follow.

    What is kept of SAP would hold rows of both: a delta link goes on as it was first asked, and no
    row comes again that a filter left out before.
    """
    old = next((each for each in last.sources if each.entity_set == new.entity_set), None)
    if old is None:
        return ()
    pairs = {
        "connection": (last.connection, connection),
        "service": (old.service, new.service),
        "field": (old.changed_field, new.changed_field),
        "filter": (old.filter, new.filter),
        "select": (set(old.select), set(new.select)),
        "expand": (set(old.expand), set(new.expand)),
    }
    return tuple(name for name, (before, now) in pairs.items() if before != now)


def _shape(old: Shape, new: Shape, path: str) -> Iterator[str]:
    if old.version != new.version:
        yield f"{path}: is OData {new.version} now, was {old.version}"
    if old.keys != new.keys:
        yield f"{path}: its key is {', '.join(new.keys)} now, was {', '.join(old.keys)}"
    if old.many != new.many:
        yield f"{path}: holds {'several rows' if new.many else 'one row'} now"
    yield from _fields(old.fields, new.fields, path)
    for name, nested in old.nested.items():
        if name in new.nested:
            yield from _shape(nested, new.nested[name], f"{path}/{name}")
        else:
            yield f"{path}/{name}: is gone"


def _fields(old: Sequence[Field], new: Sequence[Field], path: str) -> Iterator[str]:
    by_name = {field.name: field for field in new}
    for field in old:
        if field.name in by_name:
            yield from _field(field, by_name[field.name], f"{path}/{field.name}")
        else:
            yield f"{path}/{field.name}: is gone"


def _field(old: Field, new: Field, path: str) -> Iterator[str]:
    if old.kind != new.kind:
        yield f"{path}: is {new.kind} now, was {old.kind}"
        return
    if old.scale is not None and new.scale is not None and new.scale < old.scale:
        yield f"{path}: has {new.scale} decimal places now, had {old.scale}"
    if old.kind == "decimal" and _form(old) != _form(new):
        yield f"{path}: is a {_form(new)} in typed files now, was a {_form(old)}"
    yield from _fields(old.fields, new.fields, path)


def _form(field: Field) -> str:
    return "number" if is_exact(field.precision, field.scale) else "text"
