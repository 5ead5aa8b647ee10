"""Extractions on the emulator: several chunks, killed workers, two runs, lost events and tokens."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from functions import sweep_gaps
from local.extracts import Extract, last_good
from local.jobs import Jobs
from local.mailbox import Letter, Mailbox
from local.samples import world
from local.samples.einvoice import ubl
from local.stage import SETTINGS, Stage
from sapmatch.bootstrap import Services
from sapmatch.settings import load
from tests.builders.memory import MemoryClock
from tests.conftest import ROOT

LINES = 22  # of all purchase orders of the stand-in


def letters(running: Stage, expected: int) -> list[Letter]:
    return Mailbox(boto3.client("sqs"), running.mailbox).collect(expected)


def good(jobs: Jobs, extraction: str) -> Extract:
    return last_good(extraction, jobs.parts.control, jobs.parts.objects)


def run_id(name: str) -> str:
    """Later than all before it, as the time at which a schedule is due would be."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}-{name}"


def order_lines(jobs: Jobs, folder: Path) -> list[tuple[str, str]]:
    """The keys of all rows in the Parquet files of the last good run."""
    files = [f.key for s in good(jobs, "order_lines").published.sets for f in s.files]
    for number, key in enumerate(files):
        jobs.parts.objects.fetch(key, folder / f"{number}.parquet")
    query = "SELECT PurchaseOrder, PurchaseOrderItem FROM read_parquet(?) ORDER BY ALL"
    rows = duckdb.execute(query, [str(folder / "*.parquet")]).fetchall()
    return [(str(number), str(item)) for number, item in rows]


def test_the_demo_shows_what_was_read_and_how_the_index_answers(demo: str, jobs: Jobs) -> None:
    (a_set, *_) = good(jobs, "orders").published.sets
    assert "What was read from SAP: orders" in demo
    assert a_set.entity_set in demo
    assert a_set.rows == a_set.counted
    assert "in Query" in demo


def test_one_key_of_the_order_index_is_answered_by_one_query(jobs: Jobs) -> None:
    found = jobs.find_order(world.ELECTRONICS_ORDER.id)
    assert world.ELECTRONICS_ORDER.id in found.orders
    assert found.calls == ("Query",)


def test_several_chunks_hold_every_row_once(jobs: Jobs, tmp_path: Path) -> None:
    """The list of chunks lies in the bucket; the children of the map hand nothing on."""
    counts = jobs.extract("order_lines")
    assert (counts["rows"], counts["done"], counts["missing"]) == (LINES, True, 0)
    assert len(good(jobs, "order_lines").plan.chunks) > 1
    keys = order_lines(jobs, tmp_path)
    assert len(keys) == len(set(keys)) == LINES


def test_only_as_many_snapshots_stay_as_the_settings_say(jobs: Jobs) -> None:
    for _ in range(3):
        jobs.extract("order_lines")
    runs = {key.split("/")[2] for key in jobs.parts.objects.keys("extracts/order_lines/")}
    assert len(runs) == 2


def test_a_killed_worker_is_replaced_and_the_chunk_goes_on_behind_its_last_page(
    jobs: Jobs, running: Stage, tmp_path: Path
) -> None:
    """RE-12, RE-19: the union is exact, no page is stored twice but the one under way."""
    running.sap("faults", {"next": "delay:0.6", "count": LINES, "of": "reads"})
    job = {"extraction": "order_lines", "run_id": run_id("killed")}
    execution = jobs.begin("ExtractionArn", job)
    pages = f"extracts/order_lines/{job['run_id']}/A_PurchaseOrderItem/"
    jobs.wait(lambda: any("page-00001.ndjson" in key for key in jobs.parts.objects.keys(pages)))
    os.kill(worker_of(running, "ExtractChunk"), signal.SIGKILL)
    assert jobs.end(execution)["status"] == "SUCCEEDED"
    keys = order_lines(jobs, tmp_path)
    assert len(keys) == len(set(keys)) == LINES
    assert sum(versions > 1 for versions in stored_versions(running, pages).values()) <= 1


def worker_of(running: Stage, function: str) -> int:
    """The pid of a process in which the emulator runs the function."""
    wanted = f"AWS_LAMBDA_FUNCTION_NAME=sapmatch-local-integration-{function}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status, environment = (folder / "status").read_text(), (folder / "environ").read_bytes()
        except OSError:  # it has ended meanwhile, or is another user's
            continue
        ours = f"PPid:\t{running.pids['emulator']}\n" in status
        if ours and any(v.startswith(wanted) for v in environment.split(b"\0")):
            return int(folder.name)
    raise LookupError(f"no worker of {function} runs")


def stored_versions(running: Stage, prefix: str) -> dict[str, int]:
    """How often each page was stored."""
    listing = boto3.client("s3").list_object_versions(
        Bucket=running.outputs["BucketName"], Prefix=prefix
    )
    counts: dict[str, int] = {}
    for version in listing["Versions"]:
        if "/page-" in version["Key"]:
            counts[version["Key"]] = counts.get(version["Key"], 0) + 1
    return counts


def test_a_second_run_ends_at_once_while_the_first_one_goes_on(jobs: Jobs, running: Stage) -> None:
    """RE-31: of the same due time as of another."""
    running.sap("faults", {"next": "delay:0.6", "count": LINES, "of": "reads"})
    job = {"extraction": "order_lines", "run_id": run_id("first")}
    first = jobs.begin("ExtractionArn", job)
    plan = f"extracts/order_lines/{job['run_id']}/plan.json"
    jobs.wait(lambda: jobs.parts.objects.exists(plan))
    for other in (job, job | {"run_id": run_id("second")}):
        end = jobs.end(jobs.begin("ExtractionArn", other))
        assert end["status"] == "SUCCEEDED"
        assert json.loads(end["output"])["already_running"] is True
    assert jobs.end(first)["status"] == "SUCCEEDED"
    assert good(jobs, "order_lines").plan.run_id == job["run_id"]


def test_a_lost_delta_token_is_told_once_and_reloaded_by_command_only(
    jobs: Jobs, running: Stage
) -> None:
    """RE-21: never a silent full load."""
    jobs.extract("order_changes")
    assert jobs.extract("order_changes")["rows"] == 0
    letters(running, 0)
    running.sap("forget", {"what": "delta-tokens"})
    for name in ("lost", "later"):
        job = {"extraction": "order_changes", "run_id": run_id(name)}
        end = jobs.end(jobs.begin("ExtractionArn", job))
        assert (end["status"], end["error"]) == ("FAILED", "ResyncRequired")
    (letter,) = letters(running, 1)
    assert "RESYNC_REQUIRED" in letter.subject
    assert "sapmatch reload order_changes --stage local" in letter.body
    started = reload("order_changes")
    arn = started["machine"].replace(":stateMachine:", ":execution:")
    assert jobs.end(f"{arn}:{started['execution']}")["status"] == "SUCCEEDED"
    assert good(jobs, "order_changes").published.sets[0].rows == LINES
    assert jobs.extract("order_changes")["rows"] == 0


def reload(extraction: str) -> dict[str, Any]:
    """`sapmatch reload`, as an operator calls it."""
    command = [sys.executable, "-m", "sapmatch.cli", "reload", extraction, "--stage", "local"]
    done = subprocess.run(
        [*command, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    started: dict[str, Any] = json.loads(done.stdout)
    return started


@pytest.fixture
def sweep(running: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, Any]]:
    """The sweep of a moment when today's uploads had the time to arrive, with the real parts."""
    function = boto3.client("lambda").get_function_configuration(
        FunctionName=running.outputs["SweepGapsName"]
    )
    variables = function["Environment"]["Variables"]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    parts = Services(load(SETTINGS), variables, MemoryClock(datetime.now(UTC) + timedelta(hours=2)))
    monkeypatch.setattr(sweep_gaps, "services", lambda: parts)

    class Context:
        @staticmethod
        def get_remaining_time_in_millis() -> int:
            return 900_000

    return lambda: sweep_gaps.handler({}, Context())


def test_an_upload_whose_event_was_lost_is_found_and_matched(
    jobs: Jobs, running: Stage, sweep: Callable[[], dict[str, Any]]
) -> None:
    """RE-2"""
    bill = world.bill(
        "SWEPT-1", date(2026, 10, 29), world.PLASTICS_ORDER.partner, world.PLASTICS_ORDER
    )
    events = boto3.client("events")
    (rule,) = [r["Name"] for r in events.list_rules()["Rules"] if "ReceiveDocument" in r["Name"]]
    events.disable_rule(Name=rule)
    try:
        jobs.put("incoming/swept.xml", ubl(bill))
    finally:
        events.enable_rule(Name=rule)
    letters(running, 0)
    sweep()
    jobs.settle("InvoiceMatchingArn")
    (row,) = [row for row in jobs.rows() if row["document"] == "swept.xml"]
    assert row["decision"] != "RECEIVED"
    (letter,) = [x for x in letters(running, 1) if "SWEEP_FOUND" in x.subject]
    assert "upload incoming/swept.xml: received now" in letter.body
    assert "extraction orders (rate(15 minutes))" in letter.body  # no schedule runs locally
    sweep()
    assert not [x for x in letters(running, 0) if "swept.xml" in x.body]


def test_the_deployed_sweep_may_do_what_it_does(running: Stage) -> None:
    answer = boto3.client("lambda").invoke(
        FunctionName=running.outputs["SweepGapsName"], Payload=b"{}"
    )
    assert "FunctionError" not in answer
    assert "found" in json.loads(answer["Payload"].read())
