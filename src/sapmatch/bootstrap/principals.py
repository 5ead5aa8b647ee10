"""Writes to SAP in the name of several people, each with a logon of their own."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sapmatch.model.access import Principal
from sapmatch.model.errors import LogonRefused, Problem, SapmatchError
from sapmatch.model.intent import DECIDER, Change, Entity, Look, Written
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, ODataValue, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sapmatch.sap.odata.client import ODataClient

MOST = 8  # people whose sessions are kept open
_GONE = (
    "who decided did not write it in time, and nobody but them can log on in their name: they "
    "enter it in SAP by hand"
)


class PrincipalWriter:
    """Port SapWriter for one thread: reads as the technical user, writes as whom a change names.

    `open_as` makes the client of one person, with a session and a CSRF token of its own; the ones
    not used for longest are closed. A change of nobody is the technical user's.
    """

    def __init__(
        self, technical: "ODataClient", open_as: Callable[[Principal], "ODataClient"]
    ) -> None:
        self._technical = technical
        self._open_as = open_as
        self._people: OrderedDict[str, ODataClient] = OrderedDict()

    def close(self) -> None:
        """Close the sessions of people; that of the technical user belongs to somebody else."""
        while self._people:
            self._people.popitem()[1].close()

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> "Iterator[Page]":
        """Read as the technical user."""
        return self._technical.pages(service, entity_set, query, link=link)

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        """Read as the technical user."""
        return self._technical.count(service, entity_set, query)

    def get(
        self,
        service: str,
        entity_set: str,
        key: "Mapping[str, ODataValue]",
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        """Read as the technical user."""
        return self._technical.get(service, entity_set, key, expand=expand)

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        """Read as the technical user."""
        return self._technical.find(service, entity_set, query)

    def check(self, change: Change) -> Sequence[Problem]:
        """By the technical user's $metadata."""
        return self._technical.check(change)

    def look(self, looks: Sequence[Look]) -> list[list[Entity] | SapmatchError]:
        """Read as the technical user: a person may not see what they may write."""
        return self._technical.look(looks)

    def prepare(self, service: str, on_behalf_of: str | None = None) -> None:
        """As the person; LogonRefused where SAP does not let them in."""
        with self._client(on_behalf_of) as client:
            client.prepare(service, on_behalf_of)

    def write(self, change: Change) -> Written:
        """As whom the change names."""
        with self._client(change.on_behalf_of) as client:
            return client.write(change)

    def write_batch(self, changes: Sequence[Change]) -> list[Written | SapmatchError]:
        """As whom the changes name: all the same, or the client refuses them."""
        with self._client(changes[0].on_behalf_of if changes else None) as client:
            return client.write_batch(changes)

    @contextmanager
    def _client(self, user: str | None) -> "Iterator[ODataClient]":
        """A session that was refused takes no other try: the next write of its person opens one."""
        if user is None:
            yield self._technical
            return
        try:
            yield self._opened(user)
        except LogonRefused:
            if refused := self._people.pop(user, None):
                refused.close()
            raise

    def _opened(self, user: str) -> "ODataClient":
        if user == DECIDER:
            raise LogonRefused(_GONE, "user-token")
        if user not in self._people:
            if len(self._people) >= MOST:
                self._people.popitem(last=False)[1].close()
            self._people[user] = self._open_as(Principal(sap_user=user))
        self._people.move_to_end(user)
        return self._people[user]


class TokenWriter(PrincipalWriter):
    """The same where one person writes everything, with a token of their own."""

    def __init__(self, technical: "ODataClient", person: "ODataClient") -> None:
        super().__init__(technical, lambda _: person)
        self._person = person

    def close(self) -> None:
        """Close the person's session."""
        self._person.close()

    def prepare(self, service: str, on_behalf_of: str | None = None) -> None:  # noqa: ARG002
        """As the person, whomever the changes name."""
        self._person.prepare(service)

    def write(self, change: Change) -> Written:
        """As the person, whomever the change names."""
        return self._person.write(replace(change, on_behalf_of=None))

    def write_batch(self, changes: Sequence[Change]) -> list[Written | SapmatchError]:
        """As the person, whomever the changes name."""
        return self._person.write_batch([replace(c, on_behalf_of=None) for c in changes])
