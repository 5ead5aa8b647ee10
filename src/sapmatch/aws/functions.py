"""Calls of our functions by people."""

from collections.abc import Mapping
from typing import Any

import msgspec

from sapmatch.aws.clients import as_user
from sapmatch.aws.errors import translated, unanswered
from sapmatch.model.errors import OutcomeUnknown, Throttled


def call(client: Any, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function and take its answer; made once, however long it takes.

    Raises OutcomeUnknown where no answer came, or the function failed: it may have done its work.
    """
    missing = {"ResourceNotFoundException": "is not deployed to this account and region"}
    try:
        with as_user("lambda"), translated(f"function {name}", missing):
            answer = client.invoke(FunctionName=name, Payload=msgspec.json.encode(event))
            payload = answer["Payload"].read()
    except Throttled as exc:
        if unanswered(exc):
            raise OutcomeUnknown(f"function {name}: {exc}; it may have done its work") from exc
        raise
    if "FunctionError" in answer:
        raise OutcomeUnknown(f"function {name}: failed; see its log")
    found: dict[str, Any] = msgspec.json.decode(payload)
    return found
