"""Best pairing of rows and columns: exact, in integers, and the only optimum there is."""

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush

Scores = Mapping[tuple[int, int], int]  # (row, column) -> a score above zero; absent: never paired
_Gains = dict[int, dict[int, int]]  # row -> column -> score, both in ascending order


def best_pairs(scores: Scores) -> dict[int, int]:
    """The pairing with the highest sum of scores, row -> column; rows may stay alone (MA-P56).

    Of several equal sums the one wins whose first rows take the first columns, so the result does
    not depend on the order of the input.
    """
    gains: _Gains = {}
    for (row, column), score in sorted(scores.items()):
        gains.setdefault(row, {})[column] = score
    clear = _undisputed(gains)
    if clear is not None:
        return clear
    pairs: dict[int, int] = {}
    for component in _components(gains):
        clear = _undisputed(component)
        pairs.update(_Pairing(component).solve() if clear is None else clear)
    return dict(sorted(pairs.items()))


def _undisputed(gains: _Gains) -> dict[int, int] | None:
    """Every row's best column, where each has one that no other row has for its best."""
    pairs: dict[int, int] = {}
    for row, columns in gains.items():
        best = max(columns.values())
        wanted = [column for column, score in columns.items() if score == best]
        if len(wanted) > 1:
            return None
        pairs[row] = wanted[0]
    return pairs if len(set(pairs.values())) == len(pairs) else None


def _components(gains: _Gains) -> Iterator[_Gains]:
    """Groups of rows that share columns; each is a problem of its own."""
    group_of: dict[int, int] = {}  # column -> first row of its group
    groups: dict[int, list[int]] = {}
    for row, columns in gains.items():
        linked = {group_of[column] for column in columns if column in group_of}
        first = min(linked, default=row)
        members = sorted(other for group in linked for other in groups.pop(group))
        groups[first] = [*members, row]
        group_of.update(dict.fromkeys(columns, first))
        for other in members if len(linked) > 1 else ():
            group_of.update(dict.fromkeys(gains[other], first))
    for rows in groups.values():
        yield {row: gains[row] for row in rows}


class _Pairing:
    """Shortest augmenting paths with column prices (Jonker and Volgenant), O(rows² x columns).

    Each row has a place of its own, `~row`, where it is alone: that gains nothing and has no price.
    A row's `due` is the most that any place leaves it after the place's price. Every pairing of the
    highest sum uses only tight pairs, which leave exactly the due, and leaves only places without
    a price free.
    """

    def __init__(self, gains: _Gains) -> None:
        self.gains = gains
        self.due: dict[int, int] = {}
        self.price = {column: 0 for columns in gains.values() for column in columns}
        self.owner: dict[int, int] = {}  # place -> row
        self.taken: dict[int, int] = {}  # row -> place
        self.tight: dict[int, list[int]] = {}
        self.unpriced: list[int] = []

    def solve(self) -> dict[int, int]:
        for row in self.gains:
            self._enter(row)
        self.tight = {row: self._tight(row) for row in self.gains}
        self.unpriced = [column for column, price in self.price.items() if not price]
        self.unpriced += [~row for row in self.gains]
        for row in self.gains:
            self._prefer(row)
        return {row: place for row, place in self.taken.items() if place >= 0}

    def _enter(self, row: int) -> None:
        """Give the row a place, moving others where that gains more than it loses."""
        price = self.price
        left = [score - price[column] for column, score in self.gains[row].items()]
        self.due[row] = due = max(0, *left)
        best = (c for c, gain in zip(self.gains[row], left, strict=True) if gain == due)
        column = next((c for c in best if c not in self.owner), None)
        if column is None:
            self._augment(row)
        else:
            self.owner[column], self.taken[row] = row, column

    def _augment(self, row: int) -> None:
        """Move rows along the cheapest path to a free place."""
        came: dict[int, int] = {}  # column -> the row from which the path enters it
        at = {row: 0}  # row -> length of the path to it
        far: dict[int, int] = {}  # place -> length of the path to it
        heap: list[tuple[int, bool, int, int]] = []
        nearest = self._look(row, 0, self.due[row] + 1, far, heap)
        while True:
            length, held, place, mover = heappop(heap)
            if not held:
                break
            if place not in came:
                came[place] = mover
                holder = self.owner[place]
                at[holder] = length
                nearest = self._look(holder, length, nearest, far, heap)
        for reached, distance in at.items():
            self.due[reached] -= length - distance
        for passed in came:
            self.price[passed] += length - far[passed]
        self._move(row, mover, place, came)

    def _look(
        self,
        row: int,
        start: int,
        nearest: int,
        far: dict[int, int],
        heap: list[tuple[int, bool, int, int]],
    ) -> int:
        """Lengthen the path by one row, to the places that are nearer than any free one known.

        Returns how far the nearest free place is now.
        """
        base = start + self.due[row]
        price, owner = self.price, self.owner
        if base < nearest:
            nearest = base
            heappush(heap, (base, False, ~row, row))
        for column, score in self.gains[row].items():
            length = base - score + price[column]
            if length < nearest and length < far.get(column, nearest):
                far[column] = length
                held = column in owner
                heappush(heap, (length, held, column, row))
                nearest = nearest if held else length
        return nearest

    def _move(self, first: int, mover: int, place: int, came: Mapping[int, int]) -> None:
        """Hand the places on along the path, from its end to its first row."""
        while True:
            before = self.taken.get(mover)
            self.owner[place], self.taken[mover] = mover, place
            if before is None or mover == first:
                return
            place, mover = before, came[before]

    def _tight(self, row: int) -> list[int]:
        """Tight places, columns first and in ascending order."""
        due, price = self.due[row], self.price
        tight = [c for c, score in self.gains[row].items() if score - price[c] == due]
        return tight if due else [*tight, ~row]

    def _prefer(self, row: int) -> None:
        """Move the row to the first tight place that leaves the sum as it is, and fix it there."""
        mine = self.taken[row]
        tight, self.tight[row] = self.tight[row], []  # it moves now or never
        came: dict[int, int] = {}
        for place in tight:
            if place == mine:
                return
            if place not in came and self._leads(place, mine, came):
                self._shift(row, mine, came)
                return

    def _leads(self, start: int, end: int, came: dict[int, int]) -> bool:
        """Whether the holders can move on, from the start until the end is taken or may be free.

        `came` tells for every place found from which one its new holder comes. For a free place
        that is taken, any other without a price may become free.
        """
        came[start] = start
        waiting = [start]
        for place in waiting:  # grows while it is walked
            holder = self.owner.get(place)
            for other in self.unpriced if holder is None else self.tight[holder]:
                if other not in came:
                    came[other] = place
                    waiting.append(other)
            if end in came:
                return True
        return False

    def _shift(self, row: int, end: int, came: Mapping[int, int]) -> None:
        """Everybody on the way moves one place on, beginning with the row."""
        way = [end]
        while came[way[-1]] != way[-1]:
            way.append(came[way[-1]])
        mover: int | None = row
        for place in reversed(way):
            displaced = self.owner.pop(place, None)
            if mover is not None:
                self.owner[place], self.taken[mover] = mover, place
            mover = displaced
