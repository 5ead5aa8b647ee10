"""`make bench`: every benchmark, one JSON line a figure."""

from benchmarks import cold_start

cold_start.main()
