"""What expressions may take values from: a record of a file, or invoice, order and match."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, inspect

from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision
from sapmatch.model.order import Order

_DOCUMENT = "document_id"
_NOUNS: Mapping[str, type[Struct]] = {"invoice": Invoice, "order": Order, "match": Decision}


def facts_of_match(
    invoice: Invoice, order: Order | None, decision: Decision, document_id: str
) -> Mapping[str, Any]:
    """The facts of one match, and of one of its orders."""
    match = {name: getattr(decision, name) for name in decision.__struct_fields__}
    return {"invoice": invoice, "order": order, "match": match | {_DOCUMENT: document_id}}


def check_path(steps: Sequence[str | int], source: Literal["match", "inbox"]) -> str | None:
    """Why nothing can ever be there, None where something can."""
    if source == "inbox":
        return _wrong_in_file(steps)
    noun = _NOUNS.get(str(steps[0]))
    if noun is None:
        return f"is none of {', '.join(_NOUNS)}, which a flow of matches has"
    if tuple(steps) == ("match", _DOCUMENT):
        return None
    return _wrong_in(inspect.type_info(noun), steps[1:])


def _wrong_in_file(steps: Sequence[str | int]) -> str | None:
    if steps[0] != "record":
        return "is not in a file; take record.FIELD or the column's name in double quotes"
    return None if len(steps) > 1 and isinstance(steps[1], str) else "names no field of the record"


def _wrong_in(kind: inspect.Type, steps: Sequence[str | int]) -> str | None:
    for step in steps:
        inner = _inside(kind, step)
        if inner is None:
            return f"has no {step}" if isinstance(step, str) else "has no positions"
        kind = inner
    if _is_nested(_known(kind)):
        return "holds no single value; name one inside of it"
    return None


def _inside(kind: inspect.Type, step: str | int) -> inspect.Type | None:
    kind = _known(kind)
    if isinstance(kind, inspect.StructType):
        return next((field.type for field in kind.fields if field.name == step), None)
    is_list = isinstance(kind, inspect.VarTupleType) and isinstance(step, int)
    return kind.item_type if is_list and isinstance(kind, inspect.VarTupleType) else None


def _known(kind: inspect.Type) -> inspect.Type:
    """A field that may be missing is checked as if it were there."""
    if isinstance(kind, inspect.UnionType):
        found = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        return found[0] if len(found) == 1 else kind
    return kind


def _is_nested(kind: inspect.Type) -> bool:
    nested = inspect.StructType | inspect.VarTupleType | inspect.TupleType | inspect.DictType
    return isinstance(kind, nested)
