"""The prepared pages hold what the benchmark says it reads."""

from typing import Any

import msgspec
import pytest
from lxml import etree

from benchmarks.odata.pages import Pages
from benchmarks.odata.schema import FIELDS, KEY, Version, metadata

ROOT = "http://127.0.0.1:1/service/"
LINKS = {"V2": f"{ROOT}Items?$skiptoken=", "V4": "Items?$skiptoken="}


def opened(pages: Pages, first: int, size: int, version: Version) -> tuple[list[Any], str | None]:
    found = msgspec.json.decode(b"".join(pages.page(first, size)))
    if version == "V2":
        return found["d"]["results"], found["d"].get("__next")
    return found["value"], found.get("@odata.nextLink")


def read(version: Version, rows: int, size: int) -> list[Any]:
    """All rows, page by page as the links say."""
    pages = Pages(version, ROOT, rows)
    first, found = 0, []
    while True:
        page, link = opened(pages, first, size, version)
        found += page
        if link is None:
            return found
        assert link.startswith(LINKS[version])
        assert len(page) == size
        first = int(link.removeprefix(LINKS[version]))


@pytest.mark.parametrize("version", ["V2", "V4"])
@pytest.mark.parametrize(("rows", "sizes"), [(7_300, (1000, 5000)), (35, (10, 100))])
def test_every_row_comes_once_whatever_the_page_size(
    version: Version, rows: int, sizes: tuple[int, int]
) -> None:
    small, large = (read(version, rows, size) for size in sizes)

    assert small == large
    assert len(small) == rows
    assert len({tuple(row[name] for name in KEY) for row in small}) == rows


@pytest.mark.parametrize("version", ["V2", "V4"])
@pytest.mark.parametrize("name", ["PurchaseOrder", "NetAmount", "LastChangeDateTime"])
def test_rows_of_other_blocks_have_values_of_their_own(version: Version, name: str) -> None:
    """The last ones are beyond those that are prepared."""
    pages = Pages(version, ROOT, 1_000_000)

    near, _ = opened(pages, 0, 1000, version)
    far, link = opened(pages, 999_000, 1000, version)

    assert link is None
    assert len(far) == 1000
    assert {row[name] for row in near}.isdisjoint(row[name] for row in far)


def test_a_row_has_30_fields_and_what_sap_says_about_it() -> None:
    v2, v4 = (read(version, 3, 10)[1] for version in ("V2", "V4"))
    note, etag = v2.pop("__metadata"), v4.pop("@odata.etag")

    assert list(v2) == list(v4) == [field.name for field in FIELDS]
    assert len(v2) == 30
    key = f"(PurchaseOrder='{v2['PurchaseOrder']}',PurchaseOrderItem='{v2['PurchaseOrderItem']}')"
    assert note["uri"] == f"{ROOT}Items{key}"
    assert note["etag"] == etag
    assert (v2["CreationDate"], v4["CreationDate"]) == ("/Date(1704153600000)/", "2024-01-02")
    assert v2["LastChangeDateTime"] == "/Date(1700000001000+0000)/"
    assert v4["LastChangeDateTime"] == "2023-11-14T22:13:21.00000Z"
    assert v2["NetAmount"] == v4["NetAmount"] == "200000.36"
    assert v2["AccountAssignmentCategory"] is None


@pytest.mark.parametrize("version", ["V2", "V4"])
def test_the_metadata_declares_every_field(version: Version) -> None:
    document = etree.fromstring(metadata(version))

    declared = [element.get("Name") for element in document.iter("{*}Property")]

    assert declared == [field.name for field in FIELDS]
    types = {element.get("Name"): element.get("Type") for element in document.iter("{*}Property")}
    assert types["CreationDate"] == {"V2": "Edm.DateTime", "V4": "Edm.Date"}[version]
    assert types["NetAmount"] == "Edm.Decimal"
