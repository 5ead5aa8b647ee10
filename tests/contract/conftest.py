"""One AWS emulator for all contract tests of a run."""

import os
from collections.abc import Iterator

import pytest

from local import emulator, process


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running emulator; the environment points every AWS client at it."""
    port = process.free_port()
    started = emulator.start(port, tmp_path_factory.mktemp("emulator") / "emulator.log")
    before = dict(os.environ)
    os.environ.update(emulator.environment(port))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.environ.clear()
        os.environ.update(before)
        process.end(started)
