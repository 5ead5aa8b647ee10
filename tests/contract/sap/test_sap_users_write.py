"""Users are created and changed on the stand-in, which knows nothing of our tables."""

import threading
from collections.abc import Iterator
from datetime import date

import pytest

from sapmatch.limits.users import SharedUserLocks
from sapmatch.model.errors import InputRejected, SapRejected
from sapmatch.model.users import RoleAssignment, SapUser, UserChange
from tests.builders.control import MemoryControl
from tests.builders.user_side import (
    MILLER,
    WAYS,
    Brief,
    Reached,
    reached,
    side_of,
    statuses,
    written,
)


@pytest.fixture(params=["memory", "pyrfc", "soap_rfc"])
def server(request: pytest.FixtureRequest) -> Iterator[Reached]:
    with reached(request.param) as running:
        yield running


@pytest.mark.parametrize("way", WAYS)
def test_a_user_lives_from_creation_to_deletion(way: str) -> None:
    """Rows B24 and B25."""
    with reached(way) as server, side_of(server) as side:
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


def test_the_same_change_again_writes_nothing(server: Reached) -> None:
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


def test_a_role_that_is_unknown_is_named_by_sap_and_the_user_stays(server: Reached) -> None:
    with side_of(server) as side:
        done = side.writer.create(
            UserChange(name="JDOE", fields=MILLER, role_names=("NOWHERE",), locked=True)
        )
        assert done.status == "partial"
        assert statuses(done) == {"create": "done", "roles": "failed", "lock": "done"}


@pytest.mark.parametrize("fault", ["reset_after", "truncated"])
def test_a_user_whose_creation_was_not_answered_is_there_once(server: Reached, fault: str) -> None:
    """CO-T36: the answer was lost, the user is there: nothing is sent again."""
    with side_of(server) as side:
        server.order(fault={"next": fault, "of": "BAPI_USER_CREATE1"})
        change = UserChange(name="JDOE", fields=MILLER, role_names=("Z_FI_AP",))
        done = side.writer.create(change)
        if server.is_stateful:  # the loss has ended the unit of work
            assert done.status == "partial"
            assert statuses(done) == {"create": "done", "roles": "not_executed"}
            done = side.writer.change(change)
        assert done.status == "done"
        assert len(server.abap.called("BAPI_USER_CREATE1")) == 1
        user = side.reader.get("JDOE")
        assert user
        assert [role.name for role in user.roles] == ["Z_FI_AP"]


def test_a_creation_that_did_not_arrive_is_unknown(server: Reached) -> None:
    """CO-T36: and is not tried a second time."""
    with side_of(server) as side:
        server.order(fault={"next": "reset_before", "of": "BAPI_USER_CREATE1"})
        done = side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=("Z_FI_AP",)))
        assert done.status == "unknown"
        assert statuses(done) == {"create": "unknown", "roles": "not_executed"}
        assert side.reader.get("JDOE") is None


def test_a_change_that_dumped_after_its_work_is_read_back(server: Reached) -> None:
    """CO-T36 for changes."""
    with side_of(server) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER))
        server.order(fault={"next": "dump_after", "of": "BAPI_USER_CHANGE"})
        done = side.writer.change(UserChange(name="JDOE", fields={"ADDRESS.CITY": "Bonn"}))
        assert done.status == "done"
        assert len(server.abap.called("BAPI_USER_CHANGE")) == 1


def test_a_company_that_sap_does_not_know_is_no_reason_to_fail(server: Reached) -> None:
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


def test_a_value_that_is_too_long_never_leaves(server: Reached) -> None:
    """CO-T40."""
    with side_of(server) as side:
        server.abap.forget_calls()
        with pytest.raises(InputRejected, match="at most 40 fit"):
            side.writer.create(UserChange(name="JDOE", fields={"ADDRESS.LASTNAME": "x" * 41}))
        assert server.abap.called() == []


def test_a_password_that_is_too_weak_creates_nobody(server: Reached) -> None:
    """Row B26: refused by its message class and number."""
    with side_of(server) as side:
        change = UserChange(name="JDOE", fields=MILLER, password="kurz")
        with pytest.raises(SapRejected, match="01/187"):
            side.writer.create(change)
        assert side.reader.get("JDOE") is None


@pytest.mark.parametrize("at_next_logon", [True, False])
@pytest.mark.parametrize("release", ["new", "old"])
def test_a_password_is_initial_or_lasts(
    server: Reached, release: str, *, at_next_logon: bool
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


def test_roles_keep_their_days_and_both_periods(server: Reached) -> None:
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


def test_members_of_a_composite_role_are_not_assigned_by_hand(server: Reached) -> None:
    """CO-T45, row B33."""
    with side_of(server) as side:
        names = ("/SAPAPO/LINE_PLANNER",)
        side.writer.create(UserChange(name="JDOE", fields=MILLER, role_names=names))
        side.writer.change(UserChange(name="JDOE", role_names=(*names, "Z_FI_AP")))
        user = side.reader.get("JDOE")
        assert user
        assert [role.name for role in user.direct_roles] == ["/SAPAPO/LINE_PLANNER", "Z_FI_AP"]
        assert len([role for role in user.roles if role.origin == "C"]) == 4


def test_those_who_add_a_role_at_the_same_moment_all_do(server: Reached) -> None:
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


def test_lockout_is_cleared_without_enabling_the_user(server: Reached) -> None:
    """CO-T52, row B28."""
    with side_of(server) as side:
        side.writer.create(UserChange(name="JDOE", fields=MILLER, locked=True))
        server.order(wrong_logons={"100": ["JDOE"]})
        assert side.writer.change(UserChange(name="JDOE", clear_lockout=True)).status == "done"
        user = side.reader.get("JDOE")
        assert user
        assert (user.locks.wrong_logon, user.locks.local) == (False, True)
