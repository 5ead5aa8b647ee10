"""What must hold whatever happens: the invariants I1 to I5."""

from collections.abc import Container
from http import HTTPStatus

from sapmatch.model.intent import TERMINAL, UNDECIDED, Cause, Intent, IntentState

# Written down apart from the product's own table, from reliability 3.3.
ARROWS = {
    IntentState(line.split(" -> ")[0]): frozenset(map(IntentState, line.split(" -> ")[1].split()))
    for line in (
        "PLANNED -> CLAIMED HELD VOID",
        "CLAIMED -> CLAIMED SENT CONFIRMED REJECTED PLANNED HELD VOID",
        "SENT -> CONFIRMED REJECTED PLANNED CLAIMED UNKNOWN",
        "UNKNOWN -> RECONCILING",
        "RECONCILING -> UNKNOWN CONFIRMED CONFLICTING ABSENT",
        "ABSENT -> PLANNED VOID",
        "HELD -> PLANNED VOID",
        "CONFLICTING -> UNKNOWN VOID",
    )
}
EVERY = frozenset(("I1", "I2", "I3", "I4", "I5"))


class Violation(AssertionError):
    """An invariant is broken; `law` names it."""

    def __init__(self, law: str, message: str) -> None:
        super().__init__(f"{law}: {message}")
        self.law = law


class Laws:
    """Judges what happens in one world; laws that are not watched may be broken."""

    def __init__(self, watched: Container[str] = EVERY) -> None:
        self._watched = watched
        self.executed: dict[str, int] = {}  # documents or effects in SAP, by intent
        self.shown: set[str] = set()  # intents whose values SAP held at some time
        self.excused: set[str] = set()  # intents that SAP or people gave a reason to fail
        self.meddled: set[str] = set()  # intents whose record people changed

    def executes(self, intent: str) -> None:
        """SAP makes a document, or has an effect, for an intent."""
        self.executed[intent] = self.executed.get(intent, 0) + 1
        self.shown.add(intent)
        self._hold("I1", self.executed[intent] == 1, f"SAP executed {intent} twice")

    def leaves(self, stored: Intent | None, mine: Intent) -> None:
        """A request leaves a worker that believes in `mine`."""
        at_work = stored is not None and stored.state is IntentState.SENT
        same = stored is not None and (stored.version, stored.owner) == (mine.version, mine.owner)
        state = stored.state if stored else "nothing"
        self._hold("I4", at_work and same, f"{mine.id} left while {state} was stored")

    def saves(self, before: Intent, after: Intent) -> None:
        """A new version of an intent is stored."""
        grows = after.version == before.version + 1
        known = after.state in ARROWS.get(before.state, ())
        arrow = f"{before.state} {before.version} -> {after.state} {after.version}"
        self._hold("I5", grows and known, f"{after.id}: {arrow}")
        confirmed = after.state is IntentState.CONFIRMED
        self._hold("I2", not confirmed or after.id in self.shown, f"{after.id} is not in SAP")

    def ends(self, intent: Intent) -> None:
        """What is left of an intent when the time is over."""
        settled = intent.state in TERMINAL or intent.state is IntentState.CONFLICTING
        self._hold("I3", settled, f"{intent.id} is still {intent.state}")
        happened = intent.id in self.executed
        undone = intent.state in (IntentState.REJECTED, IntentState.VOID)
        honest = intent.id in self.meddled or not (undone and happened)
        self._hold("I2", honest, f"{intent.id}: {intent.state}, but in SAP")
        lost = intent.cause is Cause.NEVER_ARRIVES and not happened
        locked = intent.http_status == HTTPStatus.LOCKED and not happened
        given_up = lost or locked or intent.id in self.excused
        fine = intent.state is IntentState.CONFIRMED or given_up
        self._hold("I3", fine, f"{intent.id} is {intent.state} ({intent.cause}) for no reason")

    def _hold(self, law: str, holds: bool, message: str) -> None:
        if not holds and law in self._watched:
            raise Violation(law, message)


def is_settled(intent: Intent) -> bool:
    """At its end, or for a person to look at."""
    return intent.state in TERMINAL or intent.state is IntentState.CONFLICTING


def is_read_back(intent: Intent) -> bool:
    """Whose next step is a look, not a send."""
    return intent.state in UNDECIDED or intent.state is IntentState.ABSENT
