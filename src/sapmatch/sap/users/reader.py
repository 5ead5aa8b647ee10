"""Users of one SAP system, as they are now."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from functools import cached_property, partial

from sapmatch.model.errors import AuthorizationMissing, InputRejected, SapRejected
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import Rfc, RfcTransport
from sapmatch.model.users import Pushed, SapUser, UserQuery
from sapmatch.sap.tables.reader import SapTables, settings_of
from sapmatch.sap.users.conditions import Node, condition_of, conjuncts, decided, resolved, upper
from sapmatch.sap.users.details import read_user, user_name
from sapmatch.sap.users.filters import Selection, selection_of
from sapmatch.sap.users.helpvalues import HasRole, HelpValues, role_finder
from sapmatch.sap.users.listing import KNOWN, PAGE, pages

_MOST_AT_ONCE = 8


class SapUsers:
    """Port UserReader; thread-safe. `place` is how errors name the connection.

    `parallel` users at most are read at a time. `has_role` looks for a role in its table, for
    systems that do not offer roles by their help values; left out, it is the one of the settings.
    `own_user` says who the connection logs on as.
    """

    def __init__(
        self,
        transport: RfcTransport,
        rfc: Rfc,
        place: str,
        clock: Clock,
        parallel: int,
        *,
        page_size: int = PAGE,
        has_role: HasRole | None = None,
        own_user: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.clock = clock
        self._transport = transport
        self._rfc = rfc
        self._place = place
        self._parallel = max(1, min(parallel, _MOST_AT_ONCE))
        self._page_size = page_size
        self._has_role = has_role
        self._own_user = own_user

    @property
    def is_central(self) -> bool:
        """Port."""
        return self._rfc.cua_enabled

    @property
    def own_user(self) -> str | None:
        """Port."""
        return (self._own_user() or "").strip().upper() or None

    def pushed(self, query: UserQuery) -> Pushed:
        """Port."""
        return self._selection(self._parts(query), query).pushed

    def users(self, query: UserQuery) -> Iterator[SapUser]:
        """Port."""
        parts = self._parts(query)
        selection = self._selection(parts, query)
        return self._found(query, parts, selection)

    def get(self, name: str) -> SapUser | None:
        """Port."""
        user = self.details(name)
        return user if user and self.covers(user) else None

    def covers(self, user: SapUser) -> bool:
        """Whether the base query names this user."""
        return _holds(self._base, user)

    def details(self, name: str) -> SapUser | None:
        """One user, whether or not the base query leaves him out."""
        return self._read(user_name(self._place, name))

    def systems(self) -> tuple[str, ...]:
        """Port."""
        return self._help.systems() if self._rfc.cua_enabled else ()

    def known_roles(self, names: Sequence[str]) -> frozenset[str]:
        """Port. Of a child system's roles the central one knows nothing: they count as known."""
        return self._help.known_roles(names)

    def known_profiles(self, names: Sequence[str]) -> frozenset[str]:
        """Port."""
        return self._help.known_profiles(names)

    def known_groups(self, names: Sequence[str]) -> frozenset[str]:
        """Port."""
        return self._help.known_groups(names)

    def profiles(self) -> Iterator[str]:
        """All authorisation profiles of the system."""
        return self._help.profiles()

    @cached_property
    def _help(self) -> HelpValues:
        tables = SapTables(self._transport, self._rfc, self._place)
        return HelpValues(self._transport, self._rfc, self._has_role or role_finder(tables))

    @cached_property
    def _base(self) -> tuple[Node, ...]:
        """What every user has to be."""
        said = self._rfc.base_account_query
        if not said:
            return ()
        setting = f"{self._place}: rfc.baseAccountQuery"
        return tuple(conjuncts(resolved(condition_of(said, setting))))

    def _parts(self, query: UserQuery) -> tuple[Node, ...]:
        own = () if query.condition is None else conjuncts(resolved(query.condition))
        return (*self._base, *own)

    def _selection(self, parts: Sequence[Node], query: UserQuery) -> Selection:
        return selection_of(parts, query.modified_since, is_central=self._rfc.cua_enabled)

    def _found(
        self, query: UserQuery, parts: tuple[Node, ...], selection: Selection
    ) -> Iterator[SapUser]:
        """Users who fit, one page at a time; nothing is asked before it is wanted."""
        left = query.limit
        if left is not None and left < 1:
            return
        least = self._parallel if selection.doubtful else 1
        with ThreadPoolExecutor(self._parallel, thread_name_prefix="users") as pool:
            try:
                for page in self._pages(query, selection):
                    rest = page
                    while rest:
                        count = len(rest) if left is None else max(left, least)
                        few, rest = rest[:count], rest[count:]
                        for user in pool.map(partial(self._looked, query, parts, selection), few):
                            if user is None:
                                continue
                            yield user
                            left = None if left is None else left - 1
                            if left == 0:
                                return
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _pages(self, query: UserQuery, selection: Selection) -> Iterator[list[SapUser]]:
        is_decided = query.names_only and not selection.doubtful and not query.modified_since
        size = self._page_size
        if query.limit is not None and is_decided:
            size = min(size, query.limit)
        return pages(self._transport, self._rfc, selection, upper(query.after.strip()), size)

    def _looked(
        self, query: UserQuery, parts: tuple[Node, ...], selection: Selection, listed: SapUser
    ) -> SapUser | None:
        """The user whom a list named, None where he does not fit or is there no more."""
        doubts = [decided(part, listed, KNOWN) for part in selection.doubtful]
        if False in doubts:
            return None
        if query.names_only and None not in doubts and not query.modified_since:
            return listed
        user = self._read(listed.name)
        if not user or not _holds(parts, user) or not _is_since(user, query.modified_since):
            return None
        return listed if query.names_only else user

    def _read(self, name: str) -> SapUser | None:
        """The user; where SAP refuses him alone, the error names him."""
        try:
            return read_user(self._transport, self._rfc, name)
        except SapRejected as exc:
            raise SapRejected(
                exc.code,
                f"user {name}: {exc.text}",
                details=exc.details,
                severity=exc.severity,
                http_status=exc.http_status,
            ) from exc
        except AuthorizationMissing as exc:
            raise AuthorizationMissing(f"user {name}: {exc}") from exc
        except InputRejected as exc:
            further = {each.upper() for each in self._rfc.table_parameter_names}
            if not further & {each.field for each in exc.problems}:
                raise
            setting = f"{settings_of(self._place)}.tableParameterNames"
            raise InputRejected(f"{setting}: {exc}", exc.problems) from exc


def _holds(parts: Iterable[Node], user: SapUser) -> bool:
    return all(decided(part, user) for part in parts)


def _is_since(user: SapUser, first: tuple[date, time] | None) -> bool:
    """Changed at that moment or later; SAP, which selects by the day, is believed without one."""
    return first is None or user.modified is None or user.modified >= first
