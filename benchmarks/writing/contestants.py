"""Ways to write a file of invoices to SAP: a bare loop, and `sapmatch write`."""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

import requests
from msgspec import Struct

from benchmarks.writing.invoices import CLIENT, ENTITY_SET, PASSWORD, SERVICE, USER
from sapmatch.cli import main
from sapmatch.cli.ledger import SUFFIX, LedgerFile
from sapmatch.cli.write import SAVERS
from sapmatch.clock import SystemClock
from sapmatch.model.flow import KNOWN_REFERENCES, WriteBack
from sapmatch.model.intent import Change, Entity, Look, Written
from sapmatch.model.ports import SapWriter
from sapmatch.writing.desk import Desk
from sapmatch.writing.protocol.effects import Rules
from sapmatch.writing.runs.write_file import Source, write_file

_SECONDS = 60  # for one answer
_SETTINGS = """
[connections.s4]
url = "{url}"
client = "{client}"
service = "{service}"
auth = {{ type = "basic", secret = "env:BENCHMARK" }}
limits = {{ requests_per_second = 100000, burst = 10000 }}
"""


class Writes(Struct, frozen=True):
    """A file of invoices, and the SAP that shall have them."""

    url: str
    file: Path


Contestant = Callable[[Writes], None]


def contestant(name: str) -> Contestant:
    """By its name: bare, single, batch-N or alone."""
    if name.startswith("batch-"):
        return partial(protected, batch=int(name.removeprefix("batch-")))
    return {"bare": bare, "single": protected, "alone": alone}[name]


def bare(writes: Writes) -> None:
    """One POST after the other on one connection; nothing is kept, an error ends it."""
    with requests.Session() as session:
        session.auth = (USER, PASSWORD)
        session.params = {"sap-client": CLIENT}
        session.headers["Accept"] = "application/json"
        fetch = {"x-csrf-token": "Fetch"}
        fetched = session.get(f"{writes.url}{SERVICE}/", headers=fetch, timeout=_SECONDS)
        session.headers["x-csrf-token"] = fetched.headers["x-csrf-token"]
        for record in json.loads(writes.file.read_bytes()):
            address = f"{writes.url}{SERVICE}/{ENTITY_SET}"
            session.post(address, json=record, timeout=_SECONDS).raise_for_status()


def protected(writes: Writes, batch: int = 1) -> None:
    """`sapmatch write`, from its settings to its last line."""
    settings = writes.file.with_suffix(".toml")
    settings.write_text(_SETTINGS.format(url=writes.url, client=CLIENT, service=SERVICE))
    os.environ.update(BENCHMARK_USER=USER, BENCHMARK_PASSWORD=PASSWORD)
    command = ["write", "s4", ENTITY_SET, str(writes.file), "--operation", "insert", "--json"]
    options = ["--batch", str(batch), "--settings", str(settings)]
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        if main([*command, *options]):
            raise SystemExit(f"{writes.file}: was not written in full")


def alone(writes: Writes) -> None:
    """What the same does itself: SAP answers without any delay, in this process."""
    flow = WriteBack(
        connection="s4",
        service=SERVICE,
        entity_set=ENTITY_SET,
        operation="insert",
        reference=KNOWN_REFERENCES[ENTITY_SET],
    )
    source = Source(data=writes.file.read_bytes(), name=ENTITY_SET, flow=flow, client=CLIENT)
    with LedgerFile(ledger_of(writes)) as ledger:
        desk = Desk(
            sap=cast(SapWriter, Instant()),
            intents=ledger,
            clock=SystemClock(),
            rules=Rules(settle=timedelta(minutes=10), spacing=timedelta(minutes=1)),
            owner="benchmark",
            savers=SAVERS,
        )
        for _ in write_file(source, desk, ledger):
            pass


def ledger_of(writes: Writes) -> Path:
    """Where `sapmatch write` keeps what it sent."""
    return Path(f"{writes.file}{SUFFIX}")


class Instant:
    """The writing part of port SapWriter: holds nothing, and executes everything at once."""

    def prepare(self, service: str, on_behalf_of: str | None = None) -> None:
        """No token is needed."""

    def check(self, _change: Change) -> tuple[()]:
        """Nothing is wrong."""
        return ()

    def look(self, looks: Sequence[Look]) -> list[list[Entity]]:
        """Not there yet."""
        return [[] for _ in looks]

    def write(self, change: Change) -> Written:
        """Created under the supplier's own number."""
        key = {"SupplierInvoice": change.record["SupplierInvoiceIDByInvcgParty"]}
        return Written(key={**key, "FiscalYear": "2026"}, row=change.record, http_status=201)

    def write_batch(self, changes: Sequence[Change]) -> list[Written]:
        """Each by itself."""
        return [self.write(change) for change in changes]
