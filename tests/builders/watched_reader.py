"""Reads files in a process that watches itself: `python -m tests.builders.watched_reader FILE...`.

The arguments are files, all read into memory first. Prints a JSON line per file: outcome, seconds,
and what was touched meanwhile: files outside of Python's own and ours, sockets, other programs.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from sapmatch.reading import ReadLimits, read_document
from tests.builders.reading import fixture, pdf

OWN = (sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(__file__).resolve().parents[2]))
touched: list[str] = []


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578); it cannot be taken off again."""
    if event == "open" and not str(arguments[0]).startswith(OWN):
        touched.append(f"open {arguments[0]}")
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.system", "os.posix_spawn")):
        touched.append(event)


def main() -> None:
    """Warm up, so that only the documents are watched; then read them."""
    contents = {name: Path(name).read_bytes() for name in sys.argv[1:]}
    attached = {"factur-x.xml": fixture("invoice-cii.xml").encode()}
    for warm in (pdf("Rechnung", attachments=attached), fixture("invoice-ubl.xml").encode()):
        read_document(warm, name="warm", limits=ReadLimits(), analyse=None)
    sys.addaudithook(watch)
    for name, data in contents.items():
        touched.clear()
        started = time.monotonic()
        result = read_document(data, name=name, limits=ReadLimits(), analyse=None)
        seconds = time.monotonic() - started
        codes = [problem.code for problem in result.problems]
        line = {"file": name, "outcome": result.outcome, "codes": codes, "seconds": seconds}
        line |= {"touched": list(touched), "kilobytes": _peak()}
        print(json.dumps(line), flush=True)  # noqa: T201


def _peak() -> int:
    """The most memory that this process had; getrusage counts that of the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
