"""One SAP system by OData, V2 and V4 (port SapWriter)."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from sapmatch.model.changes import ChangePage, DeltaPosition
from sapmatch.model.connection import Connection, ServiceOptions
from sapmatch.model.errors import InputRejected, Problem, SapmatchError
from sapmatch.model.intent import Change, Entity, Look, Record, Repeatability, Written
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, ODataValue, Query
from sapmatch.model.shape import Shape
from sapmatch.sap.csrf import CsrfTokens
from sapmatch.sap.odata import urls
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.odata.service import Service
from sapmatch.sap.session import SapSession


class ODataClient:
    """One logon session, shared by all services and threads; a context manager.

    `service(path)` gives one service with all that it can do; the other methods are some of the
    same with the path as their first argument, as the port of the verbs wants them. It calls SAP as
    `on_behalf_of`, its technical user where None, and refuses a change of anybody else.
    """

    def __init__(
        self,
        session: SapSession,
        tokens: CsrfTokens,
        connection: Connection,
        description: str,
        subscriber: str,
        on_behalf_of: str | None = None,
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._connection = connection
        self._description = description
        self._subscriber = subscriber
        self._on_behalf_of = on_behalf_of
        self._lock = threading.Lock()
        self._services: dict[str, Service] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ODataClient {self._description}>"

    def close(self) -> None:
        """Close all connections; the client may be used again and opens new ones."""
        self._session.close()

    def service(self, path: str, *, metadata: Metadata | None = None) -> Service:
        """The service at a path such as /sap/opu/odata/sap/API_SALES_ORDER_SRV.

        The same object for the same path, so that $metadata is read once; `metadata` gives it one
        that was read before, from a file for example. Raises InputRejected for a full URL.
        """
        root = urls.service_root(path)
        with self._lock:
            found = self._services.get(root)
            if found is None or metadata is not None:
                found = self._services[root] = Service(
                    self.exchange(path),
                    subscriber=self._subscriber,
                    repeatable=self._connection.repeatable_requests,
                    metadata=metadata,
                )
            return found

    def exchange(self, path: str) -> Exchange:
        """Plain requests to a service, for `sapmatch doctor`."""
        root = urls.service_root(path)
        special = {urls.service_root(name): o for name, o in self._connection.services.items()}
        return Exchange(
            self._session,
            self._tokens,
            root,
            special.get(root, ServiceOptions()),
            self._connection.kind,
            self._connection.locked_messages,
        )

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        """See Service.pages."""
        return self.service(service).pages(entity_set, query, link=link)

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        """See Service.count."""
        return self.service(service).count(entity_set, query)

    def get(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        """See Service.get."""
        return self.service(service).get(entity_set, key, expand=expand)

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        """See Service.find."""
        return self.service(service).find(entity_set, query)

    def shape(self, service: str, entity_set: str, query: Query = EVERYTHING) -> Shape:
        """See Service.shape."""
        return self.service(service).shape(entity_set, query)

    def changes(
        self,
        service: str,
        entity_set: str,
        query: Query = EVERYTHING,
        *,
        since: DeltaPosition | None = None,
    ) -> Iterator[ChangePage]:
        """See Service.changes."""
        return self.service(service).changes(entity_set, query, since=since)

    def prepare(self, service: str, on_behalf_of: str | None = None) -> None:
        """See Service.prepare."""
        self._require_own(on_behalf_of)
        self.service(service).prepare()

    def check(self, change: Change) -> list[Problem]:
        """See Service.check."""
        return self.service(change.service).check(change)

    def look(self, looks: Sequence[Look]) -> list[list[Entity] | SapmatchError]:
        """See Service.look; questions to several services, the answers in their order."""
        found: dict[int, list[Entity] | SapmatchError] = {}
        for name in dict.fromkeys(look.service for look in looks):
            mine = {at: look for at, look in enumerate(looks) if look.service == name}
            found |= zip(mine, self.service(name).look([*mine.values()]), strict=True)
        return [found[at] for at in range(len(looks))]

    def write(self, change: Change) -> Written:
        """See Service.write."""
        self._require_own(change.on_behalf_of)
        return self.service(change.service).write(change)

    def write_batch(self, changes: Sequence[Change]) -> list[Written | SapmatchError]:
        """See Service.write_batch; InputRejected where they are of several services."""
        services = {change.service for change in changes}
        if len(services) > 1:
            raise InputRejected(f"one batch holds changes of one service, not of {len(services)}")
        for change in changes:
            self._require_own(change.on_behalf_of)
        return self.service(services.pop()).write_batch(changes) if services else []

    def create(
        self,
        service: str,
        entity_set: str,
        record: Record,
        *,
        repeatability: Repeatability | None = None,
    ) -> Written:
        """See Service.create."""
        return self.service(service).create(entity_set, record, repeatability=repeatability)

    def update(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        changes: Record,
        *,
        etag: str | None,
    ) -> Written:
        """See Service.update."""
        return self.service(service).update(entity_set, key, changes, etag=etag)

    def delete(
        self, service: str, entity_set: str, key: Mapping[str, ODataValue], *, etag: str | None
    ) -> Written:
        """See Service.delete."""
        return self.service(service).delete(entity_set, key, etag=etag)

    def _require_own(self, on_behalf_of: str | None) -> None:
        """SAP would name somebody else as who did it."""
        if on_behalf_of != self._on_behalf_of:
            raise InputRejected(f"{self._description}: logs on as another user than the change's")
