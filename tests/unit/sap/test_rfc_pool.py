"""How many connections there are, how many are kept, and for how long."""

import threading
from typing import Any

import pytest

from sapmatch.model.auth import NoAuth
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import PoolExhausted
from sapmatch.model.rfc import Rfc
from sapmatch.sap.rfc.pool import Pool, with_pool
from tests.builders.memory import MemoryClock


class Line:
    """A connection that counts itself."""

    def __init__(self, made: list["Line"]) -> None:
        self.is_usable = True
        self.is_open = True
        made.append(self)

    def close(self) -> None:
        self.is_open = False


class Kept:
    """A pool and everything it made."""

    def __init__(self, *, kept: int, most: int = 0, wait_seconds: float = 5) -> None:
        self.made: list[Line] = []
        self.clock = MemoryClock()
        self.pool = Pool(
            "[connections.s4]",
            lambda: Line(self.made),
            self.clock,
            kept=kept,
            most=most,
            wait_seconds=wait_seconds,
        )

    @property
    def open(self) -> int:
        return sum(line.is_open for line in self.made)


def test_of_five_threads_two_are_at_work_at_once_and_all_finish() -> None:
    """CO-T61."""
    kept = Kept(kept=2, most=2)
    both_in = threading.Barrier(2, timeout=5)
    inside: list[int] = []
    finished: list[int] = []
    lock = threading.Lock()
    at_work = 0

    def work(number: int) -> None:
        nonlocal at_work
        with kept.pool.taken():
            with lock:
                at_work += 1
                inside.append(at_work)
            if number < 2:
                both_in.wait()
            with lock:
                at_work -= 1
                finished.append(number)

    first = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    rest = [threading.Thread(target=work, args=(n,)) for n in range(2, 5)]
    for thread in first:
        thread.start()
    for thread in rest:
        thread.start()
    for thread in (*first, *rest):
        thread.join(10)
    assert sorted(finished) == [0, 1, 2, 3, 4]
    assert max(inside) == 2
    assert len(kept.made) == 2


def test_who_finds_none_free_in_time_is_told_which_settings_bound_it() -> None:
    """CO-T61."""
    kept = Kept(kept=1, most=1, wait_seconds=0.01)
    with (
        kept.pool.taken(),
        pytest.raises(PoolExhausted, match=r"all 1 connections .*rfc\.peakLimit"),
        kept.pool.taken(),
    ):
        pass
    with kept.pool.taken():
        pass
    assert len(kept.made) == 1


def test_a_pool_that_keeps_none_ends_each_connection() -> None:
    """CO-T62."""
    kept = Kept(kept=0)
    for _ in range(3):
        with kept.pool.taken():
            assert kept.open == 1
        assert kept.open == 0
    assert len(kept.made) == 3


@pytest.mark.parametrize(("seconds", "made"), [(20, 1), (20.1, 2)])
def test_what_lay_idle_for_too_long_is_ended_and_made_anew(seconds: float, made: int) -> None:
    """CO-T63."""
    kept = Kept(kept=1)
    with kept.pool.taken():
        pass
    kept.clock.sleep(seconds)
    with kept.pool.taken() as line:
        assert line.is_open
    assert len(kept.made) == made
    assert kept.open == 1


def test_without_a_bound_as_many_connections_are_made_as_are_in_use() -> None:
    kept = Kept(kept=1)
    with kept.pool.taken(), kept.pool.taken(), kept.pool.taken():
        assert kept.open == 3
    assert kept.open == 1


def test_a_connection_that_broke_is_kept_for_nobody() -> None:
    kept = Kept(kept=1)
    with kept.pool.taken() as line:
        line.is_usable = False
    with kept.pool.taken() as other:
        assert other is not line
    assert not line.is_open


def test_a_connection_that_cannot_be_made_takes_no_place() -> None:
    def refused() -> Line:
        raise OSError("refused")

    pool = Pool("s4", refused, MemoryClock(), kept=1, most=1, wait_seconds=0.01)
    for _ in range(2):
        with pytest.raises(OSError, match="refused"), pool.taken():
            pass


def test_a_closed_pool_ends_what_is_given_back_to_it() -> None:
    kept = Kept(kept=2)
    with kept.pool.taken(), kept.pool.taken():
        kept.pool.close()
        assert kept.open == 2
    assert kept.open == 0


def connection(rfc: Rfc, **limits: Any) -> Connection:
    return Connection(url="https://sap", auth=NoAuth(), rfc=rfc, limits=Limits(**limits))


@pytest.mark.parametrize(
    ("rfc", "limits", "parallel", "idle"),
    [
        (Rfc(), {"parallel": 4}, 4, None),
        (Rfc(peak_limit=2), {"parallel": 4}, 2, None),
        (Rfc(peak_limit="8"), {"parallel": 4}, 4, None),
        (Rfc(pool_capacity=0), {"parallel": 4}, 4, 0),
        (Rfc(pool_capacity="3", peak_limit=2), {"parallel": 4}, 2, 2),
        (Rfc(peak_limit=2), {"parallel": 4, "idle": 4}, 2, 2),
    ],
)
def test_over_soap_the_same_settings_bound_the_session(
    rfc: Rfc, limits: dict[str, int], parallel: int, idle: int | None
) -> None:
    found = with_pool(connection(rfc, **limits)).limits
    assert (found.parallel, found.idle) == (parallel, idle)


def test_a_connection_without_rfc_is_as_it_was() -> None:
    plain = Connection(url="https://sap", auth=NoAuth())
    assert with_pool(plain) is plain


@pytest.mark.parametrize(
    ("rfc", "kept"),
    [
        (Rfc(), 1),
        (Rfc(pool_capacity="5"), 5),
        (Rfc(pool_capacity=5, peak_limit=3), 3),
        (Rfc(pool_capacity=0, peak_limit=3), 0),
    ],
)
def test_never_are_more_kept_than_there_may_be(rfc: Rfc, kept: int) -> None:
    assert rfc.kept == kept
