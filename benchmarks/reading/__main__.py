"""`python -m benchmarks.reading`: accuracy, honesty and cost of reading documents.

Reads the documents of SAPMATCH_TEST_DATA where there are any, and always invoices made by
benchmarks.printed. The tables are for people; one JSON line a figure lies in build/bench/, and
beside them the list of everything that was not read right.
"""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.imports import ROOT
from benchmarks.printed import dataset
from benchmarks.reading import accuracy, calibrate, corpus, figures
from benchmarks.reading.corpus import Document, Read
from benchmarks.reading.figures import Figure
from benchmarks.shown import shown

TARGET = ROOT / "build" / "bench"
MADE = "made "  # prefix of the kinds of generated documents
_COUNT, _SCANS, _SEED = 60, 20, 1
_WIDTH = 52  # of the name of a figure


def main() -> None:
    """Print the tables and keep the figures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    documents = [*real(), *made()]
    read = [corpus.read(document) for document in documents]
    for kind, found in accuracy.by_kind(read).items():
        print(*accuracy.table(kind, found), "", sep="\n")
    samples = calibrate.samples(read)
    print(*calibrate.bands(calibrate.reliability(samples)), "", sep="\n")
    with (TARGET / "reading.jsonl").open("w") as output:
        for figure in _figures(read, samples):
            print(shown(figure, _WIDTH), flush=True)
            output.write(json.dumps(figure) + "\n")
    misses = TARGET / "reading-misses.txt"
    misses.write_text("".join(f"{line}\n" for line in accuracy.misses(read)), encoding="utf-8")
    print(f"\nwhat was not read right: {misses.relative_to(ROOT)}")


def real() -> list[Document]:
    """The documents of the test data, none where there is no such folder."""
    data = Path(os.environ.get("SAPMATCH_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (data / "invoices" / "manifest.jsonl").exists():
        print("reading: no real documents here, set SAPMATCH_TEST_DATA; generated ones only\n")
        return []
    return list(corpus.documents(data / "invoices"))


def made() -> list[Document]:
    """Generated invoices, the same in every run."""
    folder = TARGET / "printed"
    dataset.write(folder, count=_COUNT, seed=_SEED, scans=_SCANS)
    return list(corpus.documents(folder, MADE))


def _figures(read: Sequence[Read], samples: Sequence[calibrate.Sample]) -> Iterator[Figure]:
    yield from figures.accuracy(read)
    yield from figures.without_ocr(read)
    yield from figures.confidence(samples)
    yield from figures.costs([item.document for item in read])
    yield from figures.hostile(read)


if __name__ == "__main__":
    main()
