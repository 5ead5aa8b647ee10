"""Requests against Textract's own service model, which botocore carries."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

from local.textract.errors import Refused, invalid

OPERATIONS = ("AnalyzeExpense", "StartExpenseAnalysis", "GetExpenseAnalysis")


def operation(target: str) -> str:
    """The operation that an X-Amz-Target header names."""
    prefix, _, name = target.partition(".")
    if prefix != "Textract" or name not in OPERATIONS:
        raise Refused("UnknownOperationException", f"only {', '.join(OPERATIONS)} are here")
    return name


def parameters(name: str, body: bytes) -> dict[str, Any]:
    """The request's parameters; InvalidParameterException names every one that is wrong."""
    try:
        given = json.loads(body or b"{}")
    except ValueError as exc:
        raise Refused("SerializationException", "the body is no JSON") from exc
    shape = _model().operation_model(name).input_shape
    assert shape is not None
    found = ParamValidator().validate(given, shape)
    if found.has_errors():
        raise invalid(found.generate_report())
    if mistakes := list(_mistakes(given, shape, "")):
        raise invalid("; ".join(mistakes))
    return dict(given)


@functools.cache
def _model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("textract")


def _mistakes(value: Any, shape: Any, path: str) -> Iterator[str]:
    """What botocore leaves to the service: patterns, greatest lengths, unknown names."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in shape.members:
                yield f"{path}{name} is unknown"
            else:
                yield from _mistakes(inner, shape.members[name], f"{path}{name}.")
    elif isinstance(value, str) and shape.type_name == "string":
        yield from _text_mistakes(value, shape, path.rstrip("."))


def _text_mistakes(value: str, shape: Shape, path: str) -> Iterator[str]:
    if len(value) > shape.metadata.get("max", len(value)):
        yield f"{path} is longer than {shape.metadata['max']}"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{path} does not match {pattern}"
