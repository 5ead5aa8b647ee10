"""Who writes in whose name, and how many sessions that takes."""

from typing import Any
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.bootstrap.principals import MOST, PrincipalWriter, TokenWriter
from sapmatch.model.access import Principal
from sapmatch.model.errors import LogonRefused
from sapmatch.model.intent import DECIDER, Change, Look

INSERT = Change(kind="create", service="/s", entity_set="E", record={"A": "1"})


class People:
    """Opens a client for each person, and remembers them."""

    def __init__(self) -> None:
        self.technical = MagicMock(name="technical")
        self.opened: dict[str | None, MagicMock] = {}
        self.writer = PrincipalWriter(self.technical, self._open)

    def _open(self, principal: Principal) -> Any:
        assert principal.token is None
        assert principal.sap_user not in self.opened
        self.opened[principal.sap_user] = client = MagicMock(name=principal.sap_user)
        return client


def test_each_person_writes_with_a_session_of_their_own() -> None:
    """CO-T6: no CSRF token and no access token is ever shared between two of them."""
    people = People()
    for user in ("ANNA", "BORIS", "ANNA"):
        people.writer.prepare("/s", user)
        people.writer.write(replace(INSERT, on_behalf_of=user))
    assert list(people.opened) == ["ANNA", "BORIS"]
    assert people.opened["ANNA"].write.call_count == 2
    people.opened["BORIS"].prepare.assert_called_once_with("/s", "BORIS")
    people.technical.write.assert_not_called()
    people.technical.prepare.assert_not_called()


def test_what_is_nobodys_is_the_technical_users() -> None:
    people = People()
    people.writer.prepare("/s")
    people.writer.write(INSERT)
    people.writer.write_batch([INSERT, INSERT])
    people.technical.write.assert_called_once_with(INSERT)
    people.technical.write_batch.assert_called_once_with([INSERT, INSERT])
    assert not people.opened


def test_everything_is_read_by_the_technical_user() -> None:
    people = People()
    looks = [Look(service="/s", entity_set="E", key={"A": "1"})]
    people.writer.look(looks)
    people.writer.check(replace(INSERT, on_behalf_of="ANNA"))
    people.writer.get("/s", "E", {"A": "1"}, expand=("B",))
    people.technical.look.assert_called_once_with(looks)
    assert not people.opened


def test_the_sessions_that_were_not_used_for_longest_are_closed() -> None:
    people = People()
    for n in range(MOST):
        people.writer.prepare("/s", f"U{n}")
    people.writer.prepare("/s", "U0")
    people.writer.prepare("/s", "NEW")
    people.opened["U1"].close.assert_called_once_with()
    people.opened["U0"].close.assert_not_called()
    people.writer.close()
    assert all(client.close.called for client in people.opened.values())
    people.technical.close.assert_not_called()


def test_a_session_that_sap_refused_is_given_up_and_the_next_one_is_new() -> None:
    people = People()
    people.writer.prepare("/s", "ANNA")
    first = people.opened.pop("ANNA")
    first.write.side_effect = LogonRefused("locked", "locked")
    with pytest.raises(LogonRefused):
        people.writer.write(replace(INSERT, on_behalf_of="ANNA"))
    first.close.assert_called_once_with()
    people.writer.write(replace(INSERT, on_behalf_of="ANNA"))
    people.opened["ANNA"].write.assert_called_once()


def test_nobody_writes_for_a_person_whose_token_is_gone() -> None:
    """A token is never kept; its owner did not write in time, and the write is not sent."""
    people = People()
    with pytest.raises(LogonRefused, match="enter it in SAP") as caught:
        people.writer.prepare("/s", DECIDER)
    assert caught.value.reason == "user-token"
    people.technical.prepare.assert_not_called()


@pytest.mark.parametrize("named", [DECIDER, None])
def test_with_a_token_everything_is_written_by_its_owner(named: str | None) -> None:
    technical, person = MagicMock(), MagicMock()
    writer = TokenWriter(technical, person)
    writer.prepare("/s", named)
    writer.write(replace(INSERT, on_behalf_of=named))
    writer.write_batch([replace(INSERT, on_behalf_of=named)])
    writer.look([])
    person.prepare.assert_called_once_with("/s")
    person.write.assert_called_once_with(INSERT)
    person.write_batch.assert_called_once_with([INSERT])
    technical.look.assert_called_once_with([])
    writer.close()
    person.close.assert_called_once_with()
    technical.close.assert_not_called()
