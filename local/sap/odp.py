"""The queue behind an ODP service: subscriptions, delta tokens and the packages between them.

A user has one subscription per entity set: a new initial load ends the one before (OD-P36). The
package behind a token is made once and stays the same however often it is read (OD-P37).
The entity counter of a deleted row (-1) is from practice and unconfirmed.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from local.sap.errors import Refusal
from local.sap.store import Key
from local.sap.values import Row, moment_json, ticks

Owner = tuple[str, str]  # who subscribed, to which entity set
State = Mapping[Key, Row]
UNKNOWN_TOKEN = "ZLOCAL_SAP/095"  # noqa: S105 a message number
_MAX_TOKENS = 200


@dataclass(frozen=True, slots=True)
class Package:
    """Rows that belong together, read page by page; `token` is where the next changes begin."""

    rows: tuple[Row, ...]
    token: str
    options: Mapping[str, str]


@dataclass(slots=True)
class _Mark:
    """What a token stands for: the rows of its moment; `after` is the package that follows it."""

    state: State
    options: Mapping[str, str]
    created_at: str
    is_initial: bool
    after: Package | None = None


@dataclass(slots=True)
class _Subscription:
    marks: OrderedDict[str, _Mark] = field(default_factory=OrderedDict)
    packages: dict[str, Package] = field(default_factory=dict)


class Queue:
    """All subscriptions. `unknown_status` is the HTTP status for a token that is not known."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.unknown_status = int(HTTPStatus.GONE)
        self._now = now
        self._last = 0
        self._subscriptions: dict[Owner, _Subscription] = {}

    def begin(self, owner: Owner, state: State, options: Mapping[str, str]) -> Package:
        """A new subscription with its initial load; `options` select rows and columns for good."""
        self._subscriptions[owner] = _Subscription()
        return self._add(owner, tuple(state.values()), state, options, is_initial=True)

    def after(
        self, owner: Owner, token: str, state: Callable[[Mapping[str, str]], State]
    ) -> Package:
        """The changes since a token; `state` gives the rows of now. Refusal if it is unknown."""
        subscription = self._subscriptions.get(owner)
        mark = subscription.marks.get(token) if subscription else None
        if mark is None:
            raise self._unknown(token)
        if mark.after is None:
            current = state(mark.options)
            rows = tuple(_changes(mark.state, current))
            mark.after = self._add(owner, rows, current, mark.options, is_initial=False)
        return mark.after

    def package(self, owner: Owner, token: str) -> Package:
        """The package that ends with a token; Refusal if it is unknown."""
        subscription = self._subscriptions.get(owner)
        found = subscription.packages.get(token) if subscription else None
        if found is None:
            raise self._unknown(token)
        return found

    def links(self, owner: Owner) -> list[Row]:
        """The tokens of a subscription as rows of `DeltaLinksOf<EntitySet>`, oldest first."""
        subscription = self._subscriptions.get(owner, _Subscription())
        return [
            {
                "DeltaToken": token,
                "CreatedAt": mark.created_at,
                "IsInitialLoad": mark.is_initial,
            }
            for token, mark in subscription.marks.items()
        ]

    def end(self, owner: Owner) -> bool:
        """End a subscription; whether there was one."""
        return self._subscriptions.pop(owner, None) is not None

    def forget(self) -> None:
        """Know no token any more, as after the time that SAP keeps them."""
        self._subscriptions.clear()

    def _add(
        self,
        owner: Owner,
        rows: tuple[Row, ...],
        state: State,
        options: Mapping[str, str],
        *,
        is_initial: bool,
    ) -> Package:
        subscription = self._subscriptions[owner]
        token, created_at = self._token()
        subscription.marks[token] = _Mark(state, options, created_at, is_initial)
        subscription.packages[token] = package = Package(rows, token, options)
        while len(subscription.marks) > _MAX_TOKENS:
            oldest, _ = subscription.marks.popitem(last=False)
            del subscription.packages[oldest]
        return package

    def _token(self) -> tuple[str, str]:
        """A token and its moment, later than any before."""
        now = self._now()
        self._last = max(self._last + 1, ticks(moment_json(now)))
        return f"D{now:%Y%m%d%H%M%S}_{self._last % 10**9:09}", f"/Date({self._last})/"

    def _unknown(self, token: str) -> Refusal:
        text = f"Delta token '{token[:64]}' is unknown or expired: initialize the delta again"
        return Refusal(self.unknown_status, UNKNOWN_TOKEN, text)


def _changes(before: State, now: State) -> Iterator[Row]:
    """New, changed and deleted rows, each in key order."""
    for key, row in now.items():
        if key not in before:
            yield row | {"ODQ_CHANGEMODE": "C"}
        elif before[key] != row:
            yield row | {"ODQ_CHANGEMODE": "U"}
    for key, row in before.items():
        if key not in now:
            yield row | {"ODQ_CHANGEMODE": "D", "ODQ_ENTITYCNTR": "-1"}
