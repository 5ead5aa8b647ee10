"""Shows what a run of an extraction holds, in the words of its own `_SUCCESS`."""

from collections.abc import Sequence

import boto3
from msgspec import Struct
from rich.table import Table

from sapmatch.aws.orders import DynamoOrders
from sapmatch.aws.table import Table as DynamoTable
from sapmatch.extracting.positions import published_of
from sapmatch.extracting.run import Plan, Published, load_plan, load_published
from sapmatch.matching.keys import order_keys
from sapmatch.model.ports import Control, Objects, OrderKey, OrderScope


class Extract(Struct, frozen=True, kw_only=True):
    """The last good run of an extraction."""

    plan: Plan
    published: Published


class Found(Struct, frozen=True, kw_only=True):
    """What the order index answers for a key, and with which calls to DynamoDB."""

    key: OrderKey
    orders: tuple[str, ...]
    calls: tuple[str, ...]


def last_good(extraction: str, control: Control, objects: Objects) -> Extract:
    """The run that readers see; LookupError where none was published."""
    pointer = published_of(control, extraction)
    published = load_published(extraction, pointer.run_id, objects) if pointer else None
    if published is None:
        raise LookupError(f"extraction {extraction}: no run was published")
    return Extract(plan=load_plan(extraction, published.run_id, objects), published=published)


def table(extract: Extract) -> Table:
    """Entity sets as people read them."""
    title = f"What was read from SAP: {extract.plan.extraction}, run {extract.plan.run_id}"
    result = Table(title=title, title_justify="left")
    result.add_column("Entity set")
    for name in ("Rows", "Counted by SAP", "Pages", "Files", "Chunks"):
        result.add_column(name, justify="right")
    for row in rows(extract):
        result.add_row(*("-" if cell is None else str(cell) for cell in row))
    return result


def rows(extract: Extract) -> list[Sequence[object]]:
    """Per entity set: rows, SAP's own count, pages, files, chunks."""
    plan = extract.plan
    chunks = [len(plan.chunks_of(number)) for number in range(len(plan.sources))]
    return [
        (s.entity_set, s.rows, s.counted, s.pages, len(s.files), count)
        for s, count in zip(extract.published.sets, chunks, strict=True)
    ]


def find(orders_table: str, scope: OrderScope, order_id: str) -> Found:
    """Ask the order index for a key of the order, and watch what that takes."""
    client = boto3.client("dynamodb")
    orders = DynamoOrders(DynamoTable(client, orders_table))
    indexed = orders.get(scope, order_id)
    if indexed is None:
        raise LookupError(f"order {order_id}: is not in the order index")
    key = sorted(order_keys(indexed.order))[0]
    calls: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    return Found(key=key, orders=orders.find(scope, key, 500), calls=tuple(calls))
