"""The prepared pages: rows as SAP writes them in JSON, V2 and V4."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from benchmarks.odata.schema import ENTITY_SET, Version

BLOCK = 1000  # rows that are made at once; a page is one block or several
_PREPARED = 100  # blocks kept in memory
# Stands in a block for its number: every row of a run has a key, amounts and a moment of its own,
# so that no reader gains by keeping what it converted.
MARK = "@@@@@"
_BEGIN = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000000 ms after the epoch
_EPOCH = date(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)


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
        return b",".join(self._pattern[begin:end]).replace(MARK.encode(), b"%05d" % number)

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

    MARK stands where the number of the block goes.
    """
    quantity, cents = n % 400 + 1, 1099 + 37 * n
    total = f"{n + 1}{MARK}.{cents % 100:02}"
    day = date(2024, 1, 1) + timedelta(days=n % 500)
    return {
        "PurchaseOrder": f"45{MARK}{n // 10:03}",
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
        "NetAmount": total,
        "GrossAmount": total,
        "ItemNetWeight": f"{n % 90}.{n % 1000:03}",
        "OverdelivTolrtdLmtRatioInPct": "10.0" if n % 2 else "0.0",
        "CreationDate": day,
        "ScheduleLineDeliveryDate": day + timedelta(days=n % 60),
        "PriceDate": day if n % 5 else None,
        "LastChangeDateTime": _BEGIN + timedelta(seconds=n),
        "ScheduleLines": n % 6 + 1,
        "RevisionNumber": n % 30,
        "IsCompletelyDelivered": n % 2 == 0,
        "IsFinallyInvoiced": n % 3 == 0,
        "GoodsReceiptIsExpected": True,
        "AccountAssignmentCategory": None if n % 2 else "K",
    }


def _written(value: Any, version: Version) -> Any:
    match value:
        case datetime() if version == "V2":
            return f"/Date(17{MARK}{(value - _BEGIN) // _MILLISECOND:06}+0000)/"
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%S}.{MARK}Z"
        case date() if version == "V2":
            return f"/Date({(value - _EPOCH) // _MILLISECOND})/"
        case date():
            return value.isoformat()
    return value
