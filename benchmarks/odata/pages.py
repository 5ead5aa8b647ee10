"""The prepared pages: rows as SAP writes them in JSON, V2 and V4."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from benchmarks.odata.schema import ENTITY_SET, Version

BLOCK = 1000  # rows that are made at once; a page is one block or several
_PREPARED = 100  # blocks kept in memory
_MARK = b"@@@@@"  # stands in a block for its number, so that every row of a run has its own key
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Pages:
    """The bodies of one service, for up to 100,000,000 rows, each with a key of its own."""

    def __init__(self, version: Version, root: str, rows: int) -> None:
        self._version = version
        self._root = root  # address of the service, with the slash at its end
        self._total = rows
        self._pattern = [self._row(n) for n in range(min(BLOCK, rows))]
        blocks = min(_PREPARED, -(-rows // BLOCK))
        self._blocks = [self._numbered(number) for number in range(blocks)]

    def page(self, first: int, size: int) -> list[bytes]:
        """The page that begins with row `first`, in parts.

        `size` is a multiple of BLOCK, or BLOCK a multiple of it.
        """
        last = min(first + size, self._total)
        head, tail = self._frame(last)
        return [head, *self._rows(first, last), tail]

    def _rows(self, first: int, last: int) -> Iterator[bytes]:
        for begin in range(first, last, BLOCK):
            if begin > first:
                yield b","
            number, offset = divmod(begin, BLOCK)
            end = offset + last - begin
            whole = offset == 0 and end >= len(self._pattern)
            yield self._block(number) if whole else self._numbered(number, offset, end)

    def _block(self, number: int) -> bytes:
        return self._blocks[number] if number < len(self._blocks) else self._numbered(number)

    def _numbered(self, number: int, begin: int = 0, end: int = BLOCK) -> bytes:
        return b",".join(self._pattern[begin:end]).replace(_MARK, b"%05d" % number)

    def _row(self, n: int) -> bytes:
        fields = {name: _written(value, self._version) for name, value in values(n).items()}
        return msgspec.json.encode(self._notes(fields, n) | fields)

    def _notes(self, fields: dict[str, Any], n: int) -> dict[str, Any]:
        """What SAP says about the row itself."""
        etag = f"W/\"datetimeoffset'2026-01-{n % 28 + 1:02}T10%3A00%3A00.0000000Z'\""
        if self._version == "V4":
            return {"@odata.etag": etag}
        order, item = fields["PurchaseOrder"], fields["PurchaseOrderItem"]
        key = f"PurchaseOrder='{order}',PurchaseOrderItem='{item}'"
        address = f"{self._root}{ENTITY_SET}({key})"
        note = {"id": address, "uri": address, "type": "BENCH_SRV.Item", "etag": etag}
        return {"__metadata": note}

    def _frame(self, last: int) -> tuple[bytes, bytes]:
        """What stands around the rows; V2 links are whole addresses, V4 links relative ones."""
        link = f"{ENTITY_SET}?$skiptoken={last}"
        more = last < self._total
        if self._version == "V2":
            return b'{"d":{"results":[', b"]%s}}" % (_link("__next", self._root + link) * more)
        head = b'{"@odata.context":"$metadata#%s","value":[' % ENTITY_SET.encode()
        return head, b"]%s}" % (_link("@odata.nextLink", link) * more)


def _link(name: str, address: str) -> bytes:
    return f',"{name}":"{address}"'.encode()


def values(n: int) -> dict[str, Any]:
    """The fields of row n of a block; decimals are strings, as SAP sends them.

    The order number holds a mark where the number of the block goes.
    """
    quantity, cents = n % 400 + 1, 1099 + 37 * n
    total = quantity * cents
    day = date(2024, 1, 1) + timedelta(days=n % 500)
    return {
        "PurchaseOrder": f"45{_MARK.decode()}{n // 10:03}",
        "PurchaseOrderItem": f"{n % 10 * 10 + 10:05}",
        "PurchaseOrderItemText": f"Power supply 24 V, 5 A, hat rail, type {n % 97}",
        "CompanyCode": "1010",
        "Plant": "1010",
        "StorageLocation": "101A" if n % 3 else "",
        "MaterialGroup": f"L{n % 9:03}",
        "Material": f"TG{n % 300:04}",
        "Supplier": f"10300{n % 80:03}",
        "SupplierMaterialNumber": "" if n % 4 else f'Ü-{n:06}/"{n % 7}"',
        "DocumentCurrency": "EUR",
        "TaxCode": "V1",
        "PurchaseOrderQuantityUnit": "PC",
        "OrderQuantity": f"{quantity}.000",
        "NetPriceAmount": f"{cents // 100}.{cents % 100:02}",
        "NetPriceQuantity": "1",
        "NetAmount": f"{total // 100}.{total % 100:02}",
        "GrossAmount": f"{total // 100}.{total % 100:02}",
        "ItemNetWeight": f"{n % 90}.{n % 1000:03}",
        "OverdelivTolrtdLmtRatioInPct": "10.0" if n % 2 else "0.0",
        "CreationDate": day,
        "ScheduleLineDeliveryDate": day + timedelta(days=n % 60),
        "PriceDate": day if n % 5 else None,
        "LastChangeDateTime": datetime(2025, n % 12 + 1, 5, n % 24, n % 60, n % 59, tzinfo=UTC),
        "ScheduleLines": n % 6 + 1,
        "RevisionNumber": n % 30,
        "IsCompletelyDelivered": n % 2 == 0,
        "IsFinallyInvoiced": n % 3 == 0,
        "GoodsReceiptIsExpected": True,
        "AccountAssignmentCategory": None if n % 2 else "K",
    }


def _written(value: Any, version: Version) -> Any:
    if not isinstance(value, date):
        return value
    if version == "V4":
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime):
        return f"/Date({(value - _EPOCH) // timedelta(milliseconds=1)}+0000)/"
    return f"/Date({(value - _EPOCH.date()) // timedelta(milliseconds=1)})/"
