"""What has to change so that SAP holds what a file wants."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    Problem,
    SapmatchError,
    SapRejected,
)
from sapmatch.model.provisioning import (
    Counts,
    DesiredUser,
    Plan,
    PlannedUser,
    Provisioning,
    ProvisioningRun,
)
from sapmatch.model.users import SapUser, UserReader
from sapmatch.provisioning.compare import Moment, planned, unknown
from sapmatch.provisioning.day import NOTHING, Taken, taken_of
from sapmatch.provisioning.desired import GROUPS, PROFILES, RoleSplit
from sapmatch.provisioning.problems import NOT_SHOWN, named, of_rejected, row_of, row_problem
from sapmatch.provisioning.reading import OUTSIDE, Outside, found_user
from sapmatch.provisioning.stored import digest

SLICE = 100  # users that are compared before it is stored
_READERS = 4  # users that are read at a time

ReaderOf = Callable[[str], UserReader | None]  # by logical system; None: nobody can ask there


class Compared(Struct, frozen=True, kw_only=True):
    """One stretch of the rows: those that can be done, and what is wrong with the others."""

    users: tuple[PlannedUser, ...] = ()
    problems: tuple[Problem, ...] = ()


class Comparison:
    """Compares rows with one SAP system; remembers which roles there are."""

    def __init__(
        self, reader: UserReader, child_of: ReaderOf, moment: Moment, names: dict[int, str]
    ) -> None:
        self._reader = reader
        self._child_of = child_of
        self._moment = moment
        self._names = names
        self._systems = reader.systems() if reader.is_central else ()
        self._known: dict[tuple[str, str], bool] = {}
        self._lacking: dict[str, dict[str, bool]] = {PROFILES: {}, GROUPS: {}}

    def compared(self, rows: Sequence[DesiredUser]) -> Compared:
        """A stretch of rows, read some at a time."""
        self._ask(rows)
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(self._read, rows))
        hidden = [each for each in found if isinstance(each, AuthorizationMissing)]
        if len(hidden) == len(rows) > 1:  # nobody is shown: it is no matter of single users
            raise hidden[0]
        users: list[PlannedUser] = []
        problems: list[Problem] = []
        for row, user in zip(rows, found, strict=True):
            wrong = [*self._unknown(row)]
            if isinstance(user, SapmatchError):
                name = self._names.get(row.row, "")
                why = OUTSIDE if isinstance(user, Outside) else NOT_SHOWN
                problems += [*wrong, row_problem(row.row, None, why, user=name)]
                continue
            try:
                result = planned(row, user, self._moment)
            except InputRejected as exc:
                name = self._names.get(row.row, "")
                wrong += of_rejected(row.row, None, exc, name)
            else:
                if not wrong:
                    users.append(result)
            problems += wrong
        return Compared(users=tuple(users), problems=tuple(problems))

    def strange(self, rows: Sequence[DesiredUser]) -> tuple[Problem, ...]:
        """Roles and systems of rows that there are not; their users are not read."""
        self._ask(rows)
        return tuple(problem for row in rows for problem in self._unknown(row))

    def _read(
        self, row: DesiredUser
    ) -> SapUser | SapRejected | AuthorizationMissing | Outside | None:
        """The user, or why nothing can be done with this one."""
        try:
            return found_user(self._reader, row.change.name)
        except (SapRejected, AuthorizationMissing, Outside) as exc:
            return exc

    def _unknown(self, row: DesiredUser) -> Iterator[Problem]:
        name = self._names.get(row.row, "")
        wrong = unknown(row, self._is_known, self._systems, self._moment.split)
        for field, message in [*wrong, *self._lacked(row)]:
            yield row_problem(row.row, field, message, user=name)

    def _lacked(self, row: DesiredUser) -> Iterator[tuple[str, str]]:
        """Profiles and groups that there are not, by field."""
        words = {PROFILES: "profile", GROUPS: "user group"}
        for field, names in _lists_of(row).items():
            missing = [name for name in names if self._lacking[field].get(name)]
            if missing:
                yield field, f"there is no {words[field]} {named(missing)}"

    def _is_known(self, system: str, role: str) -> bool:
        return self._known.get((system, role), True)

    def _ask(self, rows: Sequence[DesiredUser]) -> None:
        """Ask once for each role; a child system that cannot be asked says it when it is tried."""
        self._ask_lists(rows)
        wanted: dict[str, set[str]] = {}
        for system, role in _roles_of(rows, self._moment.split):
            if (system, role) not in self._known:
                wanted.setdefault(system, set()).add(role)
        for system, names in wanted.items():
            known = self._roles(system, sorted(names))
            self._known |= {(system, name): name in known for name in names}

    def _ask_lists(self, rows: Sequence[DesiredUser]) -> None:
        """Profiles and groups, those of this system; once for each."""
        asks = {PROFILES: self._reader.known_profiles, GROUPS: self._reader.known_groups}
        for field, ask in asks.items():
            lacking = self._lacking[field]
            new = sorted({name for row in rows for name in _lists_of(row)[field]} - set(lacking))
            if new:
                known = ask(new)
                lacking |= {name: name not in known for name in new}

    def _roles(self, system: str, names: Sequence[str]) -> frozenset[str]:
        if not system:
            return self._reader.known_roles(names)
        try:
            reader = self._child_of(system)
            return frozenset(names) if reader is None else reader.known_roles(names)
        except SapmatchError:
            return frozenset(names)


def completed(
    run: ProvisioningRun,
    users: Sequence[PlannedUser],
    wrong: Sequence[Problem],
    rules: Provisioning,
    now: datetime,
    earlier: Taken = NOTHING,
) -> Plan:
    """The plan of users and mistakes, with its counts, its limits and its digest.

    `earlier`: what other files took already, without a person.
    """
    done = () if wrong and rules.on_error == "stop" else tuple(users)
    plan = Plan(
        run_id=run.run_id,
        connection=run.connection,
        source=run.source,
        made_at=now,
        users=done,
        refused=tuple(sorted(wrong, key=lambda problem: row_of(problem) or 0)),
        counts=counts_of(done),
        waits_for=tuple(_waits_for(done, rules, earlier)),
    )
    return replace(plan, digest=digest(plan))


def counts_of(users: Sequence[PlannedUser]) -> Counts:
    """How many users and roles are touched."""
    actions = [user.action for user in users]
    return Counts(
        create=actions.count("create"),
        change=actions.count("change"),
        lock=actions.count("lock"),
        unlock=actions.count("unlock"),
        delete=actions.count("delete"),
        none=actions.count("none"),
        roles_added=sum(user.roles_added for user in users),
        roles_removed=sum(user.roles_removed for user in users),
        profiles_removed=sum(user.profiles_removed for user in users),
    )


def slices(rows: Sequence[DesiredUser]) -> Iterator[tuple[DesiredUser, ...]]:
    """The rows in stretches."""
    every = iter(rows)
    while part := tuple(islice(every, SLICE)):
        yield part


def _waits_for(users: Sequence[PlannedUser], rules: Provisioning, earlier: Taken) -> Iterator[str]:
    counts, now = counts_of(users), taken_of(users)
    if now.rights and now.rights + earlier.rights > rules.roles_removed_at_most:
        losing = sum(1 for user in users if user.roles_removed or user.profiles_removed)
        what = [f"{counts.roles_removed} roles"] if counts.roles_removed else []
        what += [f"{counts.profiles_removed} profiles"] if counts.profiles_removed else []
        yield (
            f"removes {' and '.join(what)} of {losing} users{_before(earlier.rights)}; at most "
            f"{rules.roles_removed_at_most} go without a person (roles_removed_at_most)"
        )
    if now.users and now.users + earlier.users > rules.users_locked_at_most:
        yield (
            f"keeps {now.users} users from logging on (locks, deletes, ends their validity, their "
            f"password or a system){_before(earlier.users)}; at most {rules.users_locked_at_most} "
            "go without a person (users_locked_at_most)"
        )


def _before(count: int) -> str:
    return f", after {count} of other files in the last 24 hours" if count else ""


def _lists_of(row: DesiredUser) -> dict[str, tuple[str, ...]]:
    """Names of profiles, without those of child systems, and of groups."""
    change = row.change
    profiles = tuple(each.name for each in change.profiles or () if not each.system)
    return {PROFILES: profiles, GROUPS: tuple(change.groups or ())}


def _roles_of(rows: Sequence[DesiredUser], split: RoleSplit) -> Iterator[tuple[str, str]]:
    for row in rows:
        for name in row.change.role_names or ():
            yield split(name)
        for role in row.change.roles or ():
            yield role.system, role.name
