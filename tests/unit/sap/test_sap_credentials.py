"""One secret in the hands of many threads: which versions are tried, and who is asked."""

from datetime import timedelta

import pytest

from sapmatch.model.errors import LogonRefused
from sapmatch.sap.auth.credentials import AGE, Credentials
from tests.builders.logons import LOGON, NotingGuard, Vault, password
from tests.builders.memory import MemoryClock

SETTING = "[connections.s4].auth.secret"


def made(vault: Vault, guard: NotingGuard | None = None) -> tuple[Credentials, MemoryClock]:
    clock = MemoryClock()
    return Credentials(SETTING, LOGON, vault, clock, guard), clock


def test_a_secret_is_read_anew_after_five_minutes() -> None:
    vault = Vault(password("old"))
    credentials, clock = made(vault)
    credentials.current()
    vault.rotate(password("new"))
    clock.time += AGE - timedelta(seconds=1)
    assert credentials.current().version == "v1"
    clock.time += timedelta(seconds=1)
    assert credentials.current().version == "v2"
    assert len(vault.reads) == 2


def test_a_refused_version_is_never_current_again() -> None:
    """CO-T1."""
    vault = Vault(password("wrong"))
    credentials, _ = made(vault)
    assert not credentials.refused(credentials.current())
    with pytest.raises(LogonRefused, match=r"auth\.secret.*was refused before") as caught:
        credentials.current()
    assert caught.value.reason == "stopped"


def test_a_late_refusal_of_the_old_version_does_not_forget_that_of_the_new_one() -> None:
    """RE-26: three threads, two versions, both wrong; neither is tried again."""
    vault = Vault(password("old"))
    credentials, _ = made(vault)
    old = credentials.current()
    vault.rotate(password("new"))
    assert credentials.refused(old)
    assert not credentials.refused(credentials.current())
    assert credentials.refused(old)
    with pytest.raises(LogonRefused):
        credentials.current()


def test_a_late_refusal_of_the_old_version_leaves_the_good_one_accepted() -> None:
    """RE-26: the guard is not told twice what it knows."""
    vault, guard = Vault(password("old")), NotingGuard()
    credentials, _ = made(vault, guard)
    old = credentials.current()
    vault.rotate(password("new"))
    credentials.refused(old)
    for _ in range(3):
        credentials.accepted(credentials.current())
        credentials.refused(old)
    assert guard.calls.count("accepted v2") == 1
    assert guard.calls.count("admit v2") == 1


def test_a_version_that_others_stopped_after_it_was_rotated_gives_way_to_the_new_one() -> None:
    """RE-26: what this process still holds is not what the secret says by now."""
    vault, guard = Vault(password("old")), NotingGuard()
    credentials, clock = made(vault, guard)
    credentials.accepted(credentials.current())
    vault.rotate(password("new"))
    guard.calls += ["refused v1"] * 2
    clock.time += timedelta(minutes=1)
    assert credentials.current().version == "v2"
    guard.calls += ["refused v2"] * 2
    with pytest.raises(LogonRefused, match="stopped"):
        credentials.current()


def test_nothing_shows_a_value() -> None:
    """CO-T16."""
    credentials, _ = made(Vault(password("password-canary")))
    assert "canary" not in f"{credentials!r}{credentials.current()!r}"
