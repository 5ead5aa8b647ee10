"""Names of columns for people who do not know SAP's German abbreviations by heart."""

from pathlib import Path

import pytest

from sapmatch.extracting.formats.labels import ABBREVIATIONS, label_of
from sapmatch.model.shape import Field, Shape
from tests.builders.formats import made, page, source, typed_lines

ROW = {"BUKRS": "1010", "Vbeln": "1", "Netwr": "2.00", "MyField": "x"}
FIELDS = (
    Field(name="BUKRS", kind="text"),
    Field(name="Vbeln", kind="text"),
    Field(name="Netwr", kind="decimal", precision=15, scale=2, label="Nettowert"),
    Field(name="MyField", kind="text"),
)


def test_abbreviations_without_a_label_of_saps_get_their_common_name(tmp_path: Path) -> None:
    """A8: BUKRS is the company code, however a service spells it; SAP's own label goes first."""
    (row,) = typed_lines(tmp_path, source(*FIELDS), page(tmp_path, ROW), labels=True)
    assert list(row) == ["Company code", "Sales document", "Nettowert", "MyField"]


def test_the_settings_own_names_go_before_all_others(tmp_path: Path) -> None:
    own = {"Netwr": "Net", "MyField": "Mine", "BUKRS": "Entity"}
    (row,) = typed_lines(tmp_path, source(*FIELDS), page(tmp_path, ROW), labels=own)
    assert list(row) == ["Entity", "Sales document", "Net", "Mine"]


def test_fields_of_flat_rows_that_would_be_called_the_same_stay_apart(tmp_path: Path) -> None:
    item = Shape(entity_set="I", version="V2", keys=("Vbeln",), fields=FIELDS[1:2])
    of = source(*FIELDS[:2], nested={"to_Item": item})
    rows = page(tmp_path, {"BUKRS": "1010", "Vbeln": "1", "to_Item": [{"Vbeln": "1"}]})
    path = made(tmp_path, of, rows, format="csv", nested="flatten", labels=True)
    head = path.read_text().splitlines()[0]
    assert head == "Company code,Sales document (Vbeln),Sales document (to_Item_Vbeln)"


def test_without_labels_every_field_keeps_its_name(tmp_path: Path) -> None:
    (row,) = typed_lines(tmp_path, source(*FIELDS), page(tmp_path, ROW))
    assert list(row) == list(ROW)
    assert label_of(FIELDS[0], {}) == ""


@pytest.mark.parametrize("name", sorted(ABBREVIATIONS))
def test_an_abbreviation_is_one_of_the_dictionary_and_its_label_is_plain(name: str) -> None:
    assert name.isupper()
    assert len(name) == 5
    assert ABBREVIATIONS[name].isprintable()


def test_no_two_abbreviations_of_one_document_are_called_the_same() -> None:
    assert len(set(ABBREVIATIONS.values())) == len(ABBREVIATIONS) >= 60
