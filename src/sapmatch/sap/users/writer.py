"""Changes users of one SAP system: reads first, writes what differs, and reads back."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import Rfc, RfcInput, RfcTransport
from sapmatch.model.users import Changed, SapUser, UserChange, UserLocks
from sapmatch.sap.users.assignments import (
    generated_profiles,
    profile_effects,
    profiles_of,
    role_effects,
    system_effects,
    systems_of,
)
from sapmatch.sap.users.changes import (
    Wanted,
    changing,
    creating,
    differing,
    names_of,
    refused,
    to_change,
    to_create,
    wanted_of,
)
from sapmatch.sap.users.cua import Landscape
from sapmatch.sap.users.details import user_name
from sapmatch.sap.users.effects import EXISTS, Effect, Effects, Lack, module
from sapmatch.sap.users.locks import lock_effects
from sapmatch.sap.users.passwords import (
    CHANGE,
    check_formally,
    length_of,
    password_effects,
    password_problems,
    random_password,
)
from sapmatch.sap.users.roles import OneSystem, role_problems, splits_of, wanted_roles
from sapmatch.sap.users.unread import needed, require_read

NOT_FOUND: Final = "01/124"
_CREATE: Final = "BAPI_USER_CREATE1"
_DELETE: Final = "BAPI_USER_DELETE"
_SYSTEMS_FOR: Final = 300.0  # seconds for which the list of systems counts


class Details(Protocol):
    """What a writer asks of the reader of users."""

    def details(self, name: str) -> SapUser | None:
        """One user, whether or not a base query leaves him out."""
        ...

    def covers(self, user: SapUser) -> bool:
        """Whether the base query names this user."""
        ...

    def systems(self) -> tuple[str, ...]:
        """Logical systems that a central system knows."""
        ...


class _Checked(Struct, frozen=True, kw_only=True):
    """A change that SAP can take."""

    name: str
    wanted: Wanted
    profiles: frozenset[tuple[str, str]] | None
    systems: frozenset[str] | None
    splits: OneSystem | Landscape
    change: UserChange

    @property
    def needs(self) -> frozenset[str]:
        """What has to be read of the user for it."""
        return needed(self.change, self.wanted)


class SapUserWriter:
    """Port UserWriter. `place` is how errors name the connection.

    Days without a time are those of `time_zone`; `locked_as` names the system in the locks of its
    users, the same for all connections that lead there.
    """

    def __init__(
        self,
        transport: RfcTransport,
        rfc: Rfc,
        place: str,
        reader: Details,
        locks: UserLocks,
        clock: Clock,
        *,
        time_zone: str = "UTC",
        locked_as: str = "",
    ) -> None:
        self._transport = transport
        self._rfc = rfc
        self._place = place
        self._reader = reader
        self._locks = locks
        self._clock = clock
        self._zone = ZoneInfo(time_zone)
        self._locked_as = locked_as or place
        self._systems: tuple[float, tuple[str, ...]] = (float("-inf"), ())

    def check(self, change: UserChange) -> None:
        """InputRejected, naming every field, for what could never be written."""
        self._checked(change)

    def create(self, change: UserChange) -> Changed:
        """Create; SapRejected (01/224) where there is one of that name."""
        checked = self._checked(change, is_new=True)
        with self._locks.held(self._locked_as, checked.name):
            if self._reader.details(checked.name):
                raise SapRejected(EXISTS, f"user {checked.name} is there already")
            if change.password is not None:
                check_formally(self._transport, change.password, self._rfc)
            done = self._applied(checked.name, [*self._creation(checked)], checked.needs)
        first = done.steps[0]
        if first.status == "failed" and first.code == EXISTS:
            raise SapRejected(EXISTS, first.message)
        return done

    def change(self, change: UserChange) -> Changed:
        """Change; SapRejected (01/124) where there is none."""
        checked = self._checked(change)
        with self._locks.held(self._locked_as, checked.name):
            return self._changed(checked, self._there(checked.name))

    def merge(self, name: str, to: Callable[[SapUser], UserChange]) -> Changed:
        """Change a user to what `to` makes of him while nobody else changes him (CO-T49).

        Who adds a role to those that he read before may take away what another added meanwhile.
        """
        wanted = user_name(self._place, name)
        with self._locks.held(self._locked_as, wanted):
            found = self._there(wanted)
            checked = self._checked(replace(to(found), name=wanted))
            return self._changed(checked, found)

    def delete(self, name: str, agreed: Callable[[SapUser], object] | None = None) -> Changed:
        """Delete; SapRejected (01/124) where there is none. `agreed` may raise."""
        wanted = user_name(self._place, name)
        with self._locks.held(self._locked_as, wanted):
            found = self._there(wanted)
            if agreed is not None:
                agreed(found)
            effect = Effect(
                name="delete",
                send=module(_DELETE, {"USERNAME": wanted}, self._rfc),
                lacks=lambda user: None if user is None else Lack("the user is still there"),
                code="NOT_DELETED",
            )
            return self._applied(wanted, [effect], frozenset(), found)

    def _changed(self, checked: _Checked, found: SapUser) -> Changed:
        require_read(self._named(checked.name), found, checked.needs)
        if problems := changing(checked.wanted, found):
            raise refused(self._named(checked.name), problems)
        effects = [*self._changes(checked, found)]
        if not effects:
            return Changed(user=checked.name, status="unchanged", was_in=found.assigned_systems)
        if checked.change.password is not None:
            check_formally(self._transport, checked.change.password, self._rfc)
        return self._applied(checked.name, effects, checked.needs, found)

    def _applied(
        self,
        name: str,
        effects: list[Effect],
        needs: frozenset[str],
        before: SapUser | None = None,
    ) -> Changed:
        def read() -> SapUser | None:
            found = self._reader.details(name)
            if found is not None:
                require_read(self._named(name), found, needs)
            return found

        run = Effects(
            self._transport,
            read,
            self._clock,
            is_central=self._rfc.cua_enabled,
        )
        was_in = before.assigned_systems if before else frozenset()
        return replace(run.applied(name, effects), was_in=was_in)

    def _creation(self, checked: _Checked) -> Iterator[Effect]:
        yield self._create_effect(checked)
        if checked.change.password is not None and not self._rfc.change_password_at_next_logon:
            yield from password_effects(checked.name, checked.change.password, self._rfc)
        yield from self._assignments(checked, None)
        yield from lock_effects(checked.change, None, self._rfc)

    def _changes(self, checked: _Checked, found: SapUser) -> Iterator[Effect]:
        wanted = differing(checked.wanted, found)
        if not wanted.is_empty:
            yield self._change_effect(checked.name, wanted)
        if checked.change.password is not None:
            yield from password_effects(checked.name, checked.change.password, self._rfc)
        yield from self._assignments(checked, found)
        yield from lock_effects(checked.change, found, self._rfc)

    def _assignments(self, checked: _Checked, found: SapUser | None) -> Iterator[Effect]:
        roles = wanted_roles(
            checked.change,
            found.roles if found else (),
            checked.splits,
            today=self._today(),
            preserve=self._rfc.preserve_activity_groups_metadata_on_update,
            indirect_shown=self._rfc.include_indirect_activity_groups,
        )
        yield from system_effects(checked.name, checked.systems, found, self._rfc)
        yield from role_effects(checked.name, roles, found, self._rfc)
        generated = self._generated(checked, found)
        yield from profile_effects(checked.name, checked.profiles, found, self._rfc, generated)

    def _generated(self, checked: _Checked, found: SapUser | None) -> frozenset[str]:
        """Profiles that are not to be taken away, where the change would take some."""
        if found is None or checked.profiles is None or self._rfc.cua_enabled:
            return frozenset()
        if {each.name for each in found.profiles} <= {name for _, name in checked.profiles}:
            return frozenset()
        return generated_profiles(self._transport, checked.name, self._rfc)

    def _create_effect(self, checked: _Checked) -> Effect:
        """The first password is the one given where the user has to change it, else a random one.

        A random one is known to nobody: a lasting password takes its place in a step of its own.
        """
        given = checked.change.password if self._rfc.change_password_at_next_logon else None
        password = given or random_password(length_of(self._transport))
        structures, tables = to_create(checked.wanted)
        imports: dict[str, RfcInput] = {"USERNAME": checked.name, **structures}
        imports["PASSWORD"] = {"BAPIPWD": password}
        return Effect(
            name="create",
            send=module(
                _CREATE, imports, self._rfc, tables, non_fatal=self._rfc.non_fatal_error_codes
            ),
            lacks=lambda user: _not_created(checked.wanted, user),
            founding=True,
        )

    def _change_effect(self, name: str, wanted: Wanted) -> Effect:
        structures, tables = to_change(wanted)
        return Effect(
            name="change",
            send=module(
                CHANGE,
                {"USERNAME": name, **structures},
                self._rfc,
                tables,
                non_fatal=self._rfc.non_fatal_error_codes,
            ),
            lacks=lambda user: _not_saved(wanted, user),
        )

    def _checked(self, change: UserChange, *, is_new: bool = False) -> _Checked:
        wanted, problems = wanted_of(change, self._rfc)
        splits = splits_of(self._rfc, self._known_systems())
        problems += role_problems(change, splits)
        profiles = profiles_of(change.profiles, splits, problems)
        used = {system for system, _ in profiles or ()}
        if not problems:
            roles = wanted_roles(change, (), splits, today=self._today(), preserve=True)
            used |= {role.system for role in roles or ()}
        systems = systems_of(change, splits, used, problems)
        problems += password_problems(change.password)
        if is_new:
            problems += creating(change.name, wanted)
        if problems:
            raise refused(self._named(change.name), problems)
        name = user_name(self._place, change.name)
        return _Checked(
            name=name,
            wanted=wanted,
            profiles=profiles,
            systems=systems,
            splits=splits,
            change=replace(change, name=name),
        )

    def _known_systems(self) -> tuple[str, ...]:
        """Systems of the central system, asked for anew after some minutes.

        Where it tells nobody, those of the settings are the known ones.
        """
        now = self._clock.now().timestamp()
        if self._rfc.cua_enabled and now - self._systems[0] > _SYSTEMS_FOR:
            found: tuple[str, ...] = ()
            with suppress(SapRejected, AuthorizationMissing, ServiceNotActivated):
                found = self._reader.systems()
            self._systems = (now, found)
        return self._systems[1]

    def _there(self, name: str) -> SapUser:
        found = self._reader.details(name)
        if found is None:
            raise SapRejected(NOT_FOUND, f"user {name} does not exist")
        if not self._reader.covers(found):
            raise InputRejected(
                f"{self._named(name)}: is none of those that rfc.baseAccountQuery names; nothing "
                "was sent"
            )
        return found

    def _named(self, user: str) -> str:
        return f"{self._place}: user {user.strip().upper()[:12]}"

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()


def _not_created(wanted: Wanted, user: SapUser | None) -> Lack | None:
    if user is None:
        return Lack("the user is not there")
    lack = _not_saved(wanted, user)
    return Lack(lack.words, partly=True) if lack else None


def _not_saved(wanted: Wanted, user: SapUser | None) -> Lack | None:
    left = names_of(differing(wanted, user))
    if not left:
        return None
    words = f"not saved: {', '.join(left)}"
    return Lack(words, partly=user is not None and len(left) < len(names_of(wanted)))
