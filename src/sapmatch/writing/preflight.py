"""What $metadata rules out, found for all records before the first of them is sent."""

from collections.abc import Callable, Sequence
from typing import Literal

from sapmatch.model.errors import Problem
from sapmatch.model.intent import Change, Intent, Record

Kind = Literal["create", "update", "delete", "call"]
Check = Callable[[Change], Sequence[Problem]]


def ruled_out(intent: Intent, payload: Record, check: Check) -> list[Problem]:
    """The mistakes of one record; of an upsert those that it has as a create and as an update."""
    found = [check(change) for change in changes_of(intent, payload)]
    named = [{problem.field for problem in problems} for problems in found]
    return [problem for problem in found[0] if all(problem.field in names for names in named)]


def changes_of(intent: Intent, payload: Record) -> list[Change]:
    """What SAP may be sent for the record: an upsert is found out to be one or the other."""

    def change(kind: Kind, record: Record) -> Change:
        key = {} if kind == "create" else dict(intent.key)
        return Change(
            kind=kind,
            service=intent.service,
            entity_set=intent.entity_set,
            key=key,
            record=record,
            function=intent.function,
        )

    match intent.operation:
        case "insert":
            return [change("create", payload)]
        case "upsert":
            return [change("create", {**intent.key, **payload}), change("update", payload)]
        case "delete":
            return [change("delete", {})]
        case kind:
            return [change(kind, payload)]
