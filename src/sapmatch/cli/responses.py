"""The response files of `sapmatch write`: written as it goes, whole again after every run."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sapmatch.model.errors import InputRejected


def kept(
    folder: Path | None, name: str, lines: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The lines, each also in the folder's file before it is told."""
    if folder is None:
        yield from lines
        return
    path = folder / f"{name}.responses.ndjson"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc
    with file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
            file.flush()
            yield line
