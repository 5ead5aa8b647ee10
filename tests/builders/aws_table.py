"""Tables in the emulator, each test with its own."""

import uuid
from typing import Any

from sapmatch.aws.clients import client
from sapmatch.aws.table import Table

INDEXES = {
    "by_state": ("state_shard", "updated_at"),
    "by_review": ("review_shard", "opened_at"),
    "by_unsent": ("unsent_shard", "raised_at"),
    "by_due": ("due_shard", "due_at"),
}


def make_table(kind: str, index: str | None = None) -> Table:
    """A new table of records, with one of the indexes that the stacks give it."""
    dynamodb = client("dynamodb")
    names = ["pk", "sk", *(INDEXES[index] if index else ())]
    key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    extra = {}
    if index:
        partition, sort = INDEXES[index]
        schema = [
            {"AttributeName": partition, "KeyType": "HASH"},
            {"AttributeName": sort, "KeyType": "RANGE"},
        ]
        extra["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
        ]
    name = f"{kind}-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        BillingMode="PAY_PER_REQUEST",
        **extra,
    )
    return Table(dynamodb, name)


def repeating(table: Table) -> Table:
    """The same table, where every put is sent twice and the second one's answer is told."""
    return Table(_Repeating(table.client), table.name)  # type: ignore[arg-type]


class _Repeating:
    """botocore repeats a request whose answer it did not get."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_item(self, **request: Any) -> Any:
        self._client.put_item(**request)
        return self._client.put_item(**request)
