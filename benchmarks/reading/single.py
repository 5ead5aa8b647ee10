"""Reads documents in a process of its own, and says what that took.

`python -m benchmarks.reading.single none|seen|local` takes a JSON list of files on stdin: `none`
reads without OCR, `seen` with what the engine saw before, `local` with the engine. The first file
is read twice, because the imports are no part of the time.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.reading import seen
from benchmarks.usage import cpu_seconds, peak_bytes
from sapmatch.model.expense import Analysis
from sapmatch.ocr import analyze_expense
from sapmatch.reading import ReadLimits, read_document


def looked_at(data: bytes, pages: int) -> Analysis:
    """What the engine sees, now."""
    return Analysis(documents=tuple(analyze_expense(data)), pages=pages)


_ENGINES = {"none": None, "seen": seen.analyse, "local": looked_at}


def main() -> None:
    """Read everything and print one JSON line."""
    engine = _ENGINES[sys.argv[1]]
    files = [Path(name) for name in json.load(sys.stdin)]
    seconds, cpu = [], []
    for file in [files[0], *files]:
        data = file.read_bytes()
        began, used = time.perf_counter(), cpu_seconds()
        read_document(data, name=file.name, limits=ReadLimits(), analyse=engine, method="ocr")
        seconds.append(time.perf_counter() - began)
        cpu.append(cpu_seconds() - used)
    print(json.dumps({"seconds": seconds[1:], "cpu": cpu[1:], "peak_mb": peak_bytes() / 1e6}))


if __name__ == "__main__":
    main()
