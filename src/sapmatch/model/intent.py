"""Write-back: what shall happen in SAP, written down before it happens."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct, field

from sapmatch.model.query import ODataValue

Operation = Literal["insert", "update", "upsert", "delete", "call"]
Record = dict[str, Any]  # a JSON object as SAP takes it; nested for a deep create
ANY_VALUE = "*"  # in the effect of a call: the field must hold something
DECIDER = "?"  # on behalf of who decided, whom nothing but their own token names


class IntentState(StrEnum):
    """States of one intended write; every change is one conditional update (docs/exactly-once)."""

    PLANNED = "PLANNED"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    RECONCILING = "RECONCILING"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    CONFLICTING = "CONFLICTING"
    ABSENT = "ABSENT"
    HELD = "HELD"
    VOID = "VOID"


TERMINAL = frozenset({IntentState.CONFIRMED, IntentState.REJECTED, IntentState.VOID})
# Sent, and not known what became of it: nobody may send these, they are read back.
UNDECIDED = frozenset({IntentState.SENT, IntentState.UNKNOWN, IntentState.RECONCILING})


class Cause(StrEnum):
    """Why an intent is in a state that its SAP messages do not explain."""

    MOVED = "MOVED"  # somebody else changed the very fields: decide anew
    RESTLESS = "RESTLESS"  # the record changed during every try
    MISSING = "MISSING"  # SAP has no record under the key
    DIFFERENT = "DIFFERENT"  # SAP holds another record under the same reference
    INVALID = "INVALID"  # $metadata or the mapping rules it out; nothing was sent
    UNSEARCHABLE = "UNSEARCHABLE"  # without a reference a lost answer could not be read back
    HIDDEN = "HIDDEN"  # SAP says that it exists, and shows none
    NEVER_ARRIVES = "NEVER_ARRIVES"  # sent several times, found never
    SAP_DOWN = "SAP_DOWN"  # held: the breaker of the system is open
    OUT_OF_HOURS = "OUT_OF_HOURS"  # held: outside of the flow's window
    EARLIER = "EARLIER"  # held: an earlier write of the same record is not at its end
    STOPPED = "STOPPED"  # an earlier record of its file was refused, and on_error is stop
    OPERATOR = "OPERATOR"  # a person took it out, or holds the system
    DECIDER = "DECIDER"  # held: who decided is about to write it, with a token of their own
    LOGON = "LOGON"  # SAP does not let in the person in whose name it is


class Intent(Struct, frozen=True, kw_only=True):
    """One intended write to SAP.

    `id` is the hash of connection, client, operation, business key and payload revision, so the
    same match gives the same intent after any restart. `reference` are the fields and values by
    which SAP can be searched for the result. `key` is the entity key: given for an update, filled
    in for an insert once SAP has answered. `function` is what a call calls, with the payload as its
    parameters; `effect` the fields of the record under `key` that show that it happened. `urgent`
    goes before what is not. `on_behalf_of` is the SAP user whose decision it is, where the write is
    to be made as him, or DECIDER. `generation` counts the request ids, `claims` the tries of a
    worker and `attempts` those that were sent. Times are UTC.
    """

    id: str
    flow: str
    connection: str
    client: str
    operation: Operation
    service: str
    entity_set: str
    payload_key: str  # object key of the payload bytes
    payload_sha256: str
    reference: dict[str, str] = field(default_factory=dict)
    key: dict[str, str] = field(default_factory=dict)
    document_id: str | None = None
    function: str | None = None
    effect: dict[str, str] = field(default_factory=dict)
    marker: str | None = None  # what our records in SAP are recognised by
    urgent: bool = False
    on_behalf_of: str | None = None
    corrects: str | None = None  # the refused intent in whose place it stands
    record: str = ""  # name of the record in its update file
    state: IntentState = IntentState.PLANNED
    version: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    claims: int = 0
    attempts: int = 0
    generation: int = 0
    probes: int = 0
    absences: int = 0  # how often it was sent and found absent
    request_id: str | None = None
    first_sent: datetime | None = None
    sent_at: datetime | None = None
    quiet_until: datetime | None = None
    next_probe_at: datetime | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None  # when it became terminal
    cause: Cause | None = None
    run_id: str | None = None
    etag: str | None = None
    before: str | None = None  # hash of what its fields held in SAP when it was sent
    http_status: int | None = None
    sap_messages: tuple[str, ...] = ()
    confirmed_by: Literal["answer", "read"] | None = None
    schema: int = 1


class Repeatability(Struct, frozen=True, kw_only=True):
    """Under what SAP may recognise a repeated request: both stay the same for every repetition."""

    request_id: str  # 32 hexadecimal digits
    first_sent: datetime


class Change(Struct, frozen=True, kw_only=True):
    """One write as SAP gets it; `etag` goes into If-Match, none is sent where it is None.

    A call has a `function` and its parameters in `record`; `entity_set` and `key` are the record
    that a bound one is called on. `on_behalf_of` is the SAP user that SAP shall name as who did it,
    the connection's technical user where None.
    """

    kind: Literal["create", "update", "delete", "call"]
    service: str
    entity_set: str
    key: dict[str, ODataValue] = field(default_factory=dict)
    record: Record = field(default_factory=dict)
    etag: str | None = None
    function: str | None = None
    on_behalf_of: str | None = None
    repeatability: Repeatability | None = None


class Look(Struct, frozen=True, kw_only=True):
    """One question to SAP: the record under `key`, else those whose fields equal `equals`."""

    service: str
    entity_set: str
    key: dict[str, ODataValue] = field(default_factory=dict)
    equals: dict[str, str] = field(default_factory=dict)


class Written(Struct, frozen=True, kw_only=True):
    """SAP's answer to a write that it executed.

    `key` names the record and can be given back as it is, its values typed as SAP wrote them in the
    record's address: `'1'` is a str, `1` an int, a guid a UUID, a date a date.
    `repeatability`: `accepted` where SAP recognises a request when it comes again.
    """

    key: dict[str, ODataValue] = field(default_factory=dict)
    row: Record = field(default_factory=dict)
    etag: str | None = None
    http_status: int = 200
    messages: tuple[str, ...] = ()
    repeatability: str | None = None


class Entity(Struct, frozen=True, kw_only=True):
    """One entity as read from SAP, with the ETag to change it by."""

    row: Record
    etag: str | None = None
