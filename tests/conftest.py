"""What every test may rely on: no network in unit tests, loopback only everywhere else."""

import os
import shutil
import tempfile
from itertools import count
from pathlib import Path

import hypothesis
import pytest
import pytest_socket

# The same examples on every machine; `make proof` searches for new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("SAPMATCH_TEST_DATA", ROOT.parent / "shared" / "data"))

_STATE = Path(tempfile.gettempdir()) / f"sapmatch-tests-{os.getpid()}"
_numbers = count()


def pytest_unconfigure() -> None:
    """What commands agreed on in tests is of no use to anybody."""
    shutil.rmtree(_STATE, ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Unit tests open no socket at all; the others reach this machine only.

    What commands agree on lies in a folder of each test's own, never in a home.
    """
    os.environ["XDG_STATE_HOME"] = str(_STATE / str(next(_numbers)))
    if "tests/unit" in Path(item.path).as_posix():
        pytest_socket.disable_socket(allow_unix_socket=False)
    else:
        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"])


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real SAP metadata and invoices; skips where it is absent."""
    if not TEST_DATA.is_dir():
        pytest.skip(f"no real test data at {TEST_DATA}: set SAPMATCH_TEST_DATA")
    return TEST_DATA
