"""One worker at a time changes a user."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec
import pytest

from sapmatch.limits.users import LEASE_SECONDS, SKEW, SharedUserLocks, UserLock, lock_key
from sapmatch.model.errors import SapRejected, Throttled
from sapmatch.model.users import UserLocks
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock

KEY = lock_key("s4/100", "JDOE")


def locks_of(
    control: MemoryControl, clock: MemoryClock, owner: str = "a", **more: object
) -> SharedUserLocks:
    return SharedUserLocks(control, clock, owner, **more)  # type: ignore[arg-type]


def held(control: MemoryControl) -> UserLock:
    return msgspec.json.decode(control.values[KEY].value, type=UserLock)


def test_a_lock_is_held_for_the_block_and_free_afterwards() -> None:
    control, clock = MemoryControl(), MemoryClock()
    with locks_of(control, clock).held("s4/100", "jdoe "):
        assert held(control).holder.startswith("a/")
    assert held(control).holder == ""


def test_a_lock_is_free_after_an_error() -> None:
    control, clock = MemoryControl(), MemoryClock()
    with pytest.raises(SapRejected), locks_of(control, clock).held("s4/100", "JDOE"):
        raise SapRejected("01/124", "no such user")
    assert held(control).holder == ""


def test_another_worker_waits_and_is_told_when_it_takes_too_long() -> None:
    """CO-T49."""
    control, clock = MemoryControl(), MemoryClock()
    begun = clock.now()
    second = locks_of(control, clock, "b")
    with (
        locks_of(control, clock).held("s4/100", "JDOE"),
        pytest.raises(Throttled, match="another worker") as told,
        second.held("s4/100", "JDOE"),
    ):
        raise AssertionError("two hold one lock")
    assert timedelta(seconds=60) <= clock.now() - begun < timedelta(seconds=62)
    assert "JDOE" not in str(told.value)


def test_the_same_owner_waits_for_himself_as_well() -> None:
    """CO-T49: two threads of one function."""
    control, clock = MemoryControl(), MemoryClock()
    locks = locks_of(control, clock, wait_seconds=5.0)
    with locks.held("s4/100", "JDOE"), pytest.raises(Throttled), locks.held("s4/100", "JDOE"):
        raise AssertionError("two hold one lock")


def test_other_users_and_other_systems_have_locks_of_their_own() -> None:
    control, clock = MemoryControl(), MemoryClock()
    locks = locks_of(control, clock)
    with (
        locks.held("s4/100", "JDOE"),
        locks.held("s4/100", "ROE"),
        locks.held("s4/200", "JDOE"),
    ):
        assert len(control.values) == 3


def test_the_lock_of_a_dead_worker_comes_free_after_its_lease() -> None:
    control, clock = MemoryControl(), MemoryClock()
    dead = locks_of(control, clock).held("s4/100", "JDOE")
    dead.__enter__()
    clock.sleep(LEASE_SECONDS + SKEW - 61)
    with pytest.raises(Throttled), locks_of(control, clock, "b").held("s4/100", "JDOE"):
        raise AssertionError("its lease is not over")
    clock.sleep(2)
    with locks_of(control, clock, "b").held("s4/100", "JDOE"):
        assert held(control).holder.startswith("b/")


def test_who_comes_back_late_takes_the_lock_from_nobody() -> None:
    """CO-T64 for these locks: a second release is harmless."""
    control, clock = MemoryControl(), MemoryClock()
    late = locks_of(control, clock).held("s4/100", "JDOE")
    late.__enter__()
    clock.sleep(LEASE_SECONDS + SKEW + 1)
    with locks_of(control, clock, "b").held("s4/100", "JDOE"):
        late.__exit__(None, None, None)
        assert held(control).holder.startswith("b/")


def test_no_name_of_a_user_stands_in_a_key() -> None:
    assert "JDOE" not in KEY
    assert lock_key("s4/100", " jdoe") == KEY


def test_a_release_that_fails_undoes_nothing() -> None:
    control, clock = MemoryControl(), MemoryClock()
    done = []

    def busy() -> None:
        raise Throttled("the table asks for fewer calls")

    with locks_of(control, clock).held("s4/100", "JDOE"):
        control.meddle = busy
        done.append("changed")
    assert done == ["changed"]


class Alone:
    """Checks that no two hold the lock of one user, and counts who did."""

    def __init__(self, locks: UserLocks) -> None:
        self._locks = locks
        self._inside = threading.Lock()
        self.count = 0

    @contextmanager
    def changing(self) -> Iterator[None]:
        with self._locks.held("s4/100", "JDOE"):
            assert self._inside.acquire(blocking=False), "two hold one lock"
            yield
            self.count += 1
            self._inside.release()


def test_many_threads_get_it_one_by_one() -> None:
    """CO-T49."""

    class Careful(MemoryControl):
        """Reads and writes as one, as the table does."""

        def __init__(self) -> None:
            super().__init__()
            self._one = threading.Lock()

        def write(self, key: str, value: bytes, *, expected: int) -> int:
            with self._one:
                return super().write(key, value, expected=expected)

    class Quick(MemoryClock):
        def sleep(self, seconds: float) -> None:
            threading.Event().wait(0.001)

    alone = Alone(SharedUserLocks(Careful(), Quick(), "a"))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                with alone.changing():
                    pass
        except BaseException as exc:  # noqa: BLE001
            failures.append(exc)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert alone.count == 20
