"""What a person decided and writes at once, as themselves: a run of its own."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import DECIDER, UNDECIDED, Cause, Intent, IntentState
from sapmatch.model.ports import Objects
from sapmatch.writing.desk import Desk, saved
from sapmatch.writing.protocol.arrows import released
from sapmatch.writing.runs.run import write_update_file
from sapmatch.writing.update_file import collect_these

Outcome: TypeAlias = Literal["written", "refused", "later"]
_REFUSED = frozenset({IntentState.REJECTED, IntentState.CONFLICTING, IntentState.VOID})


def write_at_once(
    flow_name: str, run_id: str, intents: Sequence[Intent], *, flow: WriteBack, desk: Desk,
    objects: Objects
) -> None:  # fmt: skip
    """Write those of one flow that wait for who decided; raises as `write_update_file` does."""
    waiting = [intent for intent in intents if is_waiting(intent)]
    planned = [saved(desk.intents, released(intent)) for intent in waiting]
    if planned:
        collect_these(flow_name, planned, objects, run_id)
        write_update_file(flow_name, run_id, flow=flow, desk=desk, objects=objects)


def is_waiting(intent: Intent) -> bool:
    """Whether it is left to who decided."""
    return intent.state is IntentState.HELD and intent.cause is Cause.DECIDER


def outcome_of(intents: Sequence[Intent]) -> tuple[Outcome, str]:
    """What became of the writes of one decision, and a sentence for each."""
    states = {intent.state for intent in intents}
    outcome: Outcome = "later"
    if states & _REFUSED:
        outcome = "refused"
    elif states <= {IntentState.CONFIRMED}:
        outcome = "written"
    sentences = "; ".join(map(_sentence, intents))
    return outcome, sentences or "the decision writes nothing to SAP"


def _sentence(intent: Intent) -> str:
    what, said = intent.entity_set, "; ".join(intent.sap_messages)
    if intent.state is IntentState.CONFIRMED:
        already = "was in SAP already" if intent.confirmed_by == "read" else "written to SAP"
        return f"{what} {'/'.join(intent.key.values())} {already}"
    if intent.state in _REFUSED:
        return f"{what} refused: {said}"
    if intent.state in UNDECIDED:
        return f"{what} was sent, and the schedule reads back what became of it: enter nothing"
    left = "the schedule writes it"
    if intent.on_behalf_of == DECIDER:
        left = "nobody but you can write it in your name: enter it in SAP"
    return f"{what} is recorded and not written, and {left}" + (f" ({said})" if said else "")
