"""Cut an extraction into chunks that can be read side by side."""

from datetime import datetime

import msgspec
from msgspec import Struct

from sapmatch.model.flow import EntitySet, Extraction
from sapmatch.model.ports import Objects, SapReader
from sapmatch.model.query import Query


class Chunk(Struct, frozen=True, kw_only=True):
    """One part of a run that is read by itself; `count` is what SAP counted when it was planned."""

    extraction: str
    run_id: str
    number: int
    service: str
    entity_set: str
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    filter: str | None = None
    page_size: int
    count: int

    @property
    def prefix(self) -> str:
        """Where the objects of this chunk lie."""
        return f"{run_prefix(self.extraction, self.run_id)}{self.entity_set}/{self.number:05d}/"

    @property
    def query(self) -> Query:
        """What is asked of SAP."""
        return Query(
            select=self.select, expand=self.expand, filter=self.filter, page_size=self.page_size
        )


class Plan(Struct, frozen=True, kw_only=True):
    """One run of an extraction."""

    extraction: str
    run_id: str
    connection: str
    index: bool
    chunks: tuple[Chunk, ...]
    planned_at: str = ""  # ISO, UTC: what SAP says is as old as this at most
    schema: int = 1


def run_prefix(extraction: str, run_id: str) -> str:
    """Where the objects of one run lie."""
    return f"extracts/{extraction}/{run_id}/"


def plan_extraction(
    name: str, extraction: Extraction, run_id: str, *, sap: SapReader, now: datetime
) -> Plan:
    """One chunk per entity set, each with SAP's own count to check against (RE-19)."""
    chunks = tuple(
        _chunk(name, extraction, run_id, number, entity_set, sap)
        for number, entity_set in enumerate(extraction.entity_sets)
    )
    return Plan(
        extraction=name,
        run_id=run_id,
        connection=extraction.connection,
        index=extraction.index,
        chunks=chunks,
        planned_at=now.isoformat(),
    )


def store_plan(plan: Plan, objects: Objects) -> Plan:
    """Keep the plan of a run; the one that was kept first stays and is returned."""
    if objects.write_once(_key(plan.extraction, plan.run_id), msgspec.json.encode(plan)):
        return plan
    return load_plan(plan.extraction, plan.run_id, objects)


def load_plan(extraction: str, run_id: str, objects: Objects) -> Plan:
    """The plan of a run; raises InputRejected where none was kept."""
    return msgspec.json.decode(objects.read(_key(extraction, run_id)), type=Plan)


def _key(extraction: str, run_id: str) -> str:
    return f"{run_prefix(extraction, run_id)}plan.json"


def _chunk(
    name: str, extraction: Extraction, run_id: str, number: int, source: EntitySet, sap: SapReader
) -> Chunk:
    return Chunk(
        extraction=name,
        run_id=run_id,
        number=number,
        service=source.service,
        entity_set=source.name,
        select=source.select,
        expand=source.expand,
        filter=source.filter,
        page_size=extraction.page_size,
        count=sap.count(source.service, source.name, Query(filter=source.filter)),
    )
