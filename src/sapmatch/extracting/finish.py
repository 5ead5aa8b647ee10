"""Check a run, publish it, and only then feed the order index."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from sapmatch.extracting.chunk import ChunkResult, done_key, page_key
from sapmatch.extracting.counts import explained
from sapmatch.extracting.plan import Chunk, Plan, run_prefix
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.order import Order, PostedInvoice
from sapmatch.model.ports import Objects, OrderKey, Orders, OrderScope, SapReader
from sapmatch.model.query import Query

ToOrders = Callable[
    [Mapping[str, Iterable[bytes | Record]]], tuple[list[Order], list[PostedInvoice]]
]


class PublishedChunk(Struct, frozen=True, kw_only=True):
    """One line of `_SUCCESS`; `note` explains where SAP changed while it was read."""

    result: ChunkResult
    counted: int
    note: str | None = None


class Published(Struct, frozen=True, kw_only=True):
    """`_SUCCESS`: what readers may rely on; they ignore a run without it."""

    extraction: str
    run_id: str
    chunks: tuple[PublishedChunk, ...]
    schema: int = 1


class FinishResult(Struct, frozen=True, kw_only=True):
    """Counts of a published run; `*_changed` are those that the order index did not know so."""

    extraction: str
    run_id: str
    rows: dict[str, int] = field(default_factory=dict)
    pages: int = 0
    bytes: int = 0
    notes: tuple[str, ...] = ()
    orders: int = 0
    orders_changed: int = 0
    orders_skipped: int = 0  # too large for the index; `notes` names them
    posted: int = 0
    posted_changed: int = 0


def finish_extraction(
    plan: Plan,
    *,
    client: str,
    sap: SapReader,
    objects: Objects,
    orders: Orders | None,
    to_orders: ToOrders,
    order_keys: Callable[[Order], Sequence[OrderKey]],
    posted_keys: Callable[[PostedInvoice], Sequence[OrderKey]],
) -> FinishResult:
    """Publish the run under `_SUCCESS`, then put its orders into the index.

    `orders` None, or a plan that does not feed the index: nothing is put. Raises InputRejected
    where a chunk is not done, or where rows are missing.
    """
    published = _publish(plan, sap, objects)
    result = _result(published)
    if orders is None or not plan.index:
        return result
    found, posted = to_orders(_rows(plan, published, objects))
    changed, skipped = _feed(orders, found, order_keys, plan.planned_at)
    posted_changed = sum(
        orders.put_posted(
            _scope(plan, client, invoice), invoice, posted_keys(invoice), as_of=plan.planned_at
        )
        for invoice in posted
    )
    return msgspec.structs.replace(
        result,
        orders=len(found),
        orders_changed=changed,
        orders_skipped=len(skipped),
        notes=(*result.notes, *skipped),
        posted=len(posted),
        posted_changed=posted_changed,
    )


def _feed(
    orders: Orders,
    found: Iterable[Order],
    order_keys: Callable[[Order], Sequence[OrderKey]],
    as_of: str,
) -> tuple[int, list[str]]:
    """How many changed, and what is wrong with those that the index refuses."""
    changed, skipped = 0, []
    for order in found:
        try:
            changed += orders.put(order, order_keys(order), as_of=as_of)
        except InputRejected as exc:
            skipped.append(str(exc))
    return changed, skipped


def _publish(plan: Plan, sap: SapReader, objects: Objects) -> Published:
    key = f"{run_prefix(plan.extraction, plan.run_id)}_SUCCESS"
    if objects.exists(key):
        return msgspec.json.decode(objects.read(key), type=Published)
    results = [(chunk, _done(chunk, objects)) for chunk in plan.chunks]
    published = Published(
        extraction=plan.extraction,
        run_id=plan.run_id,
        chunks=tuple(_checked(chunk, result, sap) for chunk, result in results),
    )
    objects.write(key, msgspec.json.encode(published))
    return published


def _done(chunk: Chunk, objects: Objects) -> ChunkResult:
    if not objects.exists(done_key(chunk)):
        raise InputRejected(
            f"extraction {chunk.extraction}, run {chunk.run_id}: chunk {chunk.number} "
            f"({chunk.entity_set}) is not done; run it again, then finish"
        )
    return msgspec.json.decode(objects.read(done_key(chunk)), type=ChunkResult)


def _checked(chunk: Chunk, result: ChunkResult, sap: SapReader) -> PublishedChunk:
    what = f"extraction {chunk.extraction}, run {chunk.run_id}, {chunk.entity_set}"
    note = explained(
        what,
        result.rows,
        chunk.count,
        lambda: sap.count(chunk.service, chunk.entity_set, Query(filter=chunk.filter)),
    )
    return PublishedChunk(result=result, counted=chunk.count, note=note)


def _result(published: Published) -> FinishResult:
    rows: dict[str, int] = {}
    for chunk in published.chunks:
        name = chunk.result.entity_set
        rows[name] = rows.get(name, 0) + chunk.result.rows
    return FinishResult(
        extraction=published.extraction,
        run_id=published.run_id,
        rows=rows,
        pages=sum(chunk.result.pages for chunk in published.chunks),
        bytes=sum(chunk.result.bytes for chunk in published.chunks),
        notes=tuple(f"{c.result.entity_set}: {c.note}" for c in published.chunks if c.note),
    )


def _rows(
    plan: Plan, published: Published, objects: Objects
) -> dict[str, Iterable[bytes | Record]]:
    """Entity set -> its rows from the stored pages, one page in memory at a time."""
    names = {chunk.entity_set for chunk in plan.chunks}
    parts = list(zip(plan.chunks, published.chunks, strict=True))
    return {
        name: _lines([(c, p.result.pages) for c, p in parts if c.entity_set == name], objects)
        for name in sorted(names)
    }


def _lines(chunks: Sequence[tuple[Chunk, int]], objects: Objects) -> Iterator[bytes]:
    for chunk, pages in chunks:
        for number in range(pages):
            yield from objects.read(page_key(chunk, number)).splitlines()


def _scope(plan: Plan, client: str, invoice: PostedInvoice) -> OrderScope:
    return OrderScope(plan.connection, client, invoice.company_code)
