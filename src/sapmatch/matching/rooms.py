"""How much of each order item an invoice may still take, while its lines are placed."""

from collections.abc import Iterable, Sequence

from sapmatch.matching.offers import Offer

Parts = dict[int, int]  # place of an offer -> thousandths of the order's unit


class Rooms:
    """The open quantities of some offers, less what the lines placed so far took (MA-P19)."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._offers = offers
        self._taken: dict[tuple[int, bool], int] = {}

    def left(self, column: int, back: bool, *, ordered: bool = False) -> int:
        """What a line may take: of what has come, or of all that is ordered; at least zero.

        A line that gives back finds room in what was invoiced.
        """
        offer = self._offers[column]
        room = offer.invoiced if back else offer.open_ordered if ordered else offer.open
        return max(room - self._taken.get((column, back), 0), 0)

    def take(self, parts: Parts, back: bool) -> None:
        """Note what a line takes."""
        for column, quantity in parts.items():
            self._taken[column, back] = self._taken.get((column, back), 0) + quantity

    def give_back(self, parts: Parts, back: bool) -> None:
        """Undo `take`."""
        self.take({column: -quantity for column, quantity in parts.items()}, back)

    def spread(
        self, quantity: int, columns: Iterable[int], back: bool, *, ordered: bool
    ) -> Parts | None:
        """The quantity over the first columns that hold it; None where they do not."""
        parts: Parts = {}
        for column in columns:
            part = min(quantity, self.left(column, back, ordered=ordered))
            if part:
                parts[column] = part
                quantity -= part
        return None if quantity else parts
