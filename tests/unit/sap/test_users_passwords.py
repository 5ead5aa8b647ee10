"""Passwords that nobody chose."""

import string

import pytest

from sapmatch.model.errors import AuthorizationMissing, SapRejected, SapUnavailable
from sapmatch.model.rfc import Field, FunctionInterface, Parameter
from sapmatch.model.users import UserChange
from sapmatch.sap.users.passwords import length_of, password_problems, random_password
from tests.builders.scripted_users import ScriptedSap, writer_on


@pytest.mark.parametrize("length", [8, 20, 40])
def test_a_random_password_meets_the_usual_rules(length: int) -> None:
    found = {random_password(length) for _ in range(200)}
    assert len(found) == 200
    for password in found:
        assert len(password) == length
        assert password[0] in string.ascii_letters
        for kind in (string.ascii_uppercase, string.ascii_lowercase, string.digits):
            assert set(password) & set(kind)
        assert set(password) - set(string.ascii_letters + string.digits)
        assert not any(password[n] * 3 in password for n in range(length))
        assert password.isascii()


@pytest.mark.parametrize(("most", "wanted"), [(8, 8), (40, 20), (0, 20), (15, 15)])
def test_it_is_as_long_as_the_release_takes(most: int, wanted: int) -> None:
    class Described(ScriptedSap):
        def interface(self, function: str) -> FunctionInterface | None:
            field = Field(name="BAPIPWD", length=most)
            password = Parameter(
                name="PASSWORD", direction="import", kind="structure", fields=(field,)
            )
            return FunctionInterface(name=function, parameters=(password,))

    assert length_of(Described()) == wanted


def test_a_password_has_a_length_that_sap_can_take() -> None:
    """CO-T40."""
    assert password_problems(None) == password_problems("x" * 40) == []
    for wrong in ("", "y" * 41):
        (problem,) = password_problems(wrong)
        assert "yy" not in problem.message


class OldRelease(ScriptedSap):
    """Knows no PRODUCTIVE_PWD."""

    def interface(self, function: str) -> FunctionInterface | None:
        return FunctionInterface(name=function, parameters=())


@pytest.mark.parametrize(
    "refusal",
    [SapRejected("01/193", "used before"), AuthorizationMissing("S_RFC"), SapUnavailable("away")],
)
def test_a_second_step_that_fails_leaves_nobody_in_the_belief_that_nothing_happened(
    refusal: Exception,
) -> None:
    """Where a release takes a lasting password in two calls, the first has replaced the old one."""
    sap = OldRelease()
    sap.add("JDOE")

    def refuse() -> None:
        raise refusal

    sap.before["SUSR_USER_CHANGE_PASSWORD_RFC"] = refuse
    changed = writer_on(sap).change(UserChange(name="JDOE", password="Geheim-1"))
    (step,) = changed.steps
    assert (changed.status, step.status) == ("unknown", "unknown")
    assert "random password" in step.message
    assert "Geheim" not in step.message
    assert sap.writes == ["BAPI_USER_CHANGE", "SUSR_USER_CHANGE_PASSWORD_RFC"]
