"""A default gives way; a setting that somebody wrote and that does nothing is a mistake."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Extraction
from sapmatch.model.presets import PRESETS
from sapmatch.settings import parse

CONNECTION = """
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
auth = {{ type = "basic", secret = "env:S4" }}
limits = {{ parallel = {bears} }}

[extractions.things]
connection = "s4"
"""
ORDERS = 'service = "/sap/opu/odata/sap/Z_SRV", name = "Orders"'
READ = f"entity_sets = [{{ {ORDERS} }}]\n"


def things(block: str, bears: int = 4) -> Extraction:
    text = CONNECTION.format(bears=bears) + block
    return parse(text.encode(), "sapmatch.toml").extractions["things"]


def mistake(block: str, bears: int = 4) -> tuple[str, str]:
    """Place and message of the only mistake of the block."""
    with pytest.raises(InputRejected) as caught:
        things(block, bears)
    (found,) = caught.value.problems
    return str(found.field).removeprefix("extractions.things."), found.message


@pytest.mark.parametrize(("bears", "reads"), [(2, 2), (4, 4), (50, 4)])
def test_an_extraction_that_names_no_parallel_keeps_to_that_of_its_connection(
    bears: int, reads: int
) -> None:
    assert things(READ, bears).parallel == reads


def test_a_parallel_over_the_limit_is_refused_with_both_numbers() -> None:
    place, message = mistake(f"{READ}parallel = 3", bears=2)
    assert place == "parallel"
    assert "is 3" in message
    assert "s4 is 2" in message


def test_a_time_zone_says_nothing_to_a_rate() -> None:
    zone = f'{READ}time_zone = "Europe/Berlin"\n'
    place, message = mistake(f'{zone}schedule = "rate(5 minutes)"')
    assert (place, "rate(...)" in message) == ("time_zone", True)
    assert things(f'{zone}schedule = "cron(0 6 ? * MON-FRI *)"').time_zone == "Europe/Berlin"
    assert things(f'{READ}schedule = "rate(5 minutes)"').time_zone == "UTC"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_in_columns_are_never_raw(form: str) -> None:
    place, message = mistake(f'{READ}output = {{ format = "{form}", values = "raw" }}')
    assert (place, form in message) == ("output.values", True)
    assert things(f'{READ}output = {{ format = "{form}" }}').output.format == form
    assert things(f'{READ}output = {{ values = "raw" }}').output.values == "raw"


def test_flat_rows_need_an_expansion() -> None:
    flat = 'output = { format = "csv", nested = "flatten" }'
    assert mistake(READ + flat)[0] == "output.nested"
    assert mistake(f'presets = ["products"]\n{flat}')[0] == "output.nested"
    expanded = f'entity_sets = [{{ {ORDERS}, expand = ["to_Item"] }}]'
    assert things(f"{expanded}\n{flat}").output.nested == "flatten"


@pytest.mark.parametrize("setting", ['field = "ChangedAt"', "overlap_seconds = 300"])
@pytest.mark.parametrize("mode", ["full", "delta"])
def test_what_only_a_timestamp_needs_is_refused_beside_another_mode(
    setting: str, mode: str
) -> None:
    place, message = mistake(f'mode = "{mode}"\nentity_sets = [{{ {ORDERS}, {setting} }}]')
    assert place == f"entity_sets[0].{setting.split()[0]}"
    assert f'mode "{mode}"' in message


def test_a_mode_of_the_set_itself_decides() -> None:
    own = f'entity_sets = [{{ {ORDERS}, mode = "timestamp", field = "ChangedAt" }}]'
    assert things(own).entity_sets[0].field == "ChangedAt"
    assert mistake(f'entity_sets = [{{ {ORDERS}, field = "X", mode = "some" }}]') == (
        "entity_sets[0].mode",
        'must be one of "full", "delta", "timestamp"',
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_track_no_changes(preset: str) -> None:
    place, message = mistake(f'mode = "delta"\npresets = ["{preset}"]')
    assert place == "presets[0]"
    assert "ODP service" in message


@pytest.mark.parametrize("preset", ["supplier_invoices", "business_partners", "gl_postings"])
def test_a_preset_without_a_time_of_change_is_read_in_full(preset: str) -> None:
    place, message = mistake(f'mode = "timestamp"\npresets = ["sales_orders", "{preset}"]')
    assert place == "presets[1]"
    assert 'mode "full"' in message
    assert things(f'presets = ["{preset}"]').mode == "full"
    assert things('mode = "timestamp"\npresets = ["sales_orders"]').mode == "timestamp"
