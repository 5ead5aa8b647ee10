"""What people read about an intent: SAP's own words, and what the protocol found."""

from collections.abc import Sequence

from sapmatch.model.errors import SapmatchError, SapRejected
from sapmatch.model.intent import Intent
from sapmatch.writing.readback import Hit

UNSEARCHABLE = (
    "SAP could not be searched for what became of it, so it was not sent: name its reference, its "
    "key, or the effect of its call"
)
_MISSING = "SAP has no record with this key"
MOVED = "somebody else changed these fields in SAP meanwhile; nothing was written: look and decide"
RESTLESS = "the record changed in SAP during each of {} tries; nothing was written"
LOCKED = (
    "somebody had the record open in SAP during each of {} tries; nothing was written: write it "
    "once they are done"
)
NUMBERLESS = "SAP answered without the number of the new record"
ANOTHER = "SAP answered with a record of another reference"
UNSUCCESSFUL = "SAP answered that {} had no success"
IGNORED = "SAP answered with success and changed nothing; it may not be writable: {}"
ALTERED = "SAP answered with success, and shows another value now: {}"
CHANGED = (
    "the record changed in SAP since it was sent and does not show what was written: "
    "look and decide"
)
HIDDEN = "SAP says that it holds this record, but shows none under its reference: look and decide"
NEVER_ARRIVES = "was sent {} times and never arrived: look into SAP's error log (/IWFND/ERROR_LOG)"


def messages(error: SapmatchError) -> tuple[str, ...]:
    """What SAP said, for people: code and text, details, SAP's own id of the call (MA-P65)."""
    if not isinstance(error, SapRejected):
        return (str(error),)
    transaction = (f"SAP transaction id {error.transaction_id}",) if error.transaction_id else ()
    return (f"{error.code}: {error.text}", *map(str, error.details), *transaction)


def missing(intent: Intent) -> str:
    """That there is no such record; numbers that conversion exit ALPHA shortens are named."""
    names = [name for name, value in intent.key.items() if value.isdigit() and value[0] == "0"]
    if not names:
        return _MISSING
    return f"{_MISSING}; SAP may keep {' and '.join(names)} without the zeros in front: try it so"


def not_the_same(intent: Intent, hits: Sequence[Hit]) -> str:
    """What a person has to know about documents that SAP holds under the same reference."""
    numbers = ", ".join("/".join(hit.key.values()) for hit in hits[:5])
    fields = ", ".join(sorted({name for hit in hits for name in hit.differing})[:5])
    other = f" with another {fields}" if fields else ""
    names = " and ".join(intent.reference)
    return f"SAP holds {intent.entity_set} {numbers} under the same {names}{other}: compare them"
