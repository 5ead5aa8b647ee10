"""Documents whose matches hold quantities of orders that a run changed (MA-P54).

extracts/<extraction>/<run id>/index/matched/<document id>   empty, written before the order changes
"""

from collections.abc import Callable, Iterable, Iterator

from sapmatch.extracting.run import run_prefix
from sapmatch.model.order import Reservation
from sapmatch.model.ports import Objects

Note = Callable[[Iterable[Reservation]], object]


def noting(extraction: str, run_id: str, objects: Objects) -> Note:
    """Notes with the run who holds reservations; twice is the same as once."""
    place = _place(extraction, run_id)
    noted: set[str] = set()

    def note(reservations: Iterable[Reservation]) -> None:
        for document_id in {held.document_id for held in reservations} - noted:
            objects.write(place + document_id, b"")
            noted.add(document_id)

    return note


def noted(extraction: str, run_id: str, objects: Objects) -> Iterator[str]:
    """Ids of the documents that a run noted, in order."""
    place = _place(extraction, run_id)
    return (key.removeprefix(place) for key in objects.keys(place))


def _place(extraction: str, run_id: str) -> str:
    return f"{run_prefix(extraction, run_id)}index/matched/"
