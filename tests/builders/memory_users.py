"""Users of one SAP system in memory: reader, writer and children, with faults, and runs on them."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, timedelta, tzinfo
from typing import Any

from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, OutcomeUnknown, Problem, SapRejected
from sapmatch.model.provisioning import Applied, Provisioning
from sapmatch.model.uploads import Upload
from sapmatch.model.users import (
    Changed,
    ChildSystem,
    Locks,
    Pushed,
    RoleAssignment,
    SapUser,
    Step,
    UserChange,
    UserQuery,
)
from sapmatch.provisioning.runs import Provisioner
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock, MemoryMailer, MemoryObjects

TODAY = date(2026, 11, 2)
CENTRAL = "S4HCLNT100"
CHILD = "S4HCLNT200"
ROLES = ("Z_BUYER", "Z_CLERK", "Z_AUDIT", "Z:FI_CLERK")
LONGEST = {"ADDRESS.LASTNAME": 40, "ADDRESS.FIRSTNAME": 40, "ADDRESS.DEPARTMENT": 40}
_FIELDS = {*LONGEST, "LOGONDATA.GLTGV", "LOGONDATA.GLTGB", "LOGONDATA.CLASS"}


def role(name: str, system: str = "", *, origin: Any = "", until: date | None = None) -> Any:
    """A role of a user from 2026-01-01 on."""
    until = until or date(9999, 12, 31)
    begins = date(2026, 1, 1)
    return RoleAssignment(
        system=system, name=name, valid_from=begins, valid_to=until, origin=origin
    )


def user(name: str, *roles: Any, **given: Any) -> SapUser:
    """A user of whom a last name is known."""
    fields = {"ADDRESS.LASTNAME": "Muster"} | given.pop("fields", {})
    named = tuple(each if isinstance(each, RoleAssignment) else role(each) for each in roles)
    return SapUser(name=name, fields=fields, roles=named, **given)


class MemoryUsers:
    """Ports UserReader, UserWriter and Children on one dict.

    `effects` are the changes that SAP holds, `reads` counts reads of one user. `faults` by user
    are errors that are raised once each, before the change or ("lost") after it. `held_by_lock` is
    called where a user's lock is taken, before he is read for a change; `before` and `after` are
    called around every effect. `behind` are child systems with what differs there.
    """

    def __init__(self, *users: SapUser, central: bool = False) -> None:
        self.held = {each.name: each for each in users}
        self.is_central = central
        self.own_user: str | None = None
        self.effects: list[tuple[str, str]] = []
        self.reads = 0
        self.role_reads = 0
        self.outside: set[str] = set()  # users whom the base query leaves out
        self.faults: dict[str, list[Exception | Changed | str]] = {}
        self.behind: dict[str, list[ChildSystem]] = {}
        self.looks: list[tuple[str, frozenset[str]]] = []  # for whom, and who was away
        self.was_in: dict[str, Collection[str] | None] = {}  # as it was looked for
        self.profiles: frozenset[str] | None = None  # that there are; None: SAP does not say
        self.groups: frozenset[str] | None = None
        self.roles_in: Mapping[str, Iterable[str]] = {"": ROLES}
        self.held_by_lock: Callable[[], object] = lambda: None
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None

    def pushed(self, query: UserQuery) -> Pushed:
        return Pushed(whole=True)

    def users(self, query: UserQuery) -> Iterator[SapUser]:
        return iter(self.held.values())

    def get(self, name: str) -> SapUser | None:
        self.reads += 1
        return None if name in self.outside else self.held.get(name)

    def details(self, name: str) -> SapUser | None:
        return self.held.get(name)

    def systems(self) -> tuple[str, ...]:
        return (CENTRAL, CHILD) if self.is_central else ()

    def known_profiles(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names) if self.profiles is None else frozenset(names) & self.profiles

    def known_groups(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names) if self.groups is None else frozenset(names) & self.groups

    def known_roles(self, names: Sequence[str]) -> frozenset[str]:
        self.role_reads += 1
        return frozenset(names) & frozenset(self.roles_in[""])

    def check(self, change: UserChange) -> None:
        problems = [
            Problem(code="FIELD", message=message, field=name)
            for name, value in change.fields.items()
            if (message := _wrong(name, value))
        ]
        if problems:
            raise InputRejected("wrong fields", problems)

    def create(self, change: UserChange) -> Changed:
        if change.name in self.held:
            raise SapRejected("01/224", "User exists")
        return self._done("create", change)

    def change(self, change: UserChange) -> Changed:
        if change.name not in self.held:
            raise SapRejected("01/124", "User does not exist")
        if self._become(change) == self.held[change.name]:
            return Changed(user=change.name, status="unchanged")
        return self._done("change", change)

    def merge(self, name: str, to: Callable[[SapUser], UserChange]) -> Changed:
        if name not in self.held:
            raise SapRejected("01/124", "User does not exist")
        self.held_by_lock()
        return self.change(to(self.held[name]))

    def delete(self, name: str, agreed: Callable[[SapUser], object] | None = None) -> Changed:
        if name not in self.held:
            raise SapRejected("01/124", "User does not exist")
        self.held_by_lock()
        if agreed is not None:
            agreed(self.held[name])
        return self._done("delete", UserChange(name=name))

    def look(
        self,
        wanted: SapUser | None,
        name: str,
        was_in: Collection[str] | None = None,
        away: set[str] | None = None,
    ) -> tuple[ChildSystem, ...]:
        self.looks.append((name, frozenset(away or ())))
        self.was_in[name] = was_in
        stages = self.behind.get(name, [])
        if stages:
            return (stages.pop(0) if len(stages) > 1 else stages[0],)
        return (ChildSystem(system=CHILD, status="agrees"),)

    def _done(self, what: str, change: UserChange) -> Changed:
        faults = self.faults.get(change.name, [])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, Exception):
            raise fault
        if isinstance(fault, Changed):
            return fault
        if fault != "never arrived":
            self.before()
            if what == "delete":
                del self.held[change.name]
            else:
                self.held[change.name] = self._become(change)
            self.effects.append((what, change.name))
            self.after()
        if fault in ("lost", "never arrived"):
            raise OutcomeUnknown("the answer of SAP was lost")
        if fault == "unknown":
            return Changed(
                user=change.name, status="unknown", steps=(Step(name=what, status="unknown"),)
            )
        status = "accepted_by_central" if self.is_central else "done"
        step = Step(name=what, status=status)  # type: ignore[arg-type]
        return Changed(user=change.name, status=status, steps=(step,))  # type: ignore[arg-type]

    def _become(self, change: UserChange) -> SapUser:
        found = self.held.get(change.name) or SapUser(name=change.name)
        after = replace(found, fields={**found.fields, **change.fields})
        if change.role_names is not None:
            after = replace(after, roles=self._named(found, change.role_names))
        if change.roles is not None:
            indirect = tuple(each for each in found.roles if not each.is_direct)
            after = replace(after, roles=(*indirect, *change.roles))
        if change.locked is not None:
            after = replace(after, locks=self._locks(change.locked))
        for name in ("profiles", "groups", "parameters", "systems"):
            value = getattr(change, name)
            after = replace(after, **{name: value}) if value is not None else after
        return after

    def _locks(self, locked: bool) -> Locks:
        """A central system locks everywhere."""
        return Locks(everywhere=locked) if self.is_central else Locks(local=locked)

    def _named(self, found: SapUser, names: Sequence[str]) -> tuple[RoleAssignment, ...]:
        wanted = [split(name) if self.is_central else ("", name) for name in names]
        kept = tuple(
            each for each in found.roles if not each.is_direct or (each.system, each.name) in wanted
        )
        had = {(each.system, each.name) for each in kept if each.is_direct}
        new = (pair for pair in wanted if pair not in had)
        return (*kept, *(RoleAssignment(system=s, name=n, valid_from=TODAY) for s, n in new))


def _wrong(name: str, value: object) -> str | None:
    if name not in _FIELDS:
        return "is no field of a user"
    return "is too long" if len(str(value)) > LONGEST.get(name, 99) else None


def split(name: str) -> tuple[str, str]:
    """`SYSTEM:ROLE` of the landscape of two systems."""
    system, colon, rest = name.partition(":")
    if colon and system in (CENTRAL, CHILD):
        return system, rest
    if "CLNT" in system and colon:
        raise InputRejected(f"system {system}: is not known")
    return CENTRAL, name


def rows_of(given: Any) -> tuple[RoleAssignment, ...]:
    """Rows of roles as objects; the real reader takes XML too."""
    found = []
    for number, each in enumerate(given, start=1):
        if not isinstance(each, dict) or not isinstance(each.get("AGR_NAME"), str):
            wrong = Problem(code="ROLE", message="names no role", field=f"ACTIVITYGROUPS[{number}]")
            raise InputRejected("a wrong row", [wrong])
        found.append(
            RoleAssignment(
                system=each.get("SUBSYSTEM", ""),
                name=each["AGR_NAME"],
                valid_from=date.fromisoformat(each["FROM_DAT"]),
                valid_to=date.fromisoformat(each["TO_DAT"]),
                origin=each.get("ORG_FLAG", ""),
            )
        )
    return tuple(found)


class MemoryWaits:
    """Port Waits: notes who was told what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.gone = False

    def resume(self, token: str, output: Mapping[str, Any]) -> bool:
        self.told.append((token, output))
        return not self.gone


class ProvisioningHome:
    """A stage in memory with one connection `s4`, and runs of files on it."""

    def __init__(self, sap: MemoryUsers, **rules: Any) -> None:
        self.sap = sap
        self.rules = Provisioning(**rules)
        self.objects = MemoryObjects()
        self.control = MemoryControl()
        self.clock = MemoryClock()
        self.mailer = MemoryMailer()
        self.waits = MemoryWaits()
        self.quiet = 60.0
        self.zone: tzinfo = UTC
        self.child_of: Callable[[str], MemoryUsers | None] = lambda _: None

    def runs(self, objects: Any = None, control: Any = None) -> Provisioner:
        """What runs are made with, as a function that starts anew has it."""
        central = self.sap.is_central
        return Provisioner(
            objects=objects or self.objects,
            control=control or self.control,
            mailer=self.mailer,
            waits=self.waits,
            reader_of=lambda _: self.sap,
            writer_of=lambda _: self.sap,
            children_of=lambda _: self.sap,
            rules_of=self._rules,
            split_of=lambda _: split if central else (lambda name: ("", name)),
            role_rows=rows_of,
            quiet_of=lambda _: self.quiet,
            zone_of=lambda _: self.zone,
            child_of=lambda _, system: self.child_of(system),
            clock=self.clock,
            stage="test",
        )

    def drop(self, *rows: Any, data: bytes | None = None, name: str = "users.json") -> str:
        """Drop a file; the id of its run."""
        key = f"provisioning/s4/{name}"
        self.objects.write(key, json.dumps(rows).encode() if data is None else data)
        self.dropped = Upload(bucket="b", key=key, version_id=self.objects.version(key))
        self.upload = self.runs().received(self.dropped)
        return self.upload.run_id

    def plan(self, run_id: str) -> Any:
        """Plan the run of the file that was dropped last."""
        return self.runs().plan(run_id, "s4", self.upload.key, self.upload.version_id)

    def carry(self, run_id: str) -> dict[str, Any]:
        """From its plan to its response, as the state machine goes; the response file."""
        planned = self.plan(run_id)
        if planned.outcome == "waits":
            raise AssertionError("the run waits for a person")
        if planned.outcome == "ready":
            applied = self.apply(run_id)
            if applied.to_verify:
                self.verify(run_id)
        return self.report(run_id)

    def apply(self, run_id: str) -> Applied:
        """Until nothing is left."""
        for _ in range(50):
            applied = self.runs().apply(run_id, "s4", owner="execution")
            if not applied.left:
                return applied
            self.clock.sleep(max(1, applied.wait_seconds))
        raise AssertionError("the run does not come to its end")

    def verify(self, run_id: str) -> Any:
        """Until the children agree or the time is over."""
        for _ in range(500):
            verified = self.runs().verify(run_id, "s4")
            if not verified.open or verified.over:
                return verified
            self.clock.sleep(verified.wait_seconds)
        raise AssertionError("the verification does not come to its end")

    def report(self, run_id: str, error: str | None = None) -> dict[str, Any]:
        """The response file."""
        key = self.runs().report(run_id, "s4", error)
        found: dict[str, Any] = json.loads(self.objects.read(key))
        return found

    def later(self, seconds: float = 3600) -> None:
        """Time passes."""
        self.clock.time += timedelta(seconds=seconds)

    def _rules(self, name: str) -> Provisioning:
        if name != "s4":
            raise InputRejected(f"connection {name}: has no [provisioning.{name}] in the settings")
        return self.rules
