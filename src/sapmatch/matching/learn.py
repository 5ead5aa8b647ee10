"""Weights out of confirmed decisions: counted offline, never while invoices are decided."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from sapmatch.matching.weights import Shares, Weights, tenths
from sapmatch.model.errors import InputRejected
from sapmatch.model.match import Ranked

LEAST_CASES = 200  # confirmed decisions; fewer say too little about levels that are rare
_WHOLE = 10_000_000  # of which Shares are parts
_WORTH = 50  # confirmed cases that the shipped estimate counts as
_FARTHEST = 60  # tenths of a bit from the shipped weight: more is an error of the cases


class Confirmed(Struct, frozen=True, kw_only=True):
    """A decision as `match --json` prints it, with the orders that are right; none are: empty."""

    document: str = ""
    part: int | None = None
    ranked: tuple[Ranked, ...] = ()
    confirmed: tuple[str, ...] | None = None  # null: nobody confirmed it


class Counted(Struct, frozen=True, kw_only=True):
    """A level: `hits` of the `cases` in which its field was compared with the right orders."""

    level: str
    weight: int
    before: int
    hits: int
    cases: int


class Learned(Struct, frozen=True, kw_only=True):
    """The levels that were seen, from how many confirmed decisions."""

    cases: int
    counted: tuple[Counted, ...]


def learn(decisions: Iterable[Confirmed], shipped: Weights) -> Learned:
    """Shares m of every level with the right orders, as if the shipped estimate were more cases.

    The shares u with other orders stay as shipped: the candidates of a decision are no fair sample
    of other orders, since they were found by what they have in common with the invoice. A document
    counts once. Raises InputRejected where there are too few cases, or none with a known level.
    """
    right: Counter[str] = Counter()
    cases = 0
    for decision in _once(decisions):
        for one in decision.ranked:
            if _is_right(one, decision):
                right.update({e.name for e in one.evidence})
                cases += 1
    if cases < LEAST_CASES:
        raise InputRejected(
            f"{cases} confirmed decisions show the right orders among their candidates, and "
            f"{LEAST_CASES} are needed: confirm more, or keep the shipped weights"
        )
    counted = tuple(_counted(shipped, right))
    if not counted:
        raise InputRejected(
            f"no level of the {cases} confirmed decisions is one of this version; match the "
            "documents again with `sapmatch match --json`, and confirm these lines"
        )
    return Learned(cases=cases, counted=counted)


def _once(decisions: Iterable[Confirmed]) -> Iterator[Confirmed]:
    """The last decision on each document: one that comes often is no surer for it."""
    named: dict[tuple[str, int | None], Confirmed] = {}
    for decision in decisions:
        if decision.document:
            named[decision.document, decision.part] = decision
        else:
            yield decision
    yield from named.values()


def block(learned: Learned) -> Iterator[str]:
    """The lines of a [matching.weights] block for sapmatch.toml."""
    yield f"# Learned from {learned.cases} confirmed decisions; in tenths of a bit."
    yield "[matching.weights]"
    for one in learned.counted:
        seen = f"{one.hits} of {one.cases} right orders"
        yield f'"{one.level}" = {one.weight}  # {seen}; shipped {one.before}'


def _is_right(one: Ranked, decision: Confirmed) -> bool:
    return decision.confirmed is not None and set(one.orders) == set(decision.confirmed)


def _counted(shipped: Weights, right: Mapping[str, int]) -> Iterator[Counted]:
    """A level that no case shows stays as shipped, and so does a field with one level: whether it
    was there to be compared is not known."""
    for levels in shipped.fields.values():
        cases = sum(right.get(level, 0) for level in levels)
        for level, shares in levels.items():
            hits, before = right.get(level, 0), shipped[level]
            if not hits or len(levels) == 1:
                continue
            weight = tenths(Shares(m=_share(shares.m, hits, cases), u=shares.u))
            bounded = max(before - _FARTHEST, min(weight, before + _FARTHEST))
            yield Counted(level=level, weight=bounded, before=before, hits=hits, cases=cases)


def _share(shipped: int, hits: int, cases: int) -> int:
    """Parts of ten million, with the shipped share for some cases more; never nothing."""
    return max(1, (hits * _WHOLE + _WORTH * shipped) // (cases + _WORTH))
