"""`python -m benchmarks.printed --to DIR --count N --seed S [--scans N]`."""

import argparse
from pathlib import Path

from benchmarks.printed.dataset import write

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--to", type=Path, required=True)
parser.add_argument("--count", type=int, default=100)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--scans", type=int, default=0)
chosen = parser.parse_args()
print(write(chosen.to, count=chosen.count, seed=chosen.seed, scans=chosen.scans))
