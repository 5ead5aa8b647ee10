"""One field of one service: what `rows()` makes of it, and what a create sends of it."""

import json
from typing import Any

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.intent import Record
from sapmatch.sap.odata.metadata import Metadata, Version
from tests.builders import edmx
from tests.builders.sap_server import SERVICE, Received, SapServer, client_of, data, in_turn, rows

SERVICE_V4 = "/sap/opu/odata4/sap/api_test/srvd_a2x/sap/orders/0001"
PATHS: dict[Version, str] = {"V2": SERVICE, "V4": SERVICE_V4}


def orders(version: Version, *fields: str, **types: str) -> Metadata:
    """Orders with a key and the fields, as XML or as name and Edm type."""
    named = [f'<Property Name="{name}" Type="{kind}"/>' for name, kind in types.items()]
    order = edmx.ORDER.format(more="".join([*fields, *named]))
    return edmx.v2(order) if version == "V2" else edmx.v4(order)


def read(metadata: Metadata, *found: Record) -> list[Record]:
    """What a server that sends these rows makes the caller see."""
    reply = rows(*found) if metadata.version == "V2" else data({"value": found})
    with SapServer(in_turn(reply)) as server, client_of(server) as client:
        service = client.service(PATHS[metadata.version], metadata=metadata)
        return list(service.rows("Orders"))


def values(version: Version, type: str, *found: Any) -> list[Any]:
    """The same for the values of one field `F`."""
    return [row["F"] for row in read(orders(version, F=type), *({"F": value} for value in found))]


def created(metadata: Metadata, record: Record, **options: Any) -> Received:
    """The request that arrives where the record is created."""
    path = PATHS[metadata.version]
    row = {"ID": "1"}
    reply = data({"d": row} if metadata.version == "V2" else row, 201)
    settings = {path: ServiceOptions(**options)}
    with (
        SapServer(in_turn(reply)) as server,
        client_of(server, csrf="never", services=settings) as client,
    ):
        client.service(path, metadata=metadata).create("Orders", record)
    return server.requests[0]


def written(version: Version, type: str, value: Any, **options: Any) -> str:
    """The JSON text of one field `F` as it arrives, spaces left out."""
    body = created(orders(version, F=type), {"F": value}, **options).body.decode()
    assert set(json.loads(body)) == {"F"}
    return body.removeprefix('{"F":').removesuffix("}")
