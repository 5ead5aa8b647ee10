"""docs/examples: each settings file is right, and each of its extractions can be planned."""

from pathlib import Path

import pytest

from sapmatch.extracting.plan import plan_extraction
from sapmatch.model.flow import EntitySet
from sapmatch.model.presets import PRESETS, entity_sets_of
from sapmatch.model.query import Query, field
from sapmatch.model.shape import Field, Kind, Shape
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.shapes import shape
from sapmatch.settings import load
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryObjects
from tests.builders.moving_sap import MovingSap

EXAMPLES = sorted(Path("docs/examples").glob("*.toml"))
ASKED_FOR = {"order_sync", "master_data", "financial_documents", "procurement", "inventory"}


def sap_of(entity_sets: tuple[EntitySet, ...]) -> MovingSap:
    """A SAP that has the sets, with a key, the time of change and the expansions."""
    sap = MovingSap(*(shape_of(each) for each in entity_sets))
    sap.filters = {each.filter: field("Id").ne("") for each in entity_sets if each.filter}
    for each in entity_sets:
        sap.put(each.name, Id="1")
    return sap


def shape_of(entity_set: EntitySet) -> Shape:
    key = Field(name="Id", kind="text", nullable=False)
    kind: Kind = "moment" if (entity_set.field or "").endswith("DateTime") else "date"
    times = (Field(name=entity_set.field, kind=kind),) if entity_set.field else ()
    nested = {
        name: Shape(entity_set=name, version="V2", keys=("Id",), fields=(key,))
        for name in entity_set.expand
    }
    return Shape(
        entity_set=entity_set.name,
        version="V2",
        keys=("Id",),
        fields=(key, *times),
        nested=nested,
    )


def test_there_is_an_example_for_each_common_use() -> None:
    assert {path.stem for path in EXAMPLES} == ASKED_FOR


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_run_of_each_extraction_can_be_planned(path: Path) -> None:
    settings = load(path)
    assert settings.extractions
    for name, extraction in settings.extractions.items():
        entity_sets = entity_sets_of(extraction)
        plan = plan_extraction(
            name,
            extraction,
            "2026-11-02T08:00:00Z",
            sap=sap_of(entity_sets),
            objects=MemoryObjects(),
            control=MemoryControl(),
            now=START,
        )
        assert [each.entity_set for each in plan.sources] == [each.name for each in entity_sets]
        assert [chunk.source for chunk in plan.chunks] == [*range(len(entity_sets))]
        assert all(each.counted == 1 and each.is_snapshot for each in plan.sources)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_sets_of_an_example_fit_the_metadata_of_sap(path: Path, real_data: Path) -> None:
    known = {found.stem: found for found in (real_data / "edmx").rglob("*.edmx")}
    for extraction in load(path).extractions.values():
        for each in extraction.entity_sets:
            service = each.service.rpartition("/")[2]
            if service in known:
                metadata = parse_metadata(known[service].read_bytes())
                found = shape(metadata, each.name, Query(expand=each.expand, select=each.select))
                assert each.field is None or found.field(each.field)
                assert found.nested.keys() == set(each.expand)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_on_extractions_names_the_example(path: Path) -> None:
    assert f"examples/{path.name}" in Path("docs/extraction.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("preset", PRESETS)
def test_the_pages_name_every_preset_with_its_sets(preset: str) -> None:
    assert f"`{preset}`" in Path("docs/configuration.md").read_text(encoding="utf-8")
    page = Path("docs/extraction.md").read_text(encoding="utf-8")
    (line,) = (line for line in page.splitlines() if line.startswith(f"| `{preset}` |"))
    assert line.split("|")[2].strip() == ", ".join(each.name for each in PRESETS[preset])
