"""Weights of evidence as a versioned table, and what a score says as a probability.

Weights are tenths of log2(m/u), the likelihood ratio of Fellegi and Sunter; weights.toml gives the
counts or the reasoning. All of it is integer arithmetic.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.levels import IDENTITY_LEVELS, LARGEST_WEIGHT

_TABLE = Path(__file__).with_name("weights.toml")
_CERTAIN = 600  # tenths of a bit; more is no surer
# 2^(n/10) for n from 0 to 9, times 2^20, rounded.
_TENTHS = (1048576, 1123836, 1204498, 1290948, 1383604, 1482910, 1589344, 1703417, 1825677, 1956712)
_SHARED_MOST = 80  # tenths of a bit that a shared value loses at most


class Shares(Struct, frozen=True):
    """Of ten million invoices each: `m` show the level with their right order, `u` with another."""

    m: int
    u: int


class Weights(Struct, frozen=True, kw_only=True):
    """A table of weights; from `accept` on, and `margin` ahead of the second, nobody is asked.

    `fields` are the comparison levels of each field with what they were estimated from.
    """

    version: str
    accept: int
    margin: int
    levels: Mapping[str, int]
    fields: Mapping[str, Mapping[str, Shares]]

    def __getitem__(self, level: str) -> int:
        """Weight of a comparison level."""
        return self.levels[level]


def weights_of(learned: Mapping[str, int]) -> Weights:
    """The shipped table, with the levels that the settings give instead.

    Raises InputRejected for a level that is none, and for a weight out of bounds.
    """
    return _merged(tuple(sorted(learned.items())))


def confidence(scores: Iterable[int]) -> int:
    """Probability of the best of these scores, in per mille: the others, or no order, may be right.

    Each score is the logarithm of the odds against no order at all.
    """
    powers = sorted((_power(score) for score in scores), reverse=True)
    return 1000 * powers[0] // (sum(powers) + _power(0)) if powers else 0


def shared(hits: int, usual: int) -> int:
    """What a value loses that more orders have than usual: a bit each time their number doubles.

    Of how many other orders there are it knows nothing (MA-P57).
    """
    return -min(10 * (max(hits // usual, 1).bit_length() - 1), _SHARED_MOST)


@lru_cache(16)
def _merged(learned: tuple[tuple[str, int], ...]) -> Weights:
    shipped = _shipped()
    if not learned:
        return shipped
    for level, weight in learned:
        if level not in IDENTITY_LEVELS or abs(weight) > LARGEST_WEIGHT:
            raise InputRejected(
                f"matching.weights.{level}: is no comparison level with a weight of at most "
                f"{LARGEST_WEIGHT} tenths of a bit; write it as `sapmatch learn` prints it"
            )
    digest = hashlib.sha256(repr(learned).encode()).hexdigest()[:12]
    return replace(
        shipped,
        version=f"{shipped.version}+{digest}",
        levels={**shipped.levels, **dict(learned)},
    )


@lru_cache(1)
def _shipped() -> Weights:
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    settings = {name: table.pop(name) for name in ("version", "accept", "margin")}
    levels: dict[str, int] = table.pop("fixed")
    fields = {
        field: {level: Shares(**shares) for level, shares in found.items()}
        for field, found in table.items()
    }
    for found in fields.values():
        levels |= {level: tenths(shares) for level, shares in found.items()}
    return Weights(levels=levels, fields=fields, **settings)


def tenths(shares: Shares) -> int:
    """10 log2(m/u), rounded: how often 2 goes into (m/u)^20, halved."""
    over, under = sorted((shares.m, shares.u), reverse=True)
    twentieths = (over**20 // under**20).bit_length() - 1
    return (twentieths + 1) // 2 * (1 if shares.m >= shares.u else -1)


def _power(score: int) -> int:
    """2^(score/10) as a whole number of 2^-80."""
    whole, tenth = divmod(max(-_CERTAIN, min(score, _CERTAIN)), 10)
    return _TENTHS[tenth] << (whole + _CERTAIN // 10)
