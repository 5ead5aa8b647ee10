"""Published runs of rows that a test writes down, and an index that is fed from them."""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from sapmatch.extracting.index import IndexResult, index_run
from sapmatch.extracting.run import (
    Chunk,
    ChunkResult,
    Plan,
    Published,
    Source,
    deleted_key,
    done_key,
    page_key,
    vanished_key,
)
from sapmatch.matching.keys import order_keys, posted_keys
from sapmatch.model.flow import Output
from sapmatch.model.ports import Ledger
from sapmatch.model.shape import Shape
from tests.builders.memory import MemoryObjects
from tests.builders.memory_ledger import MemoryLedger
from tests.builders.sap_rows import COMPANIES

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
Rows = Mapping[str, Iterable[Any]]


class IndexDesk:
    """Runs of one extraction, planned a minute after each other, into one index."""

    def __init__(self, orders: Ledger | None = None) -> None:
        self.objects = MemoryObjects()
        self.orders: Any = orders or MemoryLedger()
        self.plans: list[Plan] = []

    def plan(
        self,
        rows: Rows,
        *,
        deleted: Rows | None = None,
        vanished: Rows | None = None,
        page: int = 1000,
    ) -> Plan:
        """Store a run that read these rows; sets by their names without `A_`."""
        names = sorted({*rows, *(deleted or {}), *(vanished or {})}, key=_given([*rows]))
        number = len(self.plans)
        plan = Plan(
            extraction="orders",
            run_id=f"run-{number:03d}",
            connection="s4",
            sources=tuple(_source(f"A_{name}") for name in names),
            chunks=tuple(Chunk(number=n, source=n) for n in range(len(names))),
            index=True,
            planned_at=(START + timedelta(minutes=number)).isoformat(),
        )
        for chunk, name in zip(plan.chunks, names, strict=True):
            gone = list((deleted or {}).get(name, ()))
            self._read(plan, chunk, list(rows.get(name, ())), gone, page)
            lines = _lines((vanished or {}).get(name, ()))
            self.objects.write(vanished_key(plan, f"A_{name}"), lines)
        self.plans.append(plan)
        return plan

    def index(self, plan: Plan, out_of_time: Callable[[], bool] = lambda: False) -> IndexResult:
        """One call."""
        with tempfile.TemporaryDirectory() as folder:
            return index_run(
                plan,
                _published(plan),
                objects=self.objects,
                orders=self.orders,
                client="100",
                company_codes=COMPANIES,
                order_keys=order_keys,
                posted_keys=posted_keys,
                workspace=Path(folder),
                out_of_time=out_of_time,
            )

    def run(self, rows: Rows, **more: Any) -> IndexResult:
        """Store a run and index it."""
        return self.index(self.plan(rows, **more))

    def _read(
        self, plan: Plan, chunk: Chunk, rows: list[Any], deleted: list[Any], size: int
    ) -> None:
        prefix = plan.prefix(chunk)
        pages = [rows[at : at + size] for at in range(0, len(rows), size)] or [[]]
        for number, page in enumerate(pages):
            self.objects.write(page_key(plan, chunk, number), _lines(page))
        if deleted:
            self.objects.write(deleted_key(prefix, len(pages) - 1), _lines(deleted))
        result = ChunkResult(
            entity_set=plan.source_of(chunk).entity_set,
            number=chunk.number,
            rows=len(rows),
            pages=len(pages),
            bytes=0,
            sha256="",
            deleted=len(deleted),
        )
        self.objects.write(done_key(prefix), msgspec.json.encode(result))


def _given(names: list[str]) -> Callable[[str], int]:
    return lambda name: names.index(name) if name in names else len(names)


def _lines(rows: Iterable[Any]) -> bytes:
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows
    )


def _source(entity_set: str) -> Source:
    shape = Shape(entity_set=entity_set, version="V2", keys=("Key",), fields=())
    return Source(service="/s", entity_set=entity_set, shape=shape)


def _published(plan: Plan) -> Published:
    return Published(
        extraction=plan.extraction,
        run_id=plan.run_id,
        planned_at=plan.planned_at,
        published_at=plan.planned_at,
        output=Output(),
        sets=(),
    )
