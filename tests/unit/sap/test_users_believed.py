"""What SAP says beside its data is heard: no refusal is taken for a yes, or for an empty list."""

from collections.abc import Callable
from typing import Any

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    PoolExhausted,
    SapmatchError,
    SapRejected,
    SapThrottled,
    ServiceNotActivated,
)
from sapmatch.model.rfc import BapiMessage, Field, FunctionInterface, Parameter, Rfc, RfcResult
from sapmatch.model.users import UserChange, UserQuery
from sapmatch.sap.rfc.messages import messages_of
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.listed_users import ListedUsers, reader_of, told
from tests.builders.memory import MemoryClock
from tests.builders.scripted_users import NoLocks, ScriptedSap, error, role, writer_on

CUA: dict[str, Any] = {"cua_enabled": True, "destination_name": "S4HCLNT100"}
ROLES, PROFILES = "BAPI_USER_LOCACTGROUPS_READ", "BAPI_USER_LOCPROFILES_READ"
LOGIN = "SUSR_GET_ADMIN_USER_LOGIN_INFO"
REFUSED = RfcResult(messages=(BapiMessage(type="E", id="01", number="491", text="no"),))
JDOE = UserChange(name="JDOE", fields={"ADDRESS.LASTNAME": "Miller"})


class Answering(ScriptedSap):
    """Answers some modules otherwise."""

    def __init__(self, **answers: RfcResult) -> None:
        super().__init__(systems=("S4HCLNT100", "S4HCLNT200"))
        self.answers = answers

    def call(self, function: str, *given: Any, **more: Any) -> RfcResult:
        if function in self.answers:
            return self.answers[function]
        return super().call(function, *given, **more)


@pytest.mark.parametrize("function", [ROLES, PROFILES])
def test_a_refusal_to_show_what_he_has_in_all_systems_is_not_that_he_has_nothing(
    function: str,
) -> None:
    """What is read here is written back with a role more: all others would be lost (CO-T37)."""
    sap = Answering(**{function: REFUSED})
    sap.add("JDOE", roles=[{"SUBSYSTEM": "S4HCLNT200", **role("FI")}])
    change = UserChange(name="JDOE", role_names=("S4HCLNT200:HR",), profiles=())
    with pytest.raises(SapRejected, match="01/491"):
        writer_on(sap, **CUA).change(change)
    assert sap.writes == []


@pytest.mark.parametrize(("kind", "number"), [("E", "491"), ("A", "124"), ("X", "512")])
def test_a_refusal_to_show_a_user_is_not_that_there_is_none(kind: str, number: str) -> None:
    """A user who is not there would be created."""
    code = "01" if number != "124" else "S#"
    said = BapiMessage(type=kind, id=code, number=number, text="no")
    sap = Answering(BAPI_USER_GET_DETAIL=RfcResult(messages=(said,)))
    with pytest.raises(SapRejected, match=f"{code}/{number}"):
        writer_on(sap).create(JDOE)
    assert sap.writes == []


def test_a_remark_with_the_number_of_a_missing_user_does_not_make_him_missing() -> None:
    said = BapiMessage(type="I", id="01", number="124", text="of another one")
    sap = Answering(BAPI_USER_GET_DETAIL=RfcResult(messages=(said,)))
    with pytest.raises(SapRejected, match="01/224"):
        writer_on(sap).create(JDOE)


@pytest.mark.parametrize(
    "failure",
    [SapThrottled("too many", 1.0), PoolExhausted("all in use"), InputRejected("rfc.services")],
)
def test_whatever_keeps_a_last_logon_from_being_read_ends_no_list(failure: SapmatchError) -> None:
    """Row B12."""

    def fails(_: Any) -> RfcResult:
        raise failure

    sap = ListedUsers([told("A"), told("B")])
    sap.answers[LOGIN] = fails
    found = list(reader_of(sap, Rfc(also_read_login_info=True)).users(UserQuery()))
    assert [user.name for user in found] == ["A", "B"]
    assert all("alsoReadLoginInfo" in user.warnings[-1] for user in found)


def test_a_logon_that_is_refused_is_not_tried_for_each_user() -> None:
    """It would lock the connection's own user."""

    def fails(_: Any) -> RfcResult:
        raise LogonRefused("wrong password", "password")

    sap = ListedUsers([told("A")])
    sap.answers[LOGIN] = fails
    with pytest.raises(LogonRefused):
        list(reader_of(sap, Rfc(also_read_login_info=True)).users(UserQuery()))


@pytest.mark.parametrize("at_next_logon", [True, False])
def test_an_error_about_a_password_is_never_harmless(at_next_logon: bool) -> None:
    """Row B16: what nobody can read back, SAP has to have taken."""
    sap = ScriptedSap()
    sap.add("JDOE")
    sap.returns["BAPI_USER_CHANGE"] = [error("025")]
    settings: dict[str, Any] = {"change_password_at_next_logon": at_next_logon}
    writer = writer_on(sap, non_fatal_error_codes=("025",), **settings)
    done = writer.change(UserChange(name="JDOE", password="Geheim-1"))
    assert (done.status, done.steps[0].code) == ("failed", "01/025")


def test_a_commit_that_sap_refuses_leaves_a_password_unknown() -> None:
    """CO-T37: RETURN of the commit counts as any other."""
    sap = ScriptedSap(stateful=True)
    sap.add("JDOE")
    sap.returns["BAPI_TRANSACTION_COMMIT"] = [error("999", "A")]
    done = writer_on(sap).change(UserChange(name="JDOE", password="Geheim-1"))
    assert done.status == "unknown"
    assert "01/999" in done.steps[0].message


def test_a_check_that_fails_without_naming_a_message_has_failed() -> None:
    sap = Answering(
        PASSWORD_FORMAL_CHECK=RfcResult(messages=messages_of({"RC": 4, "MSGID": ""}, {}))
    )
    sap.add("JDOE")
    with pytest.raises(SapRejected):
        writer_on(sap).change(UserChange(name="JDOE", password="Geheim-1"))
    assert sap.writes == []


@pytest.mark.parametrize("refusal", [AuthorizationMissing("S_RFC"), ServiceNotActivated("off")])
def test_where_sap_tells_no_systems_those_of_the_settings_count(refusal: SapmatchError) -> None:
    class Secretive(ScriptedSap):
        def call(self, function: str, *given: Any, **more: Any) -> RfcResult:
            if function == "BAPI_HELPVALUES_GET":
                raise refusal
            return super().call(function, *given, **more)

    sap = Secretive()
    sap.add("JDOE")
    change = UserChange(name="JDOE", role_names=("S4HCLNT200:FI",))
    writer_on(sap, **CUA, systems={"S4HCLNT200": "c200"}).check(change)
    with pytest.raises(InputRejected, match="S4HCLNT300"):
        writer_on(sap, **CUA).check(UserChange(name="JDOE", role_names=("S4HCLNT300:FI",)))
    assert sap.writes == []


def test_a_password_that_is_too_long_is_refused_before_anything_is_sent() -> None:
    """CO-T40."""
    sap = ScriptedSap()
    change = UserChange(name="JDOE", fields=JDOE.fields, password="x" * 41)
    for refuse in (writer_on(sap).check, writer_on(sap).create):
        with pytest.raises(InputRejected, match="1 to 40") as caught:
            refuse(change)
        assert "xxx" not in str(caught.value)
    assert sap.writes == []


def test_the_first_password_is_as_long_as_the_release_takes() -> None:
    class Described(ScriptedSap):
        def interface(self, function: str) -> FunctionInterface | None:
            field = Field(name="BAPIPWD", length=8)
            password = Parameter(
                name="PASSWORD", direction="import", kind="structure", fields=(field,)
            )
            return FunctionInterface(name=function, parameters=(password,))

    sap = Described()
    assert writer_on(sap).create(JDOE).status == "done"
    assert len(sap.last("BAPI_USER_CREATE1").imports["PASSWORD"]["BAPIPWD"]) == 8


def test_connections_to_one_system_share_the_locks_of_its_users() -> None:
    """CO-T49."""
    sap, locks = ScriptedSap(), NoLocks()
    clock = MemoryClock()
    reader = SapUsers(sap, Rfc(), "s4", clock, 1)
    writer = SapUserWriter(sap, Rfc(), "s4", reader, locks, clock, locked_as="S4H/100")
    writer.create(JDOE)
    writer.change(JDOE)
    writer.merge("jdoe", lambda _: JDOE)
    writer.delete("jdoe")
    assert locks.held_for == [("S4H/100", "JDOE")] * 4


@pytest.mark.parametrize("there", [True, False])
def test_of_a_change_that_sap_kept_in_part_the_rest_is_named(there: bool) -> None:
    sap = ScriptedSap()
    sap.lost = {"ADDRESS.CITY"}
    change = UserChange(
        name="JDOE", fields={"ADDRESS.LASTNAME": "Smith", "ADDRESS.CITY": "Bonn-canary"}
    )
    if there:
        sap.add("JDOE")
    done = writer_on(sap).change(change) if there else writer_on(sap).create(change)
    assert done.status == "partial"
    assert [step.status for step in done.steps] == ["done", "failed"]
    assert done.steps[1].name == "read back"
    assert done.steps[1].message == "not saved: ADDRESS.CITY"


def test_a_user_of_whom_nothing_was_kept_but_his_name_was_created_all_the_same() -> None:
    sap = ScriptedSap()
    sap.lost = {"ADDRESS.LASTNAME"}
    done = writer_on(sap).create(UserChange(name="JDOE", fields={"ADDRESS.LASTNAME": "Smith"}))
    assert [(step.name, step.status) for step in done.steps] == [
        ("create", "done"),
        ("read back", "failed"),
    ]


def test_what_sap_shows_a_moment_later_was_done() -> None:
    """Reading back is tried again: another server's buffer may be behind."""
    sap, clock = ScriptedSap(), Late()
    sap.add("JDOE")
    sap.lost = {"ADDRESS.CITY"}
    clock.then = lambda: sap.users["JDOE"]["structures"]["ADDRESS"].update(CITY="Bonn")
    change = UserChange(name="JDOE", fields={"ADDRESS.CITY": "Bonn"})
    assert writer_on(sap, clock=clock).change(change).status == "done"


class Late(MemoryClock):
    """Something happens while somebody waits."""

    def sleep(self, seconds: float) -> None:
        self.then()
        super().sleep(seconds)

    then: Callable[[], object] = staticmethod(lambda: None)
