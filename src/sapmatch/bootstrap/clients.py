"""Clients of SAP that the functions of a stage keep open."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from sapmatch.bootstrap.logon import connection_of, sap_client, shared_guard
from sapmatch.model.access import AccessSource, LogonGuard, Principal
from sapmatch.model.errors import InputRejected, SapmatchError
from sapmatch.model.ports import Clock, Control
from sapmatch.settings import Environment, Settings

if TYPE_CHECKING:
    from sapmatch.aws.broker import Asked
    from sapmatch.bootstrap.principals import PrincipalWriter, TokenWriter
    from sapmatch.bootstrap.users import UserSide
    from sapmatch.sap.auth.tokens import AccessCache
    from sapmatch.sap.odata.client import ODataClient


class SapClients:
    """The clients of a stage's functions, kept open: their sessions, tokens and certificates."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        control: Callable[[], Control],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._control = control
        self._clock = clock
        self._technical: dict[str, ODataClient] = {}
        self._writers: dict[str, PrincipalWriter] = {}
        self._sources: dict[tuple[str, str], AccessSource] = {}
        self._users: dict[str, UserSide] = {}
        self._worker = uuid4().hex  # who holds the locks of users

    def technical(self, name: str) -> "ODataClient":
        """The client of one connection's technical user."""
        if name not in self._technical:
            self._technical[name] = self._client(name, None)
        return self._technical[name]

    def writer(self, name: str) -> "PrincipalWriter":
        """What writes to one connection as whom each change names."""
        from sapmatch.bootstrap.principals import PrincipalWriter

        if name not in self._writers:
            open_as = partial(self._client, name)
            self._writers[name] = PrincipalWriter(self.technical(name), open_as)
        return self._writers[name]

    def token_writer(self, name: str, token: str) -> "TokenWriter":
        """What writes to one connection as the person whose token it is; close it after use."""
        from sapmatch.bootstrap.principals import TokenWriter

        person = self._client(name, Principal(token=token))
        return TokenWriter(self.technical(name), person)

    def users(self, name: str) -> "UserSide":
        """What reads and changes the users of one connection's system."""
        from sapmatch.bootstrap.users import users_of

        if name not in self._users:
            self._users[name] = users_of(
                self._settings,
                name,
                clock=self._clock,
                guard=self._guard(name),
                broker=self._broker(name),
                cache=self._cache,
                control=self._control(),
                owner=self._worker,
                child=self.users,
            )
        return self._users[name]

    def brokered(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What function `broker_token` answers to a call: access, or why there is none."""
        from sapmatch.aws.broker import Asked, Brokered, told

        asked = msgspec.convert(event, Asked)
        try:
            answer = Brokered(access=self._source(asked).access(asked.principal))
        except SapmatchError as exc:
            answer = told(exc)
        found: dict[str, Any] = msgspec.to_builtins(answer)
        return found

    def _client(self, name: str, principal: Principal | None) -> "ODataClient":
        return sap_client(
            self._settings,
            name,
            clock=self._clock,
            principal=principal,
            guard=self._guard(name),
            broker=self._broker(name),
            # What a person's own token opened is forgotten with the client.
            cache=None if principal and principal.token else self._cache,
        )

    @cached_property
    def _cache(self) -> "AccessCache":
        """The tokens of all other clients: they outlive the session of a person."""
        from sapmatch.sap.auth.tokens import AccessCache

        return AccessCache(self._clock)

    def _guard(self, name: str) -> LogonGuard:
        stage = self._environment.get(Environment.STAGE, "STAGE")
        return shared_guard(self._settings, name, self._control(), self._clock, stage)

    def _broker(self, name: str) -> AccessSource | None:
        """Where this function stands in a network that does not lead to who makes the tokens."""
        function = self._environment.get(Environment.TOKEN_BROKER)
        if not function or not connection_of(self._settings, name).tokens_from_outside:
            return None
        from sapmatch.aws.broker import ANSWERED_WITHIN, LambdaBroker
        from sapmatch.aws.clients import client

        return LambdaBroker(client("lambda", read_timeout=ANSWERED_WITHIN), function, name)

    def _source(self, asked: "Asked") -> AccessSource:
        from sapmatch.bootstrap.secrets import NamedSecrets
        from sapmatch.sap.sources import access_source

        name, principal = asked.connection, asked.principal
        connection = connection_of(self._settings, name, principal)
        key = (name, repr(connection.auth))  # of its structs one holds a dict
        if key not in self._sources:
            guard = self._guard(name)
            source = access_source(name, connection, NamedSecrets(), self._clock, guard)
            if source is None:
                raise InputRejected(f"[connections.{name}].auth: needs no tokens")
            self._sources[key] = source
        return self._sources[key]
