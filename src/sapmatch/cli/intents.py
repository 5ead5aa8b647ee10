"""`sapmatch intents`: intended writes that are open, why, and what to do about them."""

import argparse
from typing import Any

from msgspec import to_builtins

from sapmatch.cli import output
from sapmatch.cli.intent_store import OPEN, SHORT, IntentStore, add_store, intent_store
from sapmatch.cli.options import filled
from sapmatch.cli.restore_intents import day, restore
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import UNDECIDED, Intent, IntentState
from sapmatch.model.messages import for_people
from sapmatch.writing.history import check_history
from sapmatch.writing.protocol.arrows import looked_again, void
from sapmatch.writing.response_file import full_response

_REFUSED = 3
COLUMNS = ("ID", "Flow", "Record", "State", "Why", "Since", "What to do")
HISTORY = ("Version", "State", "Cause", "Worker", "SAP says")
_UNDECIDED = (
    "SAP may hold it, so it stays; it is read back by itself (reconcile_intents, or the next "
    "sapmatch write)"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; options may stand before the action and behind it."""
    _common(parser)
    _filters(parser)
    actions = parser.add_subparsers(dest="action", metavar="[list|show|look|void|restore]")
    parser.set_defaults(action="list", flow=None, state=None, stage=None, ledger=None, json=False)
    parser.set_defaults(run=run)
    listing = actions.add_parser("list", help="what is open, urgent and oldest first (the default)")
    _common(listing)
    _filters(listing)
    for name, help_text in (
        ("show", "one of them, with all that happened to it"),
        ("look", "have a conflict read back again, once it is settled in SAP"),
        ("void", "take one out for good that SAP cannot hold"),
    ):
        action = actions.add_parser(name, help=help_text, description=help_text)
        action.add_argument("id", metavar="ID", help="its id, or the first 8 digits of it")
        _common(action)
        if name == "void":
            action.add_argument("--reason", metavar="TEXT", type=filled, required=True)
    help_text = "put back from the history what the table of a stage lost"
    restoring = actions.add_parser("restore", help=help_text, description=help_text)
    restoring.add_argument(
        "--since", metavar="DATE", type=day, required=True, help="the first day, in UTC, planned on"
    )
    _common(restoring)


def run(arguments: argparse.Namespace) -> int:
    """List, show, change or restore intended writes; 3 where the change is refused."""
    if arguments.action == "restore":
        return restore(arguments)
    with intent_store(arguments) as store:
        if arguments.action == "list":
            return _list(arguments, store)
        intent = store.find(arguments.id.lower())
        if arguments.action == "show":
            return _show(arguments, store, intent)
        return _change(arguments, store, intent)


def row(intent: Intent) -> dict[str, Any]:
    """One intent as it stands; `what_to_do` in one sentence."""
    answer = full_response(intent.record, intent)
    return {
        "intent": intent.id,
        "flow": intent.flow,
        "entity_set": intent.entity_set,
        "operation": intent.operation,
        "record": intent.record,
        "document": intent.document_id,
        "state": intent.state,
        "cause": intent.cause,
        "key": answer["key"],
        "reference": intent.reference or None,
        "sap_message": answer["sap_message"],
        "http_status": intent.http_status,
        "attempts": intent.attempts,
        "created_at": intent.created_at,
        "sent_at": intent.sent_at,
        "ended_at": intent.ended_at,
        "next_step_at": _next_step(intent),
        "corrects": intent.corrects,
        "what_to_do": answer["remedy"],
    }


def _list(arguments: argparse.Namespace, store: IntentStore) -> int:
    states = (IntentState(arguments.state),) if arguments.state else OPEN
    found = map(row, store.listed(states, arguments.flow))
    if arguments.json:
        for each in found:
            output.json_line(each)
    else:
        output.table(COLUMNS, map(_cells, found))
    return 0


def _show(arguments: argparse.Namespace, store: IntentStore, intent: Intent) -> int:
    whole = store.versions(intent)
    wrong, shown = check_history(whole), row(intent)
    if arguments.json:
        output.json_line({**shown, "history": to_builtins(whole), "unlawful": wrong})
        return 0
    output.heading(f"{intent.operation} {intent.entity_set} in {intent.connection}")
    output.facts((name.replace("_", " "), _cell(value)) for name, value in shown.items())
    output.table(HISTORY, (_version(each) for each in whole))
    for sentence in wrong:
        output.line(f"unlawful: {sentence}")
    return 0


def _change(arguments: argparse.Namespace, store: IntentStore, intent: Intent) -> int:
    refused = _refused(arguments.action, intent)
    if refused:
        return _told(arguments, intent, "refused", refused, _REFUSED)
    if arguments.action == "void":
        after, told = void(intent, store.clock.now(), arguments.reason), "is void: never sent again"
    else:
        after, told = looked_again(intent), "is read back by the next run"
    try:
        store.intents.save(after)
    except PreconditionFailed as exc:
        raise InputRejected(f"intent {intent.id}: was changed just now; look again") from exc
    return _told(arguments, after, "done", told)


def _refused(action: str, intent: Intent) -> str | None:
    """Why it cannot be done, None where it can."""
    if intent.state in UNDECIDED:
        return f"is {intent.state}: {_UNDECIDED}"
    if action == "look" and intent.state is not IntentState.CONFLICTING:
        return f"is {intent.state}: only a conflict is looked at again"
    if action == "void" and intent.ended_at:
        return f"is {intent.state} already"
    return None


def _told(
    arguments: argparse.Namespace, intent: Intent, outcome: str, message: str, code: int = 0
) -> int:
    if arguments.json:
        answer = {"intent": intent.id, "state": intent.state, "outcome": outcome}
        output.json_line({**answer, "message": message})
    elif code:
        output.complain(f"intent {intent.id[:SHORT]} {message}")
    else:
        output.line(f"intent {intent.id[:SHORT]} {message}")
    return code


def _next_step(intent: Intent) -> Any:
    from sapmatch.writing.protocol.due import due_at

    return None if intent.ended_at else due_at(intent)


def _common(parser: argparse.ArgumentParser) -> None:
    unset: Any = argparse.SUPPRESS
    add_store(parser)
    parser.add_argument(
        "--json", action="store_true", default=unset, help="JSON lines on stdout, nothing else"
    )


def _filters(parser: argparse.ArgumentParser) -> None:
    unset: Any = argparse.SUPPRESS
    states = [state.value for state in IntentState]
    parser.add_argument("--flow", metavar="NAME", default=unset, help="of this flow only")
    parser.add_argument(
        "--state",
        metavar="STATE",
        type=str.upper,
        choices=states,
        default=unset,
        help="in this state only, else all that are open",
    )


def _cells(found: dict[str, Any]) -> tuple[Any, ...]:
    why = [text for text in (found["cause"], for_people(found["sap_message"] or "")) if text]
    since = found["ended_at"] or found["sent_at"] or found["created_at"]
    return (
        found["intent"][:SHORT],
        found["flow"],
        found["record"],
        found["state"],
        why,
        f"{since:%Y-%m-%d %H:%M}" if since else None,
        found["what_to_do"],
    )


def _version(intent: Intent) -> tuple[Any, ...]:
    return intent.version, intent.state, intent.cause, intent.owner, list(intent.sap_messages)


def _cell(value: Any) -> Any:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
