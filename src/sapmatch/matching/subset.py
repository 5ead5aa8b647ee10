"""Which of some open values make up a total: exact, in integers, within a budget of operations."""

from collections.abc import Sequence
from math import comb
from typing import Literal

from msgspec import Struct

BUDGET = 100_000  # sums that are formed before the search gives up (MA-P59)
_LUCK = 100  # a hit proves something where chance makes it less often than once in so many cases

_Sums = dict[int, tuple[int, int]]  # sum -> ways to make it (two stand for many), bits of the first


class Subset(Struct, frozen=True, kw_only=True):
    """What was found; `chosen` are places in the list of values, ascending.

    `several`: more than one set makes the total, or so many sets were possible that one of them
    had to be expected by chance. `steps` is the same on every machine.
    """

    kind: Literal["found", "none", "several", "gave up"]
    chosen: tuple[int, ...] = ()
    steps: int = 0


def subset_of(values: Sequence[int], total: int, budget: int = BUDGET) -> Subset:
    """The one set of values (minor units, above zero) whose sum is the total.

    Both halves of the values are summed up in all ways and then put together, so twice the budget
    buys four more values. The budget counts sums, never time.
    """
    usable = sorted((value, n) for n, value in enumerate(values) if 0 < value <= total)
    if sum(value for value, _ in usable) < total or total <= 0:
        return Subset(kind="none")
    left, steps = _sums(usable[::2], total, budget)
    right, more = _sums(usable[1::2], total, budget - steps)
    steps += more
    if left is None or right is None:
        return Subset(kind="gave up", steps=steps)
    ways, first = _meeting(left, right, total)
    if ways != 1:
        return Subset(kind="several" if ways else "none", steps=steps)
    chosen = sorted(_marked(usable[::2], first[0]) + _marked(usable[1::2], first[1]))
    if _by_chance(len(usable), len(chosen), total):
        return Subset(kind="several", steps=steps)
    return Subset(kind="found", chosen=tuple(chosen), steps=steps)


def _sums(values: Sequence[tuple[int, int]], total: int, budget: int) -> tuple[_Sums | None, int]:
    """Every sum up to the total, or None where the budget does not reach; and the steps taken."""
    sums: _Sums = {0: (1, 0)}
    steps = 0
    for bit, (value, _) in enumerate(values):
        steps += len(sums)
        if steps > budget:
            return None, budget
        for made, (ways, marks) in list(sums.items()):
            if made + value <= total:
                known, first = sums.get(made + value, (0, marks | 1 << bit))
                sums[made + value] = (min(known + ways, 2), first)
    return sums, steps


def _meeting(left: _Sums, right: _Sums, total: int) -> tuple[int, tuple[int, int]]:
    """In how many ways a sum of each half makes the total, and the bits of one of them."""
    ways, marks = 0, (0, 0)
    for made, (count, bits) in left.items():
        if total - made in right:
            others, rest = right[total - made]
            ways, marks = ways + count * others, (bits, rest)
    return ways, marks


def _marked(values: Sequence[tuple[int, int]], bits: int) -> list[int]:
    return [n for bit, (_, n) in enumerate(values) if bits >> bit & 1]


def _by_chance(values: int, chosen: int, total: int) -> bool:
    """Whether so many sets are no larger, or leave out no more, that one would hit by chance.

    Their sums lie between nothing and about the total, so each hits it once in `total` cases.
    """
    simple = min(chosen, values - chosen)
    return sum(comb(values, size) for size in range(simple + 1)) * _LUCK > total
