"""The functions killed at random, over the emulator and a bad line to SAP: nothing is there twice.

Short by default; `make proof` sets SAPMATCH_PROOF_SEEDS and has 500 invoices written.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from msgspec import Struct

from benchmarks.writing.invoices import ENTITY_SET, SERVICE, invoices, seed
from local.accounts import SAP_PASSWORD, SAP_USER, SECRET
from local.sap.server import Server, serve
from local.stage import BUILD, Stage
from sapmatch.bootstrap import Services, deployment
from sapmatch.bootstrap.history import history_of
from sapmatch.limits.logons import LEASE_SECONDS
from sapmatch.model.intent import Intent, IntentState
from sapmatch.settings import Environment
from sapmatch.writing.history import check_history
from sapmatch.writing.update_file import load
from tests.builders.dying_workers import DyingWorkers, collected
from tests.builders.rough_proxy import FATES, RoughProxy
from tests.builders.write_worker import Job

REFERENCE = "SupplierInvoiceIDByInvcgParty"
LONG = "SAPMATCH_PROOF_SEEDS" in os.environ
SEED = 7
PER_WORLD = 2  # workers
PER_RUN = 25  # records
KILLING = 60.0 if LONG else 15.0  # seconds for which workers are killed
# Until everything is at its end; who is killed in the middle of the first logon keeps the others
# from theirs for one lease.
SECONDS = (300.0 if LONG else 120.0) + LEASE_SECONDS
TOLD = 120.0  # until the stream has told of everything
SETTINGS = """
[connections.{flow}]
url = "{url}"
client = "100"
auth = {{ type = "basic", secret = "{secret}" }}
limits = {{ requests_per_second = 1000, burst = 100, parallel = 1000, open_seconds = 1 }}
connect_timeout = 0.2
read_timeout = 0.6
total_timeout = 0.8
quiet_seconds = 2
probe_spacing_seconds = 1
repeatable_requests = {repeatable}

[write_backs.{flow}]
connection = "{flow}"
service = "{service}"
entity_set = "{entity_set}"
operation = "insert"
batch = {batch}
schedule = "rate(5 minutes)"
"""
pytestmark = pytest.mark.timeout(600)


class World(Struct, frozen=True):
    """One flow of so many invoices, in batches; with `repeatable` SAP knows a request again."""

    flow: str
    count: int
    batch: int = 1
    repeatable: bool = False


WORLDS = (
    World("proof_single", 200 if LONG else 25),
    World("proof_batch", 150 if LONG else 50, batch=10),
    World("proof_repeated", 150 if LONG else 25, repeatable=True),
)


class Line(Struct, frozen=True):
    """A world under way."""

    world: World
    sap: Server
    proxy: RoughProxy
    job: Job


class Proof(Struct, frozen=True):
    """What came of one world: keys that SAP says it created, and the references it holds."""

    world: World
    intents: list[Intent]
    created: list[str]
    references: list[str]
    fates: Counter[str]
    kills: int


@contextmanager
def line(world: World, stage: Stage, folder: Path) -> Iterator[Line]:
    """A SAP that takes the same invoice twice if somebody posts it twice, behind a bad line."""
    users = {SAP_USER: SAP_PASSWORD}
    with (
        serve(seed(), users=users, duplicate_check=False, answer_delay=0.02) as sap,
        RoughProxy(sap.url, SEED, late=1.5, repeats_changes=world.repeatable) as proxy,
    ):
        if world.repeatable:
            sap.switch(idempotent_services=[SERVICE.rpartition("/")[2]])
        yield Line(world, sap, proxy, job_of(world, stage, folder / world.flow, proxy.url))


def job_of(world: World, stage: Stage, folder: Path, url: str) -> Job:
    folder.mkdir()
    settings = folder / "sapmatch.toml"
    settings.write_text(
        SETTINGS.format(
            flow=world.flow,
            url=url,
            secret=SECRET,
            service=SERVICE,
            entity_set=ENTITY_SET,
            batch=world.batch,
            repeatable=str(world.repeatable).lower(),
        )
    )
    found = stage.outputs
    environment = stage.environment() | {
        Environment.SETTINGS: str(settings),
        Environment.STAGE: "local",
        Environment.BUCKET: found["BucketName"],
        Environment.INTENTS_TABLE: found["IntentsTable"],
        Environment.CONTROL_TABLE: found["ControlTable"],
        "POWERTOOLS_METRICS_NAMESPACE": "sapmatch",
        "POWERTOOLS_SERVICE_NAME": "sapmatch-local",
    }
    runs = {f"run-{n}": PER_RUN for n in range(world.count // PER_RUN)}
    return Job(world.flow, runs, environment, folder / "workers.log")


def all_of(world: World) -> list[dict[str, Any]]:
    return invoices(world.flow.removeprefix("proof_"), world.count)


def dropped(each: Line, parts: Services) -> list[str]:
    """The files of all runs, beside the inbox: nobody but us collects them."""
    records, keys = all_of(each.world), []
    for n, run_id in enumerate(each.job.runs):
        keys.append(f"proof/{each.world.flow}/{run_id}.json")
        parts.objects.write(keys[-1], json.dumps(records[n * PER_RUN :][:PER_RUN]).encode())
    return keys


def proven(worlds: Sequence[World], stage: Stage, folder: Path) -> dict[str, Proof]:
    """Collect the invoices of all worlds, and have them written by workers that die."""
    parts = deployment("local")
    with ExitStack() as stack:
        lines = [stack.enter_context(line(world, stage, folder)) for world in worlds]
        for each in lines:
            collected(each.job, dropped(each, parts))
        workers = DyingWorkers([each.job for each in lines], PER_WORLD, SEED)
        workers.finish(KILLING, SECONDS)
        kills = workers.kills
        return {each.world.flow: proof_of(each, kills[each.world.flow], parts) for each in lines}


def proof_of(each: Line, kills: int, parts: Services) -> Proof:
    flow = each.world.flow
    records = [r for run_id in each.job.runs for r in load(flow, run_id, parts.objects).records]
    return Proof(
        each.world,
        [parts.intents.get(record.intent) for record in records],
        [key for key in each.sap.log.created() if key.startswith(f"{ENTITY_SET}(")],
        references(each.sap),
        each.proxy.counts,
        kills,
    )


def references(sap: Server) -> list[str]:
    """The suppliers' numbers of all invoices that the embedded SAP holds."""
    answer = requests.get(
        f"{sap.url}{SERVICE}/{ENTITY_SET}",
        params={"sap-client": "100", "$select": REFERENCE, "$format": "json"},
        auth=(SAP_USER, SAP_PASSWORD),
        timeout=20,
    )
    return [row[REFERENCE] for row in answer.json()["d"]["results"]]


def figures(proof: Proof) -> dict[str, Any]:
    """What was tried and what came of it."""
    return {
        "flow": proof.world.flow,
        "intents": len(proof.intents),
        "ends": Counter(intent.state for intent in proof.intents),
        "workers killed": proof.kills,
        "exchanges": proof.fates,
        "read back": sum(intent.confirmed_by == "read" for intent in proof.intents),
        "sent again": sum(intent.absences > 0 for intent in proof.intents),
        "documents": len(proof.created),
    }


@pytest.fixture(scope="module")
def proofs(running: Stage, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proof]:
    """All worlds at once: most of the time they wait. Their figures go into build/."""
    found = proven(WORLDS, running, tmp_path_factory.mktemp("proof"))
    lines = [json.dumps(figures(proof)) for proof in found.values()]
    (BUILD.parent / "proof.jsonl").write_text("\n".join(lines) + "\n")
    return found


@pytest.fixture(params=[world.flow for world in WORLDS])
def proof(request: pytest.FixtureRequest, proofs: dict[str, Proof]) -> Proof:
    return proofs[request.param]


def test_every_invoice_is_in_sap_exactly_once(proof: Proof) -> None:
    """RE-12, RE-22, RE-23, RE-24, RE-27: the stand-in's own log and its rows are the witness."""
    expected = [invoice[REFERENCE] for invoice in all_of(proof.world)]
    assert sorted(proof.references) == sorted(expected)
    assert len(proof.created) == len(set(proof.created)) == proof.world.count


def test_every_intent_is_at_its_end_and_names_its_document(proof: Proof) -> None:
    states = Counter(intent.state for intent in proof.intents)
    assert states == {IntentState.CONFIRMED: proof.world.count}
    named = {intent.key["SupplierInvoice"] for intent in proof.intents}
    assert len(named) == proof.world.count


def test_the_line_was_bad_and_the_workers_died(proofs: dict[str, Proof]) -> None:
    """Else the others prove nothing."""
    assert min(proof.kills for proof in proofs.values()) >= PER_WORLD
    troubled = sum((proof.fates for proof in proofs.values()), Counter())
    assert sum(troubled[fate] for fate in FATES) >= len(WORLDS)


def test_every_version_of_every_intent_followed_lawfully(proof: Proof) -> None:
    """RE-33: as the table's stream told of it."""
    history, end = history_of(deployment("local")), time.monotonic() + TOLD
    for intent in proof.intents:
        versions = history.versions(intent)
        while intent not in versions and time.monotonic() < end:
            time.sleep(1)
            versions = history.versions(intent)
        assert [version.version for version in versions] == list(range(intent.version + 1))
        assert check_history(versions) == []
