"""What a function writes to SAP with."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sapmatch.bootstrap.mappings import mapping_for
from sapmatch.bootstrap.parts import Services
from sapmatch.model.connection import Connection
from sapmatch.model.errors import SapThrottled
from sapmatch.model.flow import WriteBack

if TYPE_CHECKING:
    from sapmatch.limits.gate import SharedGate
    from sapmatch.model.ports import SapWriter
    from sapmatch.writing.desk import Desk
    from sapmatch.writing.protocol.effects import Rules
    from sapmatch.writing.update_file import UpdateFile

SKEW = timedelta(seconds=300)  # by which the clocks of two functions may differ (RE-27)
_SAVERS = 8  # intents that are stored at a time
_LONGEST = 900  # seconds that a function may run


def rules_of(connection: Connection) -> "Rules":
    """The times of the write protocol for one SAP system.

    Where SAP is quiet sooner than clocks may differ, all runs on one machine with one clock.
    """
    from sapmatch.writing.protocol.effects import Rules

    return Rules(
        settle=timedelta(seconds=connection.settle_seconds),
        spacing=timedelta(seconds=connection.probe_spacing_seconds),
        skew=min(SKEW, timedelta(seconds=connection.quiet_seconds)),
    )


def gate(parts: Services, name: str) -> "SharedGate":
    """The gate of one SAP system, to hold, release and look at it: its rates do not matter."""
    from sapmatch.limits.gate import SharedGate
    from sapmatch.model.connection import Limits

    return SharedGate(parts.control, parts.clock, name, Limits())


def reading_desk(parts: Services, name: str, owner: str) -> "Desk":
    """A desk for reading back, which nobody holds up."""
    from sapmatch.writing.desk import Desk

    connection = parts.settings.connections[name]
    return Desk(
        sap=parts.sap(name),
        intents=parts.intents,
        clock=parts.clock,
        rules=rules_of(connection),
        owner=owner,
        savers=_SAVERS,
        answer_seconds=connection.read_timeout,
        system=(name, connection.client),
    )


@contextmanager
def writing_desk(
    parts: Services,
    flow: WriteBack,
    owner: str,
    *,
    urgent: bool,
    until: datetime,
    token: str | None = None,
) -> Iterator["Desk"]:
    """A desk that sends as fast as all functions together may; bulk leaves a permit to others.

    `token` is that of the person in whose name all is written, else it is whom each change names.
    SapThrottled where no permit comes free.
    """

    def out_of_time() -> bool:
        return parts.clock.now() >= until

    from msgspec.structs import replace

    from sapmatch.limits.gate import SharedGate

    name = flow.connection
    permits = parts.permits(name, spare=0 if urgent else 1)
    with _one_by_one(parts, flow, owner, until), permits.held(owner, out_of_time) as permit:
        shared = SharedGate(
            parts.control,
            parts.clock,
            name,
            parts.settings.connections[name].limits,
            batch=flow.batch,
            permit=permit,
        )
        with _writer(parts, name, token) as sap:
            yield replace(reading_desk(parts, name, owner), sap=sap, gate=shared)


@contextmanager
def _writer(parts: Services, name: str, token: str | None) -> Iterator["SapWriter"]:
    if token is None:
        yield parts.clients.writer(name)
        return
    with closing(parts.clients.token_writer(name, token)) as writer:
        yield writer


@contextmanager
def _one_by_one(parts: Services, flow: WriteBack, owner: str, until: datetime) -> Iterator[None]:
    """Upserts by a reference, of which SAP gives the key, are written by one function at a time.

    Two runs that both look before either has written would both create the record.
    """
    from sapmatch.limits.permits import Permits
    from sapmatch.writing.identity import key_fields

    by_key = flow.reference in ((), key_fields(flow))
    if flow.operation != "upsert" or by_key:
        yield
        return

    what = f"{flow.connection}/{flow.entity_set}"
    turns = Permits(parts.control, parts.clock, what, 1, expiry_seconds=_LONGEST)
    with turns.held(owner, lambda: parts.clock.now() >= until) as turn:
        if not turn.is_held:
            raise SapThrottled(f"{what}: another run writes, and time is up; try again")
        yield


def collected(
    parts: Services, flow_name: str, run_id: str, inbox_key: str | None, version_id: str | None
) -> "UpdateFile":
    """The update file of a run: of what is planned, or of a file that was dropped."""
    from sapmatch.writing.update_file import Source, collect, collect_inbox, refuse_inbox

    flows, now = parts.settings.write_backs, parts.clock.now()
    flow = flows.get(flow_name)
    if inbox_key is None:
        return collect(flow_name, parts.intents, parts.objects, run_id, now)
    if flow is None:
        source = Source(key=inbox_key, version_id=version_id)
        return refuse_inbox(flow_name, run_id, source, flows, parts.objects)
    return collect_inbox(
        flow_name,
        flow,
        parts.settings.connections[flow.connection].client,
        inbox_key=inbox_key,
        version_id=version_id,
        intents=parts.intents,
        objects=parts.objects,
        run_id=run_id,
        now=now,
        mapping=mapping_for(flow_name, flow, os.environ),
    )
