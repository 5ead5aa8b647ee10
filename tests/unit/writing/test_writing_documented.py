"""docs/writing.md says what there is."""

import re
from pathlib import Path

import msgspec

from sapmatch.writing.files.rows import MOST_BYTES, MOST_RECORDS
from sapmatch.writing.mapping.functions import FUNCTIONS
from sapmatch.writing.mapping.table import COLUMNS as MAPPING_COLUMNS
from sapmatch.writing.response_file import COLUMNS, STATUSES
from sapmatch.writing.update_file import MOST_DROPPED, UpdateFile
from sapmatch.writing.update_file import MOST_RECORDS as MOST_PER_RUN

PAGE = (Path(__file__).parents[3] / "docs" / "writing.md").read_text(encoding="utf-8")


def test_every_function_column_field_and_status_is_explained() -> None:
    names = {*FUNCTIONS, *MAPPING_COLUMNS, *COLUMNS, *STATUSES}
    missing = [name for name in names if not re.search(rf"`[^`]*\b{name}\b[^`]*`", PAGE)]
    assert missing == []


def test_the_limits_are_those_of_the_code() -> None:
    for limit in (MOST_BYTES, MOST_RECORDS, MOST_DROPPED, MOST_PER_RUN):
        assert f"{limit:,}" in PAGE


def test_the_update_file_that_is_shown_is_one() -> None:
    shown = PAGE.split("```json\n")[1].split("```")[0]
    file = msgspec.json.decode(shown.encode(), type=UpdateFile, strict=True)
    fields = set(msgspec.json.decode(shown.encode()))
    assert fields == set(msgspec.to_builtins(UpdateFile(flow="orders", run_id="r")))
    assert set(msgspec.json.decode(shown.encode())["records"][0]) == set(
        msgspec.to_builtins(file.records[0])
    )
