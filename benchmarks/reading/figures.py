"""The figures and their goals."""

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.reading import calibrate, measuring, scoring
from benchmarks.reading.accuracy import FREE, Accuracy, by_kind, counted
from benchmarks.reading.calibrate import Sample
from benchmarks.reading.corpus import Document, Read
from benchmarks.reading.measuring import Cost

Figure = dict[str, Any]
XML_KINDS = ("ubl-xml", "cii-xml", "hybrid-pdf")
TEXT_KIND = "born-digital-pdf"
SCAN_KINDS = ("scan-image", "scan-pdf")
HOSTILE = "hostile"
# List price of one page of AnalyzeExpense up to a million pages a month (AWS, Amazon Textract
# pricing, us-east-1); discounts and the free tier make it less.
USD_A_PAGE = 0.01
SURE = 0.9
_SCANS_TIMED = 6  # with the engine itself, which takes a second or two a page


def accuracy(read: Sequence[Read]) -> Iterator[Figure]:
    """What was read right; generated documents have no goals."""
    for kind in XML_KINDS:
        if found := _counted(read, kind):
            yield _least(f"{kind}: header fields", found.field_share, 1.0)
            yield _least(f"{kind}: lines", found.line_share, 1.0)
    if found := _counted(read, *SCAN_KINDS):
        yield _least("scans: header fields", found.field_share, 0.88)
        yield _least("scans: number, date, currency and total", found.core_share, 0.75)
        yield _least("scans: lines", found.line_share, 0.65)


def without_ocr(read: Sequence[Read]) -> Iterator[Figure]:
    """Documents that need no OCR, and what that saves."""
    texts = [item for item in read if item.document.kind == TEXT_KIND]
    if texts:
        free = counted(item for item in texts if item.result.method in FREE)
        answered = free.documents / len(texts)
        yield _least("born-digital: answered without OCR", answered, 0.6)
        yield _least("born-digital: header fields of these", free.field_share, 0.99)
    invoices = (item for item in read if item.document.kind != HOSTILE)
    for kind, found in by_kind(invoices).items():
        yield {
            "benchmark": f"{kind}: OCR saved",
            "documents": f"{found.free} of {found.documents}",
            "pages": f"{found.free_pages} of {found.pages}",
            "usd": round(found.free_pages * USD_A_PAGE, 2),
            "usd_with_ocr_for_all": round(found.pages * USD_A_PAGE, 2),
        }


def confidence(samples: Sequence[Sample]) -> Iterator[Figure]:
    """Right values among those that are said to be sure, each invoice judged without itself."""
    said = calibrate.reliability(samples)
    kinds = {"scans": SCAN_KINDS, "born-digital": (TEXT_KIND,)}
    for name, members in kinds.items():
        rights = [right for kind in members for sure, right in said.get(kind, []) if sure >= SURE]
        if rights:
            share = sum(rights) / len(rights)
            yield _least(f"{name}: right of {len(rights)} said to be {SURE} or surer", share, 0.97)


def costs(documents: Sequence[Document]) -> Iterator[Figure]:
    """Time and memory, kind by kind; CPU time, because others may use the machine as well."""
    for kind in XML_KINDS:
        if members := _of(documents, kind):
            found = measuring.cost(members, "none")
            yield _most(f"{kind}: slowest, CPU ms", max(found.cpu) * 1000, 20)
            yield _most(f"{kind}: peak MB", found.peak_mb, 80)
    if members := _of(documents, TEXT_KIND):
        found = measuring.cost(members, "none")
        pages = sum(document.pages for document in members)
        yield _most("born-digital: CPU ms a page", sum(found.cpu) / pages * 1000, 300)
        yield {"benchmark": "born-digital: peak MB", "value": round(found.peak_mb, 1)}
    if members := _of(documents, *SCAN_KINDS)[:_SCANS_TIMED]:
        found = measuring.cost(members, "local")
        pages = sum(document.pages for document in members)
        seconds = round(sum(found.seconds) / pages, 2)
        yield {"benchmark": "scans: seconds a page with the engine", "value": seconds}
        yield {"benchmark": "scans: peak MB with the engine", "value": round(found.peak_mb, 1)}


def hostile(read: Sequence[Read]) -> Iterator[Figure]:
    """Files that are broken or attacks: how they end, and what the worst of them takes."""
    members = [item for item in read if item.document.kind == HOSTILE]
    if not members:
        return
    ended = sum(scoring.expected(item.document, item.result.outcome) for item in members)
    yield _least(f"hostile: ended as expected, of {len(members)}", ended, len(members))
    found: Cost = measuring.worst([item.document for item in members], "seen")
    yield _most("hostile: slowest, CPU s", max(found.cpu), 2)
    yield _most("hostile: peak MB", found.peak_mb, 256)


def _counted(read: Sequence[Read], *kinds: str) -> Accuracy | None:
    members = [item for item in read if item.document.kind in kinds]
    return counted(members) if members else None


def _of(documents: Sequence[Document], *kinds: str) -> list[Document]:
    return [document for document in documents if document.kind in kinds]


def _least(benchmark: str, value: float, goal: float) -> Figure:
    return _figure(benchmark, value, f"at least {goal}", value >= goal)


def _most(benchmark: str, value: float, goal: float) -> Figure:
    return _figure(benchmark, value, f"at most {goal}", value <= goal)


def _figure(benchmark: str, value: float, goal: str, met: bool) -> Figure:
    return {"benchmark": benchmark, "value": round(value, 4), "goal": goal, "within": met}
