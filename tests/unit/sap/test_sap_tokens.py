"""How long a token is used, and that one call fetches it for everybody."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from sapmatch.model.access import Access
from sapmatch.model.errors import LogonRefused, SapUnavailable
from sapmatch.sap.auth.tokens import KEYS, LONGEST, REFUSED_FOR, AccessCache, usable_until
from tests.builders.memory import START, MemoryClock

CALLERS = 50


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        ("3600", 3240),
        (3600, 3240),
        (3600.0, 3240),
        (" 3600 ", 3240),
        (300, 240),
        (None, 240),  # missing: 300 seconds
        ("", 240),
        ("soon", 240),
        ("1e3", 240),
        ("٣٦٠٠", 240),
        (True, 240),
        ([3600], 240),
        ("9" * 5000, 240),
        (600, 540),
        ("0", -60),
        (-5, -60),
        ("-5", -60),
        (10**15, LONGEST * 0.9),
    ],
)
def test_a_token_is_used_until_a_minute_or_a_tenth_before_its_end(
    expires_in: object, seconds: float
) -> None:
    """CO-T4: expires_in as string, number, missing, "0", and worse."""
    assert usable_until(START, expires_in) == START + timedelta(seconds=seconds)


class Tokens:
    """Counts who is asked for access; by default each is good for an hour."""

    def __init__(self, clock: MemoryClock, expires_in: object = 3600) -> None:
        self.clock = clock
        self.expires_in = expires_in
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self) -> Access:
        with self._lock:
            self.calls += 1
            number = self.calls
        until = usable_until(self.clock.now(), self.expires_in)
        return Access(headers={"Authorization": f"Bearer {number}"}, usable_until=until)


def test_a_token_with_thirty_seconds_left_is_not_used() -> None:
    """CO-T5."""
    clock = MemoryClock()
    tokens, cache = Tokens(clock), AccessCache(clock)
    first = cache.get("key", tokens)
    clock.sleep(3239)
    assert cache.get("key", tokens) is first
    clock.sleep(331)
    assert cache.get("key", tokens) is not first
    assert tokens.calls == 2


def test_a_token_that_is_over_at_once_serves_the_request_it_was_fetched_for() -> None:
    clock = MemoryClock()
    tokens, cache = Tokens(clock, "0"), AccessCache(clock)
    assert cache.get("key", tokens).headers == {"Authorization": "Bearer 1"}
    assert cache.get("key", tokens).headers == {"Authorization": "Bearer 2"}


def at_once(call: Callable[[], object]) -> list[object]:
    """What 50 threads got, the errors among it."""

    def outcome(_: int) -> object:
        try:
            return call()
        except (LogonRefused, SapUnavailable) as exc:
            return exc

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(outcome, range(CALLERS), timeout=20))


class Slow:
    """Answers only when the threads that wait for it had time to gather."""

    def __init__(self, answer: Callable[[], Access]) -> None:
        self._answer = answer
        self.calls = 0

    def __call__(self) -> Access:
        self.calls += 1
        threading.Event().wait(0.2)
        return self._answer()


def test_fifty_callers_at_once_make_one_call() -> None:
    clock = MemoryClock()
    tokens = Slow(Tokens(clock))
    cache = AccessCache(clock)
    assert {str(id(each)) for each in at_once(lambda: cache.get("key", tokens))} == {
        str(id(cache.get("key", tokens)))
    }
    assert tokens.calls == 1


def test_access_for_one_request_is_shared_by_nobody_who_waited_for_it() -> None:
    """CO-T6: SAP takes a SAML assertion of a destination but once."""
    lock, made = threading.Lock(), iter(range(CALLERS))

    def once() -> Access:
        with lock:
            return Access(headers={"Authorization": f"SAML2.0 {next(made)}"})

    cache, slow = AccessCache(MemoryClock()), Slow(once)
    outcomes = at_once(lambda: cache.get("key", slow))
    shown = {each.headers["Authorization"] for each in outcomes if isinstance(each, Access)}
    assert len(shown) == CALLERS


def raising(error: Exception) -> Callable[[], Access]:
    def call() -> Access:
        raise error

    return call


def test_fifty_callers_share_one_refusal_and_nobody_asks_again() -> None:
    clock = MemoryClock()
    cache = AccessCache(clock)
    refused = Slow(raising(LogonRefused("wrong client", "token")))
    outcomes = at_once(lambda: cache.get("key", refused))
    assert {(type(each), str(each)) for each in outcomes} == {(LogonRefused, "wrong client")}
    with pytest.raises(LogonRefused, match="wrong client") as caught:
        cache.get("key", Tokens(clock))
    assert caught.value.reason == "token"
    assert refused.calls == 1


def test_a_refusal_may_be_mended_after_a_minute() -> None:
    clock = MemoryClock()
    cache = AccessCache(clock)
    with pytest.raises(LogonRefused):
        cache.get("key", raising(LogonRefused("wrong client", "token")))
    clock.time += REFUSED_FOR
    assert cache.get("key", Tokens(clock)).headers == {"Authorization": "Bearer 1"}


def test_what_the_guard_stopped_is_asked_for_again_as_somebody_may_release_it() -> None:
    clock = MemoryClock()
    cache = AccessCache(clock)
    with pytest.raises(LogonRefused):
        cache.get("key", raising(LogonRefused("refused twice", "stopped")))
    assert cache.get("key", Tokens(clock))


def test_the_call_after_a_failure_asks_again() -> None:
    clock = MemoryClock()
    cache = AccessCache(clock)
    down = Slow(raising(SapUnavailable("no answer")))
    outcomes = at_once(lambda: cache.get("key", down))
    assert {type(each) for each in outcomes} == {SapUnavailable}
    assert down.calls == 1
    assert cache.get("key", Tokens(clock)).headers == {"Authorization": "Bearer 1"}


def test_access_for_one_request_is_never_kept_or_shared() -> None:
    """A SAML assertion that is itself the access: each request has its own."""
    cache = AccessCache(MemoryClock())
    lock = threading.Lock()
    made: list[Access] = []

    def once() -> Access:
        with lock:
            made.append(Access(headers={"Authorization": f"SAML2.0 {len(made)}"}))
            return made[-1]

    got = at_once(lambda: cache.get("key", once))
    assert len({id(each) for each in got}) == len(made) == CALLERS


def test_each_key_has_a_token_of_its_own() -> None:
    """CO-T6: two users of one destination never share a token."""
    clock = MemoryClock()
    tokens, cache = Tokens(clock), AccessCache(clock)
    keys = [("btp-destination", tenant, user) for tenant in ("t1", "t2") for user in "AB"]
    assert len({cache.get(key, tokens).headers["Authorization"] for key in keys}) == len(keys)
    assert tokens.calls == len(keys)


def test_only_so_many_keys_are_kept_and_the_one_unused_for_longest_goes() -> None:
    clock = MemoryClock()
    tokens, cache = Tokens(clock), AccessCache(clock)
    for key in range(KEYS):
        cache.get(key, tokens)
    cache.get(0, tokens)
    cache.get("one more", tokens)
    assert tokens.calls == KEYS + 1
    cache.get(0, tokens)
    assert tokens.calls == KEYS + 1
    cache.get(1, tokens)
    assert tokens.calls == KEYS + 2


def test_only_the_token_that_was_refused_is_dropped() -> None:
    clock = MemoryClock()
    tokens, cache = Tokens(clock), AccessCache(clock)
    first = cache.get("key", tokens)
    cache.drop("key", first)
    second = cache.get("key", tokens)
    cache.drop("key", first)  # by a thread that comes late
    assert cache.get("key", tokens) is second
    assert tokens.calls == 2


def test_an_interrupted_call_leaves_nobody_waiting() -> None:
    clock = MemoryClock()
    cache = AccessCache(clock)

    def interrupted() -> Access:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.get("key", interrupted)
    assert cache.get("key", Tokens(clock)).headers == {"Authorization": "Bearer 1"}
