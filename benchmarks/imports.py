"""What importing something costs."""

import os
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
    times = [_once(module) for _ in range(RUNS + 1)]
    return round(median(times[1:]), 1)


def beside(module: str, floor: str) -> tuple[float, float]:
    """The same of both, measured in turns; the second is the median of their ratios."""
    pairs = [(_once(module), _once(floor)) for _ in range(RUNS + 1)][1:]
    ratio = median(ours / theirs for ours, theirs in pairs)
    return round(median(ours for ours, _ in pairs), 1), ratio


def compiled() -> dict[str, str]:
    """The environment in which every module is compiled once and kept in build/."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bench" / "pycache")}


def _once(module: str) -> float:
    command = [sys.executable, "-c", "\n".join(LINES).format(module=module)]
    done = subprocess.run(
        command, cwd=ROOT, env=compiled(), capture_output=True, text=True, check=True
    )
    return float(done.stdout)
