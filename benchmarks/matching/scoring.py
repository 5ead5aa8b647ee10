"""Is a decision right? By state, by order, by order item, and as an automatic posting."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from benchmarks.matching.deciding import Decided
from benchmarks.matching.paper import Place
from sapmatch.model.match import POSTABLE, Decision


class Score(Struct, kw_only=True):
    """Counts over some decisions; `linked` of those whose truth names orders, `placed` of lines."""

    decided: int = 0
    states: int = 0
    causes: int = 0
    named_causes: int = 0
    with_orders: int = 0
    linked: int = 0
    with_items: int = 0
    placed: int = 0
    automatic: int = 0
    automatic_right: int = 0
    postable: int = 0

    @property
    def right_state(self) -> float:
        """Share of decisions whose state is right."""
        return _share(self.states, self.decided)

    @property
    def right_cause(self) -> float:
        """Share of right causes where the truth names one and the state is right."""
        return _share(self.causes, self.named_causes)

    @property
    def right_order(self) -> float:
        """Share of invoices with a place whose orders are right, automatic or proposed."""
        return _share(self.linked, self.with_orders)

    @property
    def right_item(self) -> float:
        """Share of lines with a place that are on their order items, of decisions that place."""
        return _share(self.placed, self.with_items)

    @property
    def precision(self) -> float:
        """Share of automatic postings with right orders and items that had to be posted."""
        return _share(self.automatic_right, self.automatic)

    @property
    def recall(self) -> float:
        """Share of what may be posted that is, and rightly."""
        return _share(self.automatic_right, self.postable)

    @property
    def review(self) -> float:
        """Share of all invoices that are not posted by themselves."""
        return 1 - _share(self.automatic, self.decided)

    def add(self, one: Decided) -> None:
        """Count one decision."""
        right, decision = one.sample.truth, one.decision
        self.decided += 1
        self.states += decision.state in right.states
        if right.cause and decision.state in right.states:
            self.named_causes += 1
            self.causes += decision.cause == right.cause
        if right.orders and right.linkable:
            self.with_orders += 1
            self.linked += proposed(decision) == set(right.orders)
        found = items(decision)
        if right.items and found:
            self.with_items += len(right.items)
            self.placed += sum(found.get(line) == there for line, there in right.items.items())
        self.postable += is_postable(one)
        if decision.state in POSTABLE:
            self.automatic += 1
            self.automatic_right += not is_wrong(one)


def counted(decided: Iterable[Decided]) -> Score:
    """The score of these decisions."""
    score = Score()
    for one in decided:
        score.add(one)
    return score


def by_kind(decided: Sequence[Decided]) -> dict[str, Score]:
    """The score of every kind, in the order of their names."""
    kinds = sorted({one.sample.kind for one in decided})
    return {kind: counted(d for d in decided if d.sample.kind == kind) for kind in kinds}


def proposed(decision: Decision) -> set[str]:
    """The orders of the decision, or of its best candidate where it has none."""
    if decision.orders or not decision.candidates:
        return set(decision.orders)
    return set(decision.candidates[0].split("+"))


def items(decision: Decision) -> dict[str, tuple[Place, ...]]:
    """Order items by line."""
    return {
        line.line: tuple(sorted({(share.order, share.item) for share in line.shares}))
        for line in decision.lines
    }


def is_postable(one: Decided) -> bool:
    """Whether the truth allows a posting without a person."""
    return one.sample.truth.states[0] in POSTABLE


def is_wrong(one: Decided) -> bool:
    """Whether a posting without a person would be wrong: by state, order or item."""
    right, decision = one.sample.truth, one.decision
    if decision.state not in POSTABLE:
        return False
    allowed = POSTABLE.intersection(right.states)
    there = set(decision.orders) == set(right.orders) and items(decision) == right.items
    return not (allowed and there)


def wrong_ones(decided: Iterable[Decided]) -> Iterator[str]:
    """Every wrong automatic posting, one line each."""
    for sample, decision in filter(is_wrong, decided):
        right = sample.truth
        yield (
            f"{sample.id} {sample.kind}: {decision.state} on {'+'.join(decision.orders)}, right is "
            f"{'/'.join(right.states)} on {'+'.join(right.orders) or 'nothing'}; lines "
            f"{items(decision)}, right are {right.items}; score {decision.score}, second "
            f"{decision.runner_up}"
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
