"""When SAP is left in peace, and who tries first."""

import pytest

from sapmatch.model.errors import SapUnavailable
from sapmatch.sap.breaker import Breaker
from tests.builders.memory import MemoryClock


def opened(clock: MemoryClock) -> Breaker:
    breaker = Breaker("[connections.s4]", 2, 30, clock)
    for _ in range(2):
        breaker.admit()
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row_and_says_for_how_long() -> None:
    with pytest.raises(SapUnavailable, match=r"did not answer 2 times in a row; .* another 30 s"):
        opened(MemoryClock()).check()


def test_an_answer_between_failures_keeps_it_closed() -> None:
    breaker = Breaker("[connections.s4]", 2, 30, MemoryClock())
    for _ in range(3):
        breaker.failed()
        breaker.answered()
    breaker.admit()


def test_when_its_time_is_over_one_call_tries_and_the_others_wait_on() -> None:
    clock = MemoryClock()
    breaker = opened(clock)
    clock.sleep(30)
    breaker.check()
    breaker.check()
    breaker.admit()
    for wait in (breaker.check, breaker.admit):
        with pytest.raises(SapUnavailable):
            wait()


@pytest.mark.parametrize("answered", [True, False])
def test_the_call_that_tries_decides_for_all(answered: bool) -> None:
    clock = MemoryClock()
    breaker = opened(clock)
    clock.sleep(30)
    breaker.admit()
    if answered:
        breaker.answered()
        breaker.admit()
    else:
        clock.sleep(29)
        breaker.failed()
        clock.sleep(2)
        with pytest.raises(SapUnavailable, match="another 28 s"):
            breaker.admit()
