"""The demo, run once as a user runs it and kept up for the tests that follow."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import stage
from local.jobs import Jobs
from local.stage import SAP_LOG, Stage
from tests.conftest import ROOT

HERE = Path(__file__).parent
DEMO_SECONDS = 400
TEST_SECONDS = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound the tests alone: the demo, which the first one waits for, has its own bound."""
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS, func_only=True))


@pytest.fixture(scope="session")
def demo() -> Iterator[str]:
    """What `make demo DEMO=--keep` prints."""
    if stage.load() is not None:
        pytest.fail("a local stage is up already; end it with: make down")
    done = subprocess.run(
        [sys.executable, "-m", "local", "demo", "--keep"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
    )
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield done.stdout
    finally:
        stage.down()


@pytest.fixture(scope="session", autouse=True)
def demo_requests(demo: str) -> list[dict[str, Any]]:
    """What had reached SAP when the demo ended, whatever tests send later."""
    return sap_requests()


@pytest.fixture(scope="session")
def running(demo: str) -> Iterator[Stage]:
    """The stage that the demo left up, its environment set."""
    found = stage.load()
    assert found is not None
    before = dict(os.environ)
    os.environ.update(found.environment())
    yield found
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def jobs(running: Stage) -> Jobs:
    return Jobs(running)


def sap_requests() -> list[dict[str, Any]]:
    """The stand-in's own log of what reached it: the witness."""
    lines = SAP_LOG.read_text().splitlines()
    return [json.loads(line) for line in lines]


def sap_changes() -> list[tuple[str, str]]:
    """Requests that changed something in SAP: method, and what was created or changed."""
    return [
        (request["method"], str(request["created"] or request["changed"]))
        for request in sap_requests()
        if request["created"] or request["changed"]
    ]
