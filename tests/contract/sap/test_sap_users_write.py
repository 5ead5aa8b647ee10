"""Users are created and changed over SOAP on the stand-in, which knows nothing of our tables."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

import pytest

from sapmatch.clock import SystemClock
from sapmatch.limits.users import SharedUserLocks
from sapmatch.model.errors import InputRejected, SapRejected
from sapmatch.model.rfc import Rfc, RfcScalar
from sapmatch.model.users import Changed, RoleAssignment, SapUser, UserChange, UserLocks, UserReader
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.users.children import SapChildren
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.abap import AbapServer, abap_server
from tests.builders.control import MemoryControl
from tests.builders.scripted_users import NoLocks

CENTRAL, CHILD, OTHER = "S4HCLNT100", "S4HCLNT200", "S4HCLNT300"
CUA: dict[str, Any] = {
    "cua_enabled": True,
    "destination_name": CENTRAL,
    "systems": {CHILD: "c200", OTHER: "c300"},
}
MILLER: dict[str, RfcScalar] = {
    "ADDRESS.LASTNAME": "Miller",
    "ADDRESS.FIRSTNAME": "Jane",
    "ADDRESS.E_MAIL": "j@x.org",
}


class Side(NamedTuple):
    """A reader and a writer of one client."""

    reader: SapUsers
    writer: SapUserWriter
    rfc: Rfc


class Brief:
    """Port Clock that waits for a moment only."""

    now = SystemClock().now

    def sleep(self, seconds: float) -> None:
        threading.Event().wait(min(seconds, 0.02))


@contextmanager
def side_of(
    server: AbapServer, client: str = "100", locks: UserLocks | None = None, **rfc: Any
) -> Iterator[Side]:
    connection = server.connection(client=client, **rfc)
    assert connection.rfc
    clock = Brief()
    transport = open_rfc("s4", connection, server.secrets, clock=clock)
    try:
        reader = SapUsers(transport, connection.rfc, "s4", clock, 4)
        writer = SapUserWriter(
            transport, connection.rfc, "s4", reader, locks or NoLocks(), clock, time_zone="UTC"
        )
        yield Side(reader, writer, connection.rfc)
    finally:
        transport.close()


@pytest.fixture
def server() -> Iterator[AbapServer]:
    with abap_server() as running:
        yield running


def statuses(changed: Changed) -> dict[str, str]:
    return {step.name: step.status for step in changed.steps}


def written(server: AbapServer) -> list[str]:
    reads = ("GET_DETAIL", "READ", "HELPVALUES", "FORMAL_CHECK", "GETLIST")
    calls = [str(call["function"]) for call in server.abap.called()]
    return [name for name in calls if not any(each in name for each in reads)]


def test_a_user_lives_from_creation_to_deletion(server: AbapServer) -> None:
    """Rows B24 and B25."""
    with side_of(server) as side:
        change = UserChange(
            name="jdoe",
            fields={**MILLER, "LOGONDATA.GLTGB": "2027-12-31", "DEFAULTS.DATFM": "1"},
            role_names=("SAP_ASR_EMPLOYEE", "/SAPAPO/LINE_PLANNER"),
            profiles=(),
            groups=("FINANCE",),
            parameters={"WRK": "1000"},
            password="Geheim-4711",
            locked=True,
        )
        made = side.writer.create(change)
        assert statuses(made) == dict.fromkeys(("create", "password", "roles", "lock"), "done")
        user = side.reader.get("JDOE")
        assert user
        assert user.fields["LOGONDATA.GLTGB"] == date(2027, 12, 31)
        assert user.locks.local
        assert [role.name for role in user.direct_roles] == [
            "/SAPAPO/LINE_PLANNER",
            "SAP_ASR_EMPLOYEE",
        ]
        assert len(user.roles) == 6
        with pytest.raises(SapRejected, match="01/224"):
            side.writer.create(change)
        unlocked = UserChange(name="JDOE", locked=False, fields={"ADDRESS.E_MAIL": ""})
        assert side.writer.change(unlocked).status == "done"
        again = side.reader.get("JDOE")
        assert again
        assert not again.locks.local
        assert not again.fields.get("ADDRESS.E_MAIL")
        assert again.fields["ADDRESS.FIRSTNAME"] == "Jane"
        assert side.writer.delete("JDOE").status == "done"
        assert side.reader.get("JDOE") is None


def test_the_same_change_again_writes_nothing(server: AbapServer) -> None:
    """CO-T41."""
    with side_of(server) as side:
        change = UserChange(
            name="JDOE",
            fields=MILLER,
            role_names=("Z_FI_AP", "/SAPAPO/LINE_PLANNER"),
            profiles=(),
            groups=("FINANCE",),
            parameters={"WRK": "1000"},
            locked=True,
        )
        side.writer.create(change)
        server.abap.forget_calls()
        assert side.writer.change(change).status == "unchanged"
        assert written(server) == []


def test_a_role_that_is_unknown_is_named_by_sap_and_the_user_stays(server: AbapServer) -> None:
    with side_of(server) as side:
        done = side.writer.create(
            UserChange(name="JDOE", fields=MILLER, role_names=("NOWHERE",), locked=True)
        )
        assert done.status == "partial"
        assert statuses(done) == {"create": "done", "roles": "failed", "lock": "done"}


@pytest.mark.parametrize("fault", ["reset_after", "truncated"])
def test_a_user_whose_creation_was_not_answered_is_there_once(
    server: AbapServer, fault: str
) -> None:
    """CO-T36: the answer was lost, the user is there: nothing is sent again."""
    with side_of(server) as side:
        server.order(fault={"next": fault, "of": "BAPI_USER_CREATE1"})
        done = side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=("Z_FI_AP",)))
        assert done.status == "done"
        assert len(server.abap.called("BAPI_USER_CREATE1")) == 1
        user = side.reader.get("JDOE")
        assert user
        assert [role.name for role in user.roles] == ["Z_FI_AP"]


def test_a_creation_that_did_not_arrive_is_unknown(server: AbapServer) -> None:
    """CO-T36: and is not tried a second time."""
    with side_of(server) as side:
        server.order(fault={"next": "reset_before", "of": "BAPI_USER_CREATE1"})
        done = side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=("Z_FI_AP",)))
        assert done.status == "unknown"
        assert statuses(done) == {"create": "unknown", "roles": "not_executed"}
        assert side.reader.get("JDOE") is None


def test_a_change_that_dumped_after_its_work_is_read_back(server: AbapServer) -> None:
    """CO-T36 for changes."""
    with side_of(server) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER))
        server.order(fault={"next": "dump_after", "of": "BAPI_USER_CHANGE"})
        done = side.writer.change(UserChange(name="JDOE", fields={"ADDRESS.CITY": "Bonn"}))
        assert done.status == "done"
        assert len(server.abap.called("BAPI_USER_CHANGE")) == 1


def test_a_company_that_sap_does_not_know_is_no_reason_to_fail(server: AbapServer) -> None:
    """CO-T39: with nonFatalErrorCodes the rest counts, and what was not saved is named."""
    fields = {**MILLER, "COMPANY.COMPANY": "NOWHERE"}
    with side_of(server) as side:
        failed = side.writer.create(UserChange(name="ROE", fields=fields))
        assert (failed.status, failed.steps[0].code) == ("partial", "01/025")
        assert "created all the same; not saved: COMPANY.COMPANY" in failed.steps[0].message
        assert side.reader.get("ROE") is not None
    with side_of(server, non_fatal_error_codes=("025",)) as side:
        done = side.writer.create(UserChange(name="JDOE", fields=fields))
        assert done.status == "partial"
        assert [each.code for each in done.warnings] == ["01/025"]
        assert statuses(done) == {"create": "done", "read back": "failed"}


def test_a_value_that_is_too_long_never_leaves(server: AbapServer) -> None:
    """CO-T40."""
    with side_of(server) as side:
        server.abap.forget_calls()
        with pytest.raises(InputRejected, match="at most 40 fit"):
            side.writer.create(UserChange(name="JDOE", fields={"ADDRESS.LASTNAME": "x" * 41}))
        assert server.abap.called() == []


def test_a_password_that_is_too_weak_creates_nobody(server: AbapServer) -> None:
    """Row B26: refused by its message class and number."""
    with side_of(server) as side:
        change = UserChange(name="JDOE", fields=MILLER, password="kurz")
        with pytest.raises(SapRejected, match="01/187"):
            side.writer.create(change)
        assert side.reader.get("JDOE") is None


@pytest.mark.parametrize("at_next_logon", [True, False])
@pytest.mark.parametrize("release", ["new", "old"])
def test_a_password_is_initial_or_lasts(
    server: AbapServer, release: str, *, at_next_logon: bool
) -> None:
    """Rows B11 and B26."""
    with side_of(server, change_password_at_next_logon=at_next_logon) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER))
        server.order(rules={"release": release})
        password = "Ge4711-x" if release == "old" else "Geheim-4711-x"
        done = side.writer.change(UserChange(name="JDOE", password=password))
        assert done.status == "done", done
        user = server.abap.landscape.systems["100"].users.get("JDOE")
        assert user
        assert user.passwords[-1] == (password.upper() if release == "old" else password)
        assert user.is_initial == at_next_logon


def test_roles_keep_their_days_and_both_periods(server: AbapServer) -> None:
    """CO-T44, CO-T48."""
    rows = (
        RoleAssignment(name="Z_FI_AP", valid_from=date(2026, 1, 1), valid_to=date(2026, 3, 31)),
        RoleAssignment(name="Z_FI_AP", valid_from=date(2026, 9, 1)),
    )
    with side_of(server) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER, roles=rows))
        done = side.writer.change(UserChange(name="JDOE", role_names=("Z_FI_AP", "Z_MM_BUYER")))
        assert done.status == "done"
        user = side.reader.get("JDOE")
        assert user
        assert {role.key for role in rows} < {role.key for role in user.roles}
        assert len(user.roles) == 3


def test_members_of_a_composite_role_are_not_assigned_by_hand(server: AbapServer) -> None:
    """CO-T45, row B33."""
    with side_of(server) as side:
        names = ("/SAPAPO/LINE_PLANNER",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        side.writer.change(UserChange(name="JDOE", role_names=(*names, "Z_FI_AP")))
        user = side.reader.get("JDOE")
        assert user
        assert [role.name for role in user.direct_roles] == ["/SAPAPO/LINE_PLANNER", "Z_FI_AP"]
        assert len([role for role in user.roles if role.origin == "C"]) == 4


def test_those_who_add_a_role_at_the_same_moment_all_do(server: AbapServer) -> None:
    """CO-T49: reading, merging and writing is one thing."""
    control = MemoryControl()
    names = ("Z_FI_AP", "Z_MM_BUYER", "SAP_ASR_EMPLOYEE", "Z:FI_CLERK")
    with side_of(server) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER))
    failures: list[BaseException] = []
    start = threading.Barrier(len(names))

    def add(name: str) -> None:
        def merged(user: SapUser) -> UserChange:
            return UserChange(name="JDOE", role_names=(*(r.name for r in user.roles), name))

        try:
            with side_of(server, locks=SharedUserLocks(control, Brief(), name)) as side:
                start.wait(10)
                assert side.writer.merge("JDOE", merged).status == "done"
        except BaseException as exc:  # noqa: BLE001
            failures.append(exc)

    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    with side_of(server) as side:
        user = side.reader.get("JDOE")
        assert user
        assert {role.name for role in user.roles} == set(names)


def test_lockout_is_cleared_without_enabling_the_user(server: AbapServer) -> None:
    """CO-T52, row B28."""
    with side_of(server) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER, locked=True))
        server.order(wrong_logons={"100": ["JDOE"]})
        assert side.writer.change(UserChange(name="JDOE", clear_lockout=True)).status == "done"
        user = side.reader.get("JDOE")
        assert user
        assert (user.locks.wrong_logon, user.locks.local) == (False, True)


@pytest.fixture
def landscape() -> Iterator[AbapServer]:
    with abap_server(cua=True) as running:
        yield running


@contextmanager
def children_of(server: AbapServer) -> Iterator[SapChildren]:
    with side_of(server, "200") as c200, side_of(server, "300") as c300:
        readers: dict[str, UserReader] = {"c200": c200.reader, "c300": c300.reader}
        central = server.connection(**CUA).rfc
        assert central
        yield SapChildren(central, readers.__getitem__)


def looked(server: AbapServer, side: Side, name: str = "JDOE") -> dict[str, str]:
    with children_of(server) as children:
        return {each.system: each.status for each in children.look(side.reader.get(name), name)}


def test_a_central_system_accepts_and_the_children_agree_later(landscape: AbapServer) -> None:
    """CO-T51: accepted is not done."""
    landscape.order(idocs={OTHER: {"fails": "target system is not there"}})
    with side_of(landscape, **CUA) as side:
        change = UserChange(
            name="JDOE",
            fields=MILLER,
            role_names=(f"{CHILD}:Z_FI_AP", f"{OTHER}:Z_FI_AP", "Z:FI_CLERK"),
        )
        done = side.writer.create(change)
        assert done.status == "accepted_by_central", done
        user = side.reader.get("JDOE")
        assert user
        assert {(role.system, role.name) for role in user.direct_roles} == {
            (CENTRAL, "Z:FI_CLERK"),
            (CHILD, "Z_FI_AP"),
            (OTHER, "Z_FI_AP"),
        }
        assert looked(landscape, side) == {CHILD: "agrees", OTHER: "differs"}
        landscape.order(idocs={OTHER: {}}, resend=OTHER)
        assert looked(landscape, side) == {CHILD: "agrees", OTHER: "agrees"}
        landscape.abap.forget_calls()
        assert side.writer.change(change).status == "unchanged"
        assert written(landscape) == []


def test_a_role_of_one_system_leaves_those_of_the_others(landscape: AbapServer) -> None:
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:Z_FI_AP", "Z:FI_CLERK")
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        more = UserChange(name="JDOE", role_names=(*names, f"{OTHER}:Z_MM_BUYER"))
        assert side.writer.change(more).status == "accepted_by_central"
        assert looked(landscape, side) == {CHILD: "agrees", OTHER: "agrees"}
        fewer = UserChange(name="JDOE", systems=(CENTRAL, CHILD))
        assert side.writer.change(fewer).status == "accepted_by_central"
        assert looked(landscape, side) == {CHILD: "agrees", OTHER: "agrees"}
        user = side.reader.get("JDOE")
        assert user
        assert {role.system for role in user.direct_roles} == {CENTRAL, CHILD}


def test_a_lock_of_the_central_system_arrives_in_the_children(landscape: AbapServer) -> None:
    """CO-T51."""
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:Z_FI_AP",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        landscape.order(idocs={CHILD: {"delay": 60}})
        locked = side.writer.change(UserChange(name="JDOE", locked=True))
        assert locked.status == "accepted_by_central"
        with children_of(landscape) as children:
            first = children.look(side.reader.get("JDOE"), "JDOE")[0]
        assert (first.status, first.differs) == ("differs", ("not locked",))


def test_a_deleted_user_is_gone_in_the_children_too(landscape: AbapServer) -> None:
    """CO-T51."""
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:Z_FI_AP",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        landscape.order(idocs={CHILD: {"delay": 60}})
        assert side.writer.delete("JDOE").status == "accepted_by_central"
        with children_of(landscape) as children:
            seen = {each.system: each.differs for each in children.look(None, "JDOE")}
        assert seen == {CHILD: ("the user is still there",), OTHER: ()}


def test_a_system_that_nobody_knows_is_refused_and_one_that_may_not_be_used_is_surfaced(
    landscape: AbapServer,
) -> None:
    """CO-T50."""
    with side_of(landscape, **CUA) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER))
        landscape.abap.forget_calls()
        with pytest.raises(InputRejected, match="system S4HCLNT900"):
            side.writer.change(UserChange(name="JDOE", role_names=("S4HCLNT900:Z_FI_AP",)))
        assert written(landscape) == []
        landscape.order(permissions={"ROBOT": {"without": [f"S_USER_SYS:{CHILD}"]}})
        names = (f"{CHILD}:Z_FI_AP", f"{OTHER}:Z_FI_AP")
        done = side.writer.change(UserChange(name="JDOE", role_names=names))
        assert (done.status, done.steps[0].code) == ("failed", "01/181")
        assert f"not assigned: {CHILD}:Z_FI_AP" in done.steps[0].message


def test_the_roles_of_a_child_show_what_composite_roles_bring(landscape: AbapServer) -> None:
    """Row B31, for every child that has a connection."""
    with side_of(landscape, **CUA) as side:
        names = (f"{CHILD}:/SAPAPO/LINE_PLANNER",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        with children_of(landscape) as children:
            found = children.expanded("JDOE")
        roles = found[CHILD]
        assert roles
        assert len([role for role in roles if role.origin == "C"]) == 4
        assert {role.system for role in roles} == {CHILD}
        assert found[OTHER] == ()
