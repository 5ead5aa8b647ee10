"""What a person can do about a write as it stands: one sentence, or that there is nothing to do."""

from http import HTTPStatus

from sapmatch.model.intent import Cause, Intent, IntentState
from sapmatch.writing.protocol.due import due_at

INVALID = "Correct the record as the message says, and write it again."
_AGAIN = "write it again: in its file, or with sapmatch replay"
_HELD = (
    "A person holds the system (sapmatch hold): the first run{after} asks again, and sends it if "
    "the hold is over by then (sapmatch hold {connection} --release ends it)."
)
_TAKEN_OUT = "A person took it out: sapmatch replay, if it shall be written after all."
_READ_BACK = "It may be in SAP: enter nothing by hand, the first run{after} reads it back."
_CAUSES: dict[Cause, str] = {
    Cause.MOVED: "Somebody changed these fields in SAP: look at the record and write it anew.",
    Cause.RESTLESS: "The record changed during every try: write it when nobody works on it.",
    Cause.MISSING: "SAP has no record under this key: correct the key, or create the record first.",
    Cause.DIFFERENT: "SAP holds something else under this reference: compare both, then correct "
    "the reference, or void this write.",
    Cause.INVALID: INVALID,
    Cause.UNSEARCHABLE: "Name a reference by which SAP can be searched for the record.",
    Cause.HIDDEN: "SAP says that it exists and shows none: check the user's display authorisation.",
    Cause.NEVER_ARRIVES: "It was sent several times and never found: look at SAP's error log "
    "(/IWFND/ERROR_LOG), then replay it.",
    Cause.SAP_DOWN: "Nothing to do: it is sent once SAP answers again{next}.",
    Cause.OUT_OF_HOURS: "Nothing to do: it is sent when the flow's window opens{next}.",
    Cause.EARLIER: "It is sent once an earlier write of the same record has ended{next}: sapmatch "
    "intents shows what that one waits for.",
    Cause.STOPPED: "An earlier record of its file was refused: correct that one, then replay both.",
    Cause.DECIDER: "Nothing to do: who decided writes it now, or else the first run{after}.",
    Cause.LOGON: "Let this person in as the message says, then replay it with sapmatch replay; or "
    "enter it in SAP by hand, and then leave it as it is.",
}
_STATES: dict[IntentState, str] = {
    IntentState.PLANNED: "It was not sent: the next run sends it.",
    IntentState.CLAIMED: "Nothing to do: a worker is at it.",
    IntentState.SENT: _READ_BACK,
    IntentState.UNKNOWN: _READ_BACK,
    IntentState.RECONCILING: "Nothing to do: it is being read back.",
    IntentState.ABSENT: "Nothing to do: it never arrived, and the next run sends it.",
    IntentState.CONFLICTING: "Compare it with SAP; then sapmatch intents look, or void.",
    IntentState.VOID: _TAKEN_OUT,
}
_BUSINESS = f"Correct the record as SAP says, then {_AGAIN}."
_MOVED_ON = f"The record changed in SAP while it was written: look at it, then {_AGAIN}."
_REFUSALS: dict[int | None, str] = {
    None: _MOVED_ON,
    HTTPStatus.FORBIDDEN: "The user of the connection may not do this: have the authorisation "
    f"granted (transaction SU53 shows which), then {_AGAIN}.",
    HTTPStatus.NOT_FOUND: f"SAP has nothing under this address: correct the key, then {_AGAIN}.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The service does not allow this operation: name another one, "
    "or another service.",
    HTTPStatus.NOT_IMPLEMENTED: "The service does not have this operation: name another one, or "
    "another service.",
    HTTPStatus.PRECONDITION_FAILED: _MOVED_ON,
    HTTPStatus.PRECONDITION_REQUIRED: _MOVED_ON,
    HTTPStatus.LOCKED: "Somebody was editing the record in SAP: once they are done, "
    + _AGAIN
    + ".",
}
_LATER = "Nothing to do: SAP could not take it, and it is tried again{next}."
_DENIED = (
    "Have the authorisation granted to the user of the connection (transaction SU53 shows which): "
    "it is then sent by itself{next}."
)


def remedy(intent: Intent) -> str | None:
    """What to do, with the time of the next step in UTC where one is set; None: it is done."""
    if intent.state is IntentState.CONFIRMED:
        return None
    due = due_at(intent)
    time = f"{due:%Y-%m-%d %H:%M} UTC" if due and not intent.ended_at else None
    return (
        _sentence(intent).format(
            next=f", from {time} on" if time else "",
            after=f" after {time}" if time else "",
            connection=intent.connection,
        )
        or None
    )


def _sentence(intent: Intent) -> str:
    state, cause, status = intent.state, intent.cause, intent.http_status
    if cause is Cause.OPERATOR:
        return _TAKEN_OUT if state is IntentState.VOID else _HELD
    if cause:
        return _CAUSES[cause]
    if state is IntentState.REJECTED:
        return _REFUSALS.get(status, _BUSINESS)
    if state is IntentState.PLANNED and intent.next_probe_at:
        return _DENIED if status == HTTPStatus.FORBIDDEN else _LATER
    return _STATES.get(state, "")
