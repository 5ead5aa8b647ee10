"""`sapmatch write` killed at any moment and run again: the log of the embedded SAP is witness."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_world import ROOT, SALES, USERS, Api, seed

RECORDS = 24
KILLS = 3
SETTINGS = """
[connections.s4]
url = "{url}"
client = "100"
service = "{service}"
auth = {{ type = "basic", secret = "env:S4" }}
limits = {{ requests_per_second = 1000, burst = 100 }}
quiet_seconds = 0
probe_spacing_seconds = 0
connect_timeout = 0.1
read_timeout = 0.4
total_timeout = 0.4
"""
WRITE = [sys.executable, "-m", "sapmatch.cli", "write", "s4", "A_SalesOrder", "orders.json"]


def order(number: int) -> dict[str, Any]:
    return {
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C1",
        "PurchaseOrderByCustomer": f"MA-{number}",
        "to_Item": [{"Material": "M1", "RequestedQuantity": "1"}],
    }


class Laptop:
    """A folder with settings and a file of orders, and a SAP of its own."""

    def __init__(self, folder: Path, sap: Server, *options: str) -> None:
        self.folder = folder
        self.sap = sap
        self._options = options
        folder.mkdir()
        settings = SETTINGS.format(url=sap.url, service=f"{ROOT}/{SALES}")
        (folder / "sapmatch.toml").write_text(settings)
        orders = [order(number) for number in range(RECORDS)]
        (folder / "orders.json").write_text(json.dumps(orders))

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*WRITE, "--operation", "insert", "--json", *self._options],
            cwd=self.folder,
            env={**os.environ, "S4_USER": "ROBOT", "S4_PASSWORD": USERS["ROBOT"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop_after(self, posts: int, delay: float, number: signal.Signals) -> tuple[int, str]:
        """Signal a run once so many creates have reached SAP; its exit code and lines."""
        process = self.start()
        deadline = time.monotonic() + 20
        while process.poll() is None and self.posts < posts and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(delay)
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
        return process.returncode, out

    def finish(self) -> list[dict[str, Any]]:
        """Run it until it has nothing left to do; the lines of the last run."""
        for _ in range(3):
            process = self.start()
            out, _ = process.communicate(timeout=30)
            if process.returncode == 0:
                return [json.loads(line) for line in out.splitlines()]
        raise AssertionError(out)

    @property
    def posts(self) -> int:
        """Creates of orders that SAP was asked for, answered or not."""
        entries = self.sap.log.entries()
        return sum(e["method"] == "POST" and e["path"].endswith("A_SalesOrder") for e in entries)

    @property
    def created(self) -> list[str]:
        return [key for key in self.sap.log.created() if key.startswith("A_SalesOrder(")]

    @property
    def ours(self) -> list[str]:
        """The customer's numbers of all orders that SAP holds."""
        with (api := Api(self.sap.url)).session:
            rows = api.get(f"{SALES}/A_SalesOrder?$select=PurchaseOrderByCustomer").json()
        names = [row["PurchaseOrderByCustomer"] for row in rows["d"]["results"]]
        return sorted(name for name in names if name.startswith("MA-"))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def killed_and_finished(laptop: Laptop, draw: random.Random) -> list[dict[str, Any]]:
    for n in range(1, KILLS + 1):
        if draw.random() < 0.5:
            laptop.sap.fault("drop-answer")
        posts = n * RECORDS // (KILLS + 1)
        laptop.stop_after(posts, draw.uniform(0, 0.02), signal.SIGKILL)
    return laptop.finish()


def test_a_run_that_is_killed_again_and_again_writes_every_record_once(
    tmp_path: Path, stack: ExitStack
) -> None:
    """RE-22: kill -9 at random moments, answers lost on the way, singly and in batches."""
    options = [(), ("--batch", "5"), ("--on-error", "stop"), ("--batch", "24")]
    laptops = [
        Laptop(tmp_path / str(n), stack.enter_context(serve(seed(), users=USERS)), *each)
        for n, each in enumerate(options)
    ]
    draws = [random.Random(n) for n in range(len(options))]
    with ThreadPoolExecutor(len(options)) as pool:
        answers = list(pool.map(killed_and_finished, laptops, draws))
    for laptop, (*lines, _) in zip(laptops, answers, strict=True):
        assert len(laptop.created) == RECORDS
        assert laptop.ours == sorted(f"MA-{number}" for number in range(RECORDS))
        assert {line["status"] for line in lines} <= {"created", "already_there"}
        assert len({line["key"]["SalesOrder"] for line in lines}) == RECORDS


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """Children of a shell's background job ignore Ctrl-C unless they are told to hear it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_leaves_the_lines_so_far_and_a_ledger_that_goes_on(
    tmp_path: Path, stack: ExitStack
) -> None:
    laptop = Laptop(tmp_path / "a", stack.enter_context(serve(seed(), users=USERS)))
    code, out = laptop.stop_after(RECORDS // 2, 0, signal.SIGINT)
    assert code == 130
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["record"] for line in lines[:3]] == ["1", "2", "3"]
    laptop.finish()
    assert len(laptop.created) == RECORDS
