"""One contestant in a process of its own: time and CPU after its imports, writes to its ledger.

`python -m benchmarks.writing.single batch-50 http://127.0.0.1:PORT FILE` prints one JSON line.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.usage import cpu_seconds
from benchmarks.writing.contestants import Writes, contestant, ledger_of


def main() -> None:
    """Write everything once and say what it cost."""
    name, url, file = sys.argv[1:]
    write, writes = contestant(name), Writes(url, Path(file))
    began, cpu = time.perf_counter(), cpu_seconds()
    write(writes)
    figures = {
        "seconds": time.perf_counter() - began,
        "cpu_s": cpu_seconds() - cpu,
        "versions": _versions(ledger_of(writes)),
    }
    print(json.dumps(figures))


def _versions(ledger: Path) -> int:
    """Lines of the ledger that are an intent in one of its states."""
    if not ledger.exists():
        return 0
    return sum(line.startswith(b'{"id":') for line in ledger.read_bytes().splitlines())


if __name__ == "__main__":
    main()
