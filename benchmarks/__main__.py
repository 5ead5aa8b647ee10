"""`make bench`: every benchmark; one JSON line a figure lies in build/bench/ afterwards."""

from benchmarks import cold_start, users
from benchmarks.connections import __main__ as connections
from benchmarks.extraction import __main__ as extraction
from benchmarks.matching import __main__ as matching
from benchmarks.odata import __main__ as odata
from benchmarks.reading import __main__ as reading
from benchmarks.rfc import __main__ as rfc
from benchmarks.writing import __main__ as writing

odata.main()
print()
extraction.main()
print()
writing.main()
print()
reading.main()
print()
matching.main()
print()
connections.main()
print()
rfc.main()
print()
users.main()
print()
cold_start.main()
