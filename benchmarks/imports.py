"""What importing something costs."""

import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
RUNS = 7
LINES = (
    "import time",
    "begin = time.process_time()",
    "import {module}",
    "print((time.process_time() - begin) * 1000)",
)


def cpu(module: str) -> float:
    """Median CPU milliseconds of importing the module in a new interpreter, caches warm."""
    code = "\n".join(LINES).format(module=module)
    command = [sys.executable, "-c", code]
    times = [
        float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for _ in range(RUNS + 1)
    ]
    return round(median(times[1:]), 1)
