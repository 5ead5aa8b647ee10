"""Response files of `sapmatch write` on a disk without room."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli.responses import kept
from sapmatch.model.errors import InputRejected


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_and_whoever_was_told_of_a_record_finds_it_there(
    tmp_path: Path,
) -> None:
    lines = ({"record": str(n), "status": "created"} for n in range(100))
    told: list[dict[str, Any]] = []
    with room(1000), pytest.raises(InputRejected, match="ndjson: cannot be written"):
        told.extend(kept(tmp_path, "a.json", lines))
    stored = (tmp_path / "a.json.responses.ndjson").read_text().splitlines()
    assert told
    assert [json.loads(line) for line in stored[: len(told)]] == told
