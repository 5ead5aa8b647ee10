"""Best pairing of rows and columns: exact, in integers, and the only optimum there is."""

from collections.abc import Iterator, Mapping

Scores = Mapping[tuple[int, int], int]  # (row, column) -> a score above zero; absent: never paired


def best_pairs(scores: Scores) -> dict[int, int]:
    """The pairing with the highest sum of scores, row -> column; rows may stay alone (MA-P56).

    Of several equal sums the one wins whose first rows take the first columns, so the result does
    not depend on the order of the input.
    """
    pairs: dict[int, int] = {}
    for component in _components(scores):
        pairs.update(_solve(component, scores))
    return pairs


def _components(scores: Scores) -> Iterator[set[tuple[int, int]]]:
    """Groups of pairs that share rows or columns; each is a problem of its own."""
    by_row: dict[int, set[int]] = {}
    by_column: dict[int, set[int]] = {}
    for row, column in scores:
        by_row.setdefault(row, set()).add(column)
        by_column.setdefault(column, set()).add(row)
    seen: set[int] = set()
    for start in sorted(by_row):
        if start in seen:
            continue
        rows, waiting = {start}, [start]
        while waiting:
            linked = {r for column in by_row[waiting.pop()] for r in by_column[column]}
            waiting += sorted(linked - rows)
            rows |= linked
        seen |= rows
        yield {(row, column) for row in rows for column in by_row[row]}


def _solve(pairs: set[tuple[int, int]], scores: Scores) -> dict[int, int]:
    rows = sorted({row for row, _ in pairs})
    columns = sorted({column for _, column in pairs})
    # Behind the real columns stands one place per row where it is alone: that costs nothing.
    never = sum(scores[pair] for pair in pairs) + 1
    costs = []
    for place, row in enumerate(rows):
        real = [-scores[row, c] if (row, c) in pairs else never for c in columns]
        costs.append(real + [0 if other == place else never for other in range(len(rows))])
    taken = cheapest(costs)
    return {rows[n]: columns[c] for n, c in enumerate(taken) if c < len(columns)}


def cheapest(costs: list[list[int]]) -> list[int]:
    """Column of each row at the lowest total cost; at least as many columns as rows.

    Shortest augmenting paths with column prices (Jonker and Volgenant), O(rows² x columns), then
    among the assignments of that cost the first in alphabetical order.
    """
    prices = [0] * len(costs[0])
    owner: list[int | None] = [None] * len(costs[0])
    for row in range(len(costs)):
        _augment(costs, row, prices, owner)
    taken = _columns(owner)
    locked: set[int] = set()
    for row in range(len(costs)):
        _prefer(costs, row, prices, owner, taken, locked)
        locked.add(taken[row])
    return [taken[row] for row in range(len(costs))]


def _augment(costs: list[list[int]], row: int, prices: list[int], owner: list[int | None]) -> None:
    """Give the row a column, moving others along the cheapest path to a free one."""
    path = [cost - price for cost, price in zip(costs[row], prices, strict=True)]
    before = [row] * len(prices)  # the row from which the cheapest path enters a column
    waiting = set(range(len(prices)))
    scanned = []
    while True:
        least = min(path[c] for c in waiting)
        nearest = [c for c in waiting if path[c] == least]
        free = [c for c in nearest if owner[c] is None]
        if free:
            column = min(free)
            break
        waiting.difference_update(nearest)
        scanned += nearest
        for reached in nearest:
            holder = owner[reached]
            assert holder is not None
            line, base = costs[holder], least - costs[holder][reached] + prices[reached]
            for other in waiting:
                length = line[other] - prices[other] + base
                if length < path[other]:
                    path[other], before[other] = length, holder
    for passed in scanned:
        prices[passed] += path[passed] - path[column]
    taken = _columns(owner)
    while before[column] != row:
        mover = before[column]
        owner[column], column = mover, taken[mover]
    owner[column] = row


def _prefer(
    costs: list[list[int]],
    row: int,
    prices: list[int],
    owner: list[int | None],
    taken: dict[int, int],
    locked: set[int],
) -> None:
    """Move the row to the first column that leaves the total cost as it is.

    Every assignment of the lowest cost uses tight pairs only (cost = row's due + column's price)
    and leaves only columns without a price free, so it is enough to look along those.
    """
    mine = taken[row]
    wanted = [c for c in _tight(costs, row, prices, mine) if c < mine and c not in locked]
    if not wanted:
        return
    onward = _ways(costs, prices, owner, taken, locked, mine)
    column = next((c for c in wanted if c in onward), mine)
    mover: int | None = row
    while column != mine:
        displaced = owner[column]
        _put(mover, column, owner, taken)
        mover, column = displaced, onward[column]
    _put(mover, mine, owner, taken)


def _put(row: int | None, column: int, owner: list[int | None], taken: dict[int, int]) -> None:
    owner[column] = row
    if row is not None:
        taken[row] = column


def _ways(
    costs: list[list[int]],
    prices: list[int],
    owner: list[int | None],
    taken: dict[int, int],
    locked: set[int],
    end: int,
) -> dict[int, int]:
    """Column -> where its holder could move, for all columns from which the end can be reached.

    A free column counts as held by nobody in particular, who could hold any column without a price.
    """
    enters: dict[int, list[int]] = {}
    for row, column in taken.items():
        if column not in locked:
            for other in _tight(costs, row, prices, column):
                enters.setdefault(other, []).append(column)
    free = [column for column, row in enumerate(owner) if row is None]
    without_price = {column for column, price in enumerate(prices) if not price}
    onward = {end: end}
    waiting = [end]
    for column in waiting:  # grows while it is walked
        for other in (*enters.get(column, ()), *(free if column in without_price else ())):
            if other not in onward:
                onward[other] = column
                waiting.append(other)
    return onward


def _tight(costs: list[list[int]], row: int, prices: list[int], column: int) -> list[int]:
    due = costs[row][column] - prices[column]
    return [c for c, cost in enumerate(costs[row]) if cost - prices[c] == due]


def _columns(owner: list[int | None]) -> dict[int, int]:
    return {row: column for column, row in enumerate(owner) if row is not None}
