"""Best pairing of rows and columns: exact, in integers, and the only optimum there is."""

from collections.abc import Iterator, Mapping
from itertools import count

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
    if len(pairs) == 1:
        return dict(pairs)
    # Each row has a place of its own in a number whose digits order the equal optima; behind the
    # real columns stands one dummy column per row: to stay alone costs nothing.
    base = len(columns) + 2
    scale = base ** len(rows)
    dummy = len(columns)
    never = (sum(scores[pair] for pair in pairs) + 1) * scale
    costs = []
    for place, row in enumerate(rows):
        digit = base ** (len(rows) - 1 - place)
        real = [
            -scores[row, column] * scale + rank * digit if (row, column) in pairs else never
            for rank, column in enumerate(columns)
        ]
        alone = [dummy * digit if other == place else never for other in range(len(rows))]
        costs.append(real + alone)
    taken = hungarian(costs)
    return {rows[n]: columns[c] for n, c in enumerate(taken) if c < dummy}


def hungarian(costs: list[list[int]]) -> list[int]:
    """Column of each row at the lowest total cost; at least as many columns as rows.

    Shortest augmenting paths with potentials, O(rows² x columns).
    """
    width = len(costs[0])
    row_potential = [0] * (len(costs) + 1)
    column_potential = [0] * (width + 1)
    owner = [0] * (width + 1)  # 1-based row of each 1-based column; 0 is nobody
    for row in range(1, len(costs) + 1):
        owner[0] = row
        _augment(costs, row_potential, column_potential, owner)
    columns = [0] * len(costs)
    for column in range(1, width + 1):
        if owner[column]:
            columns[owner[column] - 1] = column - 1
    return columns


def _augment(costs: list[list[int]], u: list[int], v: list[int], owner: list[int]) -> None:
    """Give the row in `owner[0]` a column, moving others where that is cheaper."""
    width = len(v) - 1
    slack: list[int | None] = [None] * (width + 1)
    came_from = [0] * (width + 1)
    done = [False] * (width + 1)
    column = 0
    for _ in count():
        done[column] = True
        row = owner[column]
        free = [j for j in range(1, width + 1) if not done[j]]
        for j in free:
            reduced = costs[row - 1][j - 1] - u[row] - v[j]
            known = slack[j]
            if known is None or reduced < known:
                slack[j], came_from[j] = reduced, column
        column = min(free, key=lambda j: (slack[j], j))
        _shift(slack[column] or 0, u, v, owner, done, slack)
        if not owner[column]:
            break
    while column:
        owner[column] = owner[came_from[column]]
        column = came_from[column]


def _shift(
    delta: int,
    u: list[int],
    v: list[int],
    owner: list[int],
    done: list[bool],
    slack: list[int | None],
) -> None:
    for j, reached in enumerate(done):
        if reached:
            u[owner[j]] += delta
            v[j] -= delta
        else:
            left = slack[j]
            slack[j] = None if left is None else left - delta
