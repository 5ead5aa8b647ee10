"""Orders in files, as `sapmatch extract` writes them: rows by entity set."""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from sapmatch.model.errors import InputRejected

ENTITY_SETS = (
    "A_PurchaseOrder",
    "A_PurchaseOrderItem",
    "A_PurchaseOrderScheduleLine",
    "A_PurOrdPricingElement",
    "A_SalesOrder",
    "A_SalesOrderItem",
    "A_MaterialDocumentHeader",
    "A_MaterialDocumentItem",
    "A_SupplierInvoice",
    "A_SuplrInvcItemPurOrdRef",
    "A_Supplier",
    "A_Customer",
    "A_BusinessPartner",
    "A_BusinessPartnerTaxNumber",
    "A_BusinessPartnerBank",
)
_HEADS = frozenset({"A_PurchaseOrder", "A_SalesOrder"})
_UNREAD = (".parquet", ".csv", ".gz", ".zst")
_decoder = msgspec.json.Decoder(dict[str, list[dict[str, Any]]], float_hook=Decimal)


def order_rows(path: Path, files: ExitStack) -> dict[str, Any]:
    """Rows by entity set: of a folder of NDJSON files, of one such file, or of one JSON object."""
    if path.is_file() and path.suffix == ".json":
        whole = _object(path)
        _require_heads(path, whole.keys())
        return whole
    found = sorted(path.glob("*")) if path.is_dir() else [path]
    rows = [file for file in found if file == path or file.suffix == ".ndjson"]
    named = {file.stem: file for file in rows if file.stem in ENTITY_SETS}
    _refuse_unread(found, named)
    if not named:
        raise InputRejected(
            f"{path}: holds no orders; name the files after their entity sets, "
            "such as A_PurchaseOrder.ndjson"
        )
    _require_heads(path, named.keys())
    try:
        return {name: _lines(files.enter_context(file.open("rb"))) for name, file in named.items()}
    except OSError as exc:
        raise InputRejected(f"{exc.filename}: cannot be read ({exc.strerror})") from exc


def _require_heads(path: Path, names: Set[str]) -> None:
    """Without heads no item belongs to an order, and nothing could ever be found."""
    if _HEADS.isdisjoint(names):
        raise InputRejected(
            f"{path}: holds no head of an order; extract A_PurchaseOrder or A_SalesOrder as well"
        )


def _refuse_unread(found: Sequence[Path], named: Mapping[str, Path]) -> None:
    """A set that is left out for its format would change decisions without a word."""
    for file in found:
        name = file.name.partition(".")[0]
        read_instead = named.get(name, file) != file
        if name in ENTITY_SETS and file.name.endswith(_UNREAD) and not read_instead:
            raise InputRejected(
                f"{file}: only uncompressed NDJSON is read; extract {name} again with "
                "--format ndjson and without --compression"
            )


def _lines(file: Any) -> Iterator[bytes]:
    return (line for line in file if line.strip())


def _object(path: Path) -> dict[str, Any]:
    try:
        return _decoder.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InputRejected(
            f'{path}: must be {{"A_PurchaseOrder": [rows], ...}}, or NDJSON files: {exc}'
        ) from exc
