"""One contestant in a process of its own: CPU time after its imports, and peak memory.

`python -m benchmarks.extraction.single parquet http://127.0.0.1:PORT FOLDER 1 1000` prints one JSON
line; the numbers are how many parts are read at a time, and rows a page.
"""

import json
import sys
import time
from pathlib import Path
from typing import cast

from benchmarks.extraction.contestants import Format, extract, read_decode, read_plain
from benchmarks.odata.contestants import Source
from benchmarks.usage import cpu_seconds, peak_bytes


def main() -> None:
    """Read everything once and say what it cost."""
    name, address, folder, parallel, page_size = sys.argv[1:]
    source = Source(address, "V2")
    began, cpu = time.perf_counter(), cpu_seconds()
    match name:
        case "decode":
            rows = read_decode(source)
        case "plain":
            rows = read_plain(source, Path(folder))
        case _:
            form = cast(Format, name)
            rows = extract(source, Path(folder), form, int(parallel), int(page_size))
    figures = {
        "rows": rows,
        "seconds": time.perf_counter() - began,
        "cpu_s": cpu_seconds() - cpu,
        "peak_mb": peak_bytes() / 1e6,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
