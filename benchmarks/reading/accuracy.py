"""How much of each kind of document was read right."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.reading import scoring
from benchmarks.reading.corpus import FIELDS, Read, value

FREE = frozenset({"xml", "text-layer"})  # ways to read that ask no OCR
_SCORED = ("read", "not-invoice")  # what is expected of a document whose fields are compared
_VERDICTS = ("right", "wrong", "missing", "invented")


@dataclass
class Accuracy:
    """Counts of one kind: documents, verdicts per field, lines; `core` are number, date, currency
    and total all right.
    """

    documents: int = 0
    expected: int = 0
    scored: int = 0
    core: int = 0
    pages: int = 0
    free_pages: int = 0  # of documents that were read without OCR
    free: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lines: Counter[str] = field(default_factory=Counter)

    def add(self, item: Read) -> None:
        """Count one document."""
        document, result = item.document, item.result
        self.documents += 1
        self.expected += scoring.expected(document, result.outcome)
        free = result.method in FREE
        self.pages += document.pages
        self.free += free
        self.free_pages += document.pages if free else 0
        if document.outcome in _SCORED and document.truth:
            found = scoring.verdicts(document, result)
            self.scored += 1
            self.core += scoring.core_right(document, found)
            for name, verdict in found.items():
                self.fields[name][verdict] += 1
            self.lines += scoring.line_verdicts(document, result)

    @property
    def field_share(self) -> float:
        """Right values of those that the documents show."""
        return share(sum(self.fields.values(), Counter()))

    @property
    def line_share(self) -> float:
        """Right lines of those that the documents show."""
        return share(self.lines)

    @property
    def core_share(self) -> float:
        """Documents with everything that a posting needs."""
        return self.core / self.scored if self.scored else 0.0


def share(counts: Counter[str]) -> float:
    """Right values of right, wrong and missing ones; 0 where there are none."""
    there = counts["right"] + counts["wrong"] + counts["missing"]
    return counts["right"] / there if there else 0.0


def counted(read: Iterable[Read]) -> Accuracy:
    """The counts of these documents."""
    found = Accuracy()
    for item in read:
        found.add(item)
    return found


def by_kind(read: Iterable[Read]) -> dict[str, Accuracy]:
    """The counts of every kind."""
    kinds: dict[str, list[Read]] = defaultdict(list)
    for item in read:
        kinds[item.document.kind].append(item)
    return {kind: counted(items) for kind, items in sorted(kinds.items())}


def table(kind: str, found: Accuracy) -> Iterator[str]:
    """One kind as people read it."""
    core = f", number, date, currency and total right: {found.core} of {found.scored}"
    yield (
        f"{kind}: {found.documents} documents, outcome as expected: {found.expected}"
        + (core if found.scored else "")
    )
    rows = [(name, found.fields[name]) for name in FIELDS if found.fields[name]]
    for name, counts in [*rows, *([("lines", found.lines)] if found.lines else [])]:
        cells = "".join(f"{verdict:>10}{counts[verdict]:>4}" for verdict in _VERDICTS)
        yield f"  {name:<20}{share(counts):>7.1%}{cells}"


def misses(read: Iterable[Read]) -> Iterator[str]:
    """Every value that is not right, document by document; for the makers only."""
    for item in read:
        document, result = item.document, item.result
        if not scoring.expected(document, result.outcome):
            yield f"{document.file}: outcome {result.outcome}, expected {document.outcome}"
        if document.outcome in _SCORED and document.truth:
            for name, verdict in scoring.verdicts(document, result).items():
                if verdict in _VERDICTS[1:]:
                    wanted, got = document.truth[name], value(result, name)
                    yield f"{document.file}: {name} {verdict}: {got!r} instead of {wanted!r}"
            lines = scoring.line_verdicts(document, result)
            if lines["missing"] or lines["invented"]:
                missing, invented = lines["missing"], lines["invented"]
                yield f"{document.file}: lines: {missing} missing, {invented} too many"
