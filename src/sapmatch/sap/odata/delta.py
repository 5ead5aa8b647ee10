"""What changed since: delta links and tokens as an explicit state (OD-P30 to OD-P38).

    NONE -> INITIAL -> TRACKING -> TRACKING -> ...
                 \\________\\____-> RESYNC_REQUIRED -> (asked for explicitly) NONE

Store the rows of a page first and its position second: a crash in between repeats the page, it
loses nothing (OD-P34).
"""

import logging
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from sapmatch.model.changes import ChangePage, DeltaPosition, DeltaState
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    ResyncRequired,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.intent import Record
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, Query
from sapmatch.sap.odata.catalog import Catalog
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.reading import Reading

if TYPE_CHECKING:
    from sapmatch.sap.odata.removed import Settled

_TRACK = "odata.track-changes"
_FORGOTTEN = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_MARKS = ("ODQ_CHANGEMODE", "ODQ_ENTITYCNTR")
_log = logging.getLogger(__name__)


class _Metadata(Struct):
    deleted: bool = False


class _Mark(Struct):
    mode: str | None = msgspec.field(default=None, name="ODQ_CHANGEMODE")
    removed: Any = msgspec.field(default=None, name="@removed")
    removed_401: Any = msgspec.field(default=None, name="@odata.removed")
    context: str | None = msgspec.field(default=None, name="@odata.context")
    context_401: str | None = msgspec.field(default=None, name="@context")
    metadata: _Metadata | None = msgspec.field(default=None, name="__metadata")


_mark = msgspec.json.Decoder(_Mark)


class Delta:
    """Reads changes of one service for one user."""

    def __init__(
        self, exchange: Exchange, catalog: Catalog, reading: Reading, subscriber: str
    ) -> None:
        self._exchange = exchange
        self._catalog = catalog
        self._reading = reading
        self._subscriber = f"{subscriber}{exchange.root}"

    def position(self, entity_set: str, token: str | None = None) -> DeltaPosition:
        """The very beginning, or after a token that was stored elsewhere, quoted or bare."""
        if token is None:
            return DeltaPosition(subscriber=self._subscriber, entity_set=entity_set)
        codec = self._catalog.codec()
        path = self._exchange.url(self._catalog.path(entity_set))
        bare = quote(token.strip().strip("'"), safe="")
        option = f"!deltatoken='{bare}'" if codec.VERSION == "V2" else f"$deltatoken={bare}"
        link = f"{path}&{option}"
        return self._at(entity_set, DeltaState.TRACKING, link)

    def changes(
        self, entity_set: str, query: Query, since: DeltaPosition | None
    ) -> Iterator[ChangePage]:
        """Pages of changes; see Service.changes."""
        if since is not None and not isinstance(since, DeltaPosition):
            raise InputRejected(
                f"{entity_set}: since is a DeltaPosition of an earlier page, or what "
                "position_after makes of a token"
            )
        since = since or self.position(entity_set)
        self._check(entity_set, since)
        state = since.state
        if state is DeltaState.NONE:
            state = DeltaState.INITIAL
            self._warn_of_another(entity_set)
        link = since.link or self._reading.start(entity_set, self._with_marks(entity_set, query))
        prefer = (_TRACK,) if state is DeltaState.INITIAL else ()
        try:
            for number, page in enumerate(
                self._reading.follow(entity_set, link, query, prefer=prefer)
            ):
                if number == 0 and since.state is DeltaState.NONE:
                    self._warn_untracked(entity_set, page)
                yield self._page(entity_set, page, state)
        except SapRejected as exc:
            if since.state is DeltaState.NONE or exc.http_status not in _FORGOTTEN:
                raise
            raise ResyncRequired(
                f"{self._exchange.place}: {entity_set}: SAP no longer knows the delta token "
                f"({exc}); nothing was loaded in its place: whoever wants everything anew "
                "has to ask for it"
            ) from exc

    def _page(self, entity_set: str, page: Page, state: DeltaState) -> ChangePage:
        if page.next_link:
            position = self._at(entity_set, state, page.next_link)
        else:
            link = page.delta_link or self._asked_for(entity_set, state)
            position = self._at(entity_set, DeltaState.TRACKING, link)
        found = self._settled(entity_set, page.rows)
        return ChangePage(
            rows=found.rows,
            deleted=found.deleted,
            removed=found.removed,
            position=position,
            last=page.next_link is None,
            seconds=page.seconds,
            busy=page.busy,
        )

    def _settled(self, entity_set: str, rows: Sequence[Raw]) -> "Settled":
        from sapmatch.sap.odata.removed import Settled, settled

        gone = [_is_deleted(row) for row in rows]
        if not any(gone):
            return Settled(tuple(rows), (), ())

        try:
            metadata = self._catalog.metadata()
        except SapRejected as exc:  # else it would be taken for a forgotten token
            raise InputRejected(
                f"{self._exchange.place}: {entity_set}: SAP deleted rows and refuses the $metadata "
                f"that tells their key: {exc}"
            ) from exc
        return settled(metadata, entity_set, self._catalog.codec(), rows, gone)

    def _asked_for(self, entity_set: str, state: DeltaState) -> str:
        """The link of our own load, where the last page named none (OD-P32)."""
        links = self._links(entity_set)
        initial = [row for row in links if _is_initial(row)]
        wanted = initial if state is DeltaState.INITIAL and initial else links
        if not wanted:
            raise InputRejected(
                f"{self._exchange.place}: {entity_set}: SAP tracks no changes of it: neither the "
                "last page nor DeltaLinksOf names a delta link; read it in full, or by a field "
                "with the time of the last change"
            )
        newest = max(wanted, key=lambda row: str(row.get("CreatedAt", "")))
        found = self.position(entity_set, str(newest["DeltaToken"])).link
        assert found is not None
        return found

    def _links(self, entity_set: str) -> list[Record]:
        """Rows of DeltaLinksOf<EntitySet>: one for each delta that SAP keeps for this user."""
        try:
            found = self._reading.find(f"DeltaLinksOf{entity_set}", EVERYTHING)
        except (SapRejected, ServiceNotActivated, AuthorizationMissing, InputRejected):
            return []  # no ODP service: there is no such set, or nobody may read it
        return [entity.row for entity in found if entity.row.get("DeltaToken")]

    def _warn_untracked(self, entity_set: str, page: Page) -> None:
        """Said on the first page, so that nobody waits for the last one in vain (OD-P31)."""
        if "track-changes" not in page.preferences and page.delta_link is None:
            _log.warning(
                "%s: %s: SAP does not say that it tracks changes; the load may end without a "
                "position to go on from",
                self._exchange.place,
                entity_set,
            )

    def _warn_of_another(self, entity_set: str) -> None:
        """A new initial load ends the subscription that another consumer lives from (OD-P36)."""
        if self._catalog.codec().VERSION == "V2" and self._links(entity_set):
            _log.warning(
                "%s: %s: SAP keeps a subscription of this user already; the initial load ends it. "
                "Give every consumer a user of its own",
                self._exchange.place,
                entity_set,
            )

    def _with_marks(self, entity_set: str, query: Query) -> Query:
        """What tells a deletion from a row, and which row, is read whatever else is (OD-P38)."""
        if not query.select:
            return query
        kind = self._catalog.metadata().type_of(entity_set)
        marks = [name for name in (*kind.keys, *_MARKS) if name in kind.properties]
        return msgspec.structs.replace(query, select=tuple(dict.fromkeys((*query.select, *marks))))

    def _check(self, entity_set: str, since: DeltaPosition) -> None:
        if since.state is DeltaState.RESYNC_REQUIRED:
            raise ResyncRequired(
                f"{self._exchange.place}: {entity_set}: SAP no longer knows this position; "
                "nothing was loaded in its place: whoever wants everything anew has to ask for it"
            )
        if (since.subscriber, since.entity_set) != (self._subscriber, entity_set):
            raise InputRejected(
                f"{self._exchange.place}: {entity_set}: the position belongs to another user, "
                "client, service or entity set; changes are kept for each of them apart"
            )

    def _at(self, entity_set: str, state: DeltaState, link: str) -> DeltaPosition:
        return DeltaPosition(
            subscriber=self._subscriber, entity_set=entity_set, state=state, link=link
        )


def lost(position: DeltaPosition) -> DeltaPosition:
    """The position after ResyncRequired, for the caller to store."""
    return msgspec.structs.replace(position, state=DeltaState.RESYNC_REQUIRED, link=None)


def _is_deleted(row: Raw) -> bool:
    try:
        mark = _mark.decode(row)
    except msgspec.ValidationError:  # a field of that name and another type
        return False
    return bool(
        mark.mode == "D"
        or mark.removed is not None
        or mark.removed_401 is not None
        or (mark.context or mark.context_401 or "").endswith("/$deletedEntity")
        or (mark.metadata and mark.metadata.deleted)
    )


def _is_initial(row: Record) -> bool:
    return row.get("IsInitialLoad") in (True, "true", "X")
