"""One contestant in a process of its own: CPU time after its imports, and peak memory.

`python -m benchmarks.odata.single raw http://127.0.0.1:PORT V2 OUTPUT` prints one JSON line.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path
from typing import cast

from benchmarks.odata.contestants import Source, contestant
from benchmarks.odata.schema import Version


def main() -> None:
    """Read everything once and say what it cost."""
    name, address, version, output = sys.argv[1:]
    read = contestant(name)
    source = Source(address, cast(Version, version))
    began, cpu = time.perf_counter(), _cpu()
    rows = sum(map(len, read(source, Path(output))))
    figures = {
        "rows": rows,
        "seconds": time.perf_counter() - began,
        "cpu_s": _cpu() - cpu,
        "peak_mb": _peak() / 1e6,
    }
    print(json.dumps(figures))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> int:
    """Bytes; the kernel's own account of this program where there is one.

    On Linux `ru_maxrss` begins with the memory of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found
        return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
