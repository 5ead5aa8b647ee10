"""What the stores of intents take for one of them, from planned to confirmed."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from benchmarks.usage import cpu_seconds
from benchmarks.writing.invoices import CLIENT, ENTITY_SET, SERVICE
from local import emulator, process
from sapmatch.cli.ledger import LedgerFile
from sapmatch.model.intent import Intent, IntentState
from sapmatch.model.ports import Intents

_COUNT = 200
_STATES = (IntentState.CLAIMED, IntentState.SENT, IntentState.CONFIRMED)


def stored() -> Iterator[dict[str, Any]]:
    """The ledger file of the command line, and the table in the emulator."""
    with TemporaryDirectory() as folder:
        with LedgerFile(Path(folder) / "ledger.jsonl") as ledger:
            yield _figure("ledger file", ledger)
        with _emulated(Path(folder)) as table:
            yield _figure("DynamoDB, emulator", table)


def _figure(name: str, store: Intents) -> dict[str, Any]:
    planned = store.plan([_intent() for _ in range(_COUNT)])
    began, cpu = time.perf_counter(), cpu_seconds()
    for intent in planned:
        for version, state in enumerate(_STATES, start=1):
            store.save(replace(intent, state=state, version=version))
    return {
        "benchmark": f"writing store: {name}",
        "intents_per_s": round(_COUNT / (time.perf_counter() - began), 1),
        "cpu_ms": round(1000 * (cpu_seconds() - cpu) / _COUNT, 2),
        "store_writes": len(_STATES),
    }


def _intent() -> Intent:
    name = uuid.uuid4().hex
    return Intent(
        id=name,
        flow="invoices",
        connection="s4",
        client=CLIENT,
        operation="insert",
        service=SERVICE,
        entity_set=ENTITY_SET,
        payload_key=f"payloads/{name}",
        payload_sha256=name,
        reference={"SupplierInvoiceIDByInvcgParty": name[:16], "InvoicingParty": "17300001"},
        created_at=datetime.now(UTC),
    )


@contextmanager
def _emulated(folder: Path) -> Iterator[Intents]:
    """A table of its own in an emulator of its own."""
    from sapmatch.aws.intents import BY_DUE, DynamoIntents
    from tests.builders.aws_table import make_table

    port = process.free_port()
    before = dict(os.environ)
    os.environ.update(emulator.environment(port))
    child = emulator.start(port, folder / "emulator.log")
    try:
        yield DynamoIntents(make_table("intents", BY_DUE))
    finally:
        process.end(child)
        os.environ.clear()
        os.environ.update(before)
