"""The shape that all our DynamoDB items share: pk, sk, version, a JSON body, index attributes.

The body is compressed: an order with a thousand items has to fit into DynamoDB's 400 KB.
"""

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct, field

from sapmatch.aws.errors import translated
from sapmatch.model.ledger import Usage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")


class Item(Struct, kw_only=True):
    """One item; `attributes` are plain strings beside the body, for indexes and conditions."""

    pk: str
    sk: str
    version: int = 1
    body: bytes = b"{}"
    attributes: dict[str, str] = field(default_factory=dict)

    def load(self, kind: type[T]) -> T:
        """The body as a typed value."""
        return msgspec.json.decode(self.body, type=kind)


def body(value: Any) -> bytes:
    """A value as the body of an item; equal values give equal bytes."""
    return msgspec.json.encode(value, order="deterministic")


class Table:
    """One DynamoDB table; every read is consistent."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name
        self._lock = Lock()
        self._reads = self._writes = 0.0

    @property
    def usage(self) -> Usage:
        """Units that calls of this object used, as DynamoDB counts them; without transactions."""
        return Usage(self._reads, self._writes)

    def get(self, pk: str, sk: str) -> Item | None:
        """One item, None where there is none."""
        with translated(f"{self.name} {sk}"):
            answer = self.client.get_item(
                TableName=self.name,
                Key=_key(pk, sk),
                ConsistentRead=True,
                ReturnConsumedCapacity="TOTAL",
            )
        self._read(answer)
        return _item(answer["Item"]) if "Item" in answer else None

    def put(self, item: Item, *, expected: int | None = None, new: bool = False) -> None:
        """Write one item; PreconditionFailed where it is not `new`, or not at `expected`."""
        request = self.put_request(item, expected=expected, new=new)
        with translated(f"{self.name} {item.sk}"):
            answer = self.client.put_item(**request, ReturnConsumedCapacity="TOTAL")
        self._wrote(answer)

    def delete(self, pk: str, sk: str, *, newest: int | None = None) -> None:
        """Remove one item if it is there.

        PreconditionFailed where there is none up to the version `newest`.
        """
        request: dict[str, Any] = {}
        if newest is not None:
            request["ConditionExpression"] = "version <= :newest"
            request["ExpressionAttributeValues"] = {":newest": {"N": str(newest)}}
        with translated(f"{self.name} {sk}"):
            answer = self.client.delete_item(
                TableName=self.name, Key=_key(pk, sk), ReturnConsumedCapacity="TOTAL", **request
            )
        self._wrote(answer)

    def query(
        self, pk: str, prefix: str = "", limit: int | None = None, after: str = ""
    ) -> Iterator[Item]:
        """Items of one partition in order, with a sort key that begins with `prefix`, or that is
        behind `after`."""
        values = {":pk": {"S": pk}}
        condition = "pk = :pk"
        if prefix:
            condition += " AND begins_with(sk, :prefix)"
            values[":prefix"] = {"S": prefix}
        elif after:
            condition += " AND sk > :after"
            values[":after"] = {"S": after}
        request = {
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        yield from self._pages("query", request, limit)

    def query_index(self, index: str, attribute: str, value: str) -> Iterator[Item]:
        """Items of one partition of a secondary index, in order of its sort key."""
        request = {
            "IndexName": index,
            "KeyConditionExpression": "#partition = :value",
            "ExpressionAttributeNames": {"#partition": attribute},
            "ExpressionAttributeValues": {":value": {"S": value}},
        }
        yield from self._pages("query", request, None)

    def scan_index(self, index: str) -> Iterator[Item]:
        """All items of a sparse secondary index."""
        yield from self._pages("scan", {"IndexName": index}, None)

    def put_request(
        self, item: Item, *, expected: int | None = None, new: bool = False
    ) -> dict[str, Any]:
        """The parameters of a conditional put, for a call of its own or inside a transaction."""
        attributes: dict[str, Any] = {name: {"S": value} for name, value in item.attributes.items()}
        request: dict[str, Any] = {
            "TableName": self.name,
            "Item": {
                **attributes,
                **_key(item.pk, item.sk),
                "version": {"N": str(item.version)},
                "body": {"B": zlib.compress(item.body)},
            },
        }
        if new:
            request["ConditionExpression"] = "attribute_not_exists(pk)"
        elif expected is not None:
            request["ConditionExpression"] = "version = :expected"
            request["ExpressionAttributeValues"] = {":expected": {"N": str(expected)}}
        return request

    def _read(self, answer: Mapping[str, Any]) -> None:
        with self._lock:
            self._reads += _units(answer)

    def _wrote(self, answer: Mapping[str, Any]) -> None:
        with self._lock:
            self._writes += _units(answer)

    def _pages(self, call: str, request: Mapping[str, Any], limit: int | None) -> Iterator[Item]:
        left = limit
        more: dict[str, Any] = {}
        while True:
            with translated(self.name):
                answer = getattr(self.client, call)(
                    TableName=self.name,
                    ReturnConsumedCapacity="TOTAL",
                    **request,
                    **more,
                    **({"Limit": left} if left else {}),
                )
            self._read(answer)
            yield from map(_item, answer["Items"])
            if left is not None:
                left -= len(answer["Items"])
            if "LastEvaluatedKey" not in answer or left == 0:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def streamed(image: Mapping[str, Any]) -> Item:
    """An item as a stream's event holds it: bytes are base64 there."""
    return _item({**image, "body": {"B": base64.b64decode(image["body"]["B"])}})


def transact(client: "DynamoDBClient", puts: Sequence[Mapping[str, Any]], subject: str) -> None:
    """All puts or none; PreconditionFailed where any condition does not hold."""
    with translated(subject):
        client.transact_write_items(TransactItems=[{"Put": put} for put in puts])  # type: ignore[typeddict-item]


def _units(answer: Mapping[str, Any]) -> float:
    return float(answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0))


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _item(raw: Mapping[str, Any]) -> Item:
    known = {"pk", "sk", "version", "body"}
    return Item(
        pk=raw["pk"]["S"],
        sk=raw["sk"]["S"],
        version=int(raw["version"]["N"]),
        body=zlib.decompress(raw["body"]["B"]),
        attributes={name: value["S"] for name, value in raw.items() if name not in known},
    )
