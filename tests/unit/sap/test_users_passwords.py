"""Passwords that nobody chose."""

import string

import pytest

from sapmatch.model.rfc import Field, FunctionInterface, Parameter
from sapmatch.sap.users.passwords import length_of, password_problems, random_password
from tests.builders.scripted_users import ScriptedSap


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
