"""Changes a value that several agree on: read, change, write if nobody else was faster."""

import random
import uuid
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import PreconditionFailed, Throttled
from sapmatch.model.ports import Clock, Control

TRIES = 20  # where several change it at the same moment
_random = random.SystemRandom()


class Agreed(Struct, frozen=True, kw_only=True):
    """A value that several agree on.

    `change` names the change that made it: two that change it alike at the same moment never write
    the same bytes, so that each knows whether it was its own write that counted.
    """

    change: str = ""


T = TypeVar("T", bound=Agreed)


def agree(control: Control, clock: Clock, key: str, blank: T, to: Callable[[T, float], T]) -> T:
    """The value as `to` changes it, given seconds since 1970; `blank` where there is none yet.

    Nothing is written where it stays the same. Throttled where others are always faster.
    """
    for _ in range(TRIES):
        stored = control.read(key)
        before = msgspec.json.decode(stored.value, type=type(blank)) if stored else blank
        after = to(before, clock.now().timestamp())
        if after == before:
            return after
        after = replace(after, change=uuid.uuid4().hex)
        try:
            version = stored.version if stored else 0
            control.write(key, msgspec.json.encode(after), expected=version)
        except PreconditionFailed:  # somebody else was faster
            clock.sleep(_random.uniform(0.0, 0.2))
            continue
        return after
    raise Throttled(f"{key}: too many functions change it at the same moment; try again")
