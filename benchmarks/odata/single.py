"""One contestant in a process of its own: CPU time after its imports, and peak memory.

`python -m benchmarks.odata.single raw http://127.0.0.1:PORT V2 OUTPUT` prints one JSON line.
"""

import json
import sys
import time
from pathlib import Path
from typing import cast

from benchmarks.odata.contestants import Source, contestant
from benchmarks.odata.schema import Version
from benchmarks.usage import cpu_seconds, peak_bytes


def main() -> None:
    """Read everything once and say what it cost."""
    name, address, version, output = sys.argv[1:]
    read = contestant(name)
    source = Source(address, cast(Version, version))
    began, cpu = time.perf_counter(), cpu_seconds()
    rows = sum(map(len, read(source, Path(output))))
    figures = {
        "rows": rows,
        "seconds": time.perf_counter() - began,
        "cpu_s": cpu_seconds() - cpu,
        "peak_mb": peak_bytes() / 1e6,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
