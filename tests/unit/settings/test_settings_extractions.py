"""What may stand in an `[extractions.NAME]` block."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import EntitySet, Extraction, Output
from sapmatch.settings import parse

CONNECTION = """
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
auth = { type = "basic", secret = "env:S4" }
limits = { parallel = 50 }

[extractions.things]
connection = "s4"
"""
ORDERS = 'service = "/sap/opu/odata/sap/Z_SRV", name = "Orders"'
READ = f"entity_sets = [{{ {ORDERS} }}]\n"


def things(block: str) -> Extraction:
    return parse((CONNECTION + block).encode(), "sapmatch.toml").extractions["things"]


def mistakes(block: str) -> dict[str, str]:
    """Messages by their place inside the block."""
    with pytest.raises(InputRejected) as caught:
        things(block)
    found = caught.value.problems
    return {str(each.field).removeprefix("extractions.things."): each.message for each in found}


def test_a_block_may_be_presets_alone_and_everything_else_has_a_default() -> None:
    read = things('presets = ["sales_orders"]')
    assert read == Extraction(connection="s4", presets=("sales_orders",))
    assert (read.mode, read.schedule, read.keep, read.index) == ("full", None, None, False)


def test_every_setting_of_a_block_is_read() -> None:
    read = things(
        """
presets = ["products"]
mode = "timestamp"
schedule = "cron(0 6 ? * MON-FRI *)"
time_zone = "Europe/Berlin"
page_size = 500
parallel = 8
index = true
keep = 7
[[extractions.things.entity_sets]]
service = "/sap/opu/odata/sap/Z_SRV"
name = "Orders"
select = ["Order"]
expand = ["to_Item"]
filter = "Open eq true"
mode = "timestamp"
field = "ChangedAt"
overlap_seconds = 60
partition = "date"
partition_field = "ChangedAt"
[extractions.things.output]
format = "ndjson"
values = "typed"
compression = "zstd"
target_mb = 128
nested = "flatten"
labels = true
"""
    )
    assert read.output == Output(
        values="typed", compression="zstd", target_mb=128, nested="flatten", labels=True
    )
    assert read.entity_sets == (
        EntitySet(
            service="/sap/opu/odata/sap/Z_SRV",
            name="Orders",
            select=("Order",),
            expand=("to_Item",),
            filter="Open eq true",
            mode="timestamp",
            field="ChangedAt",
            overlap_seconds=60,
            partition="date",
            partition_field="ChangedAt",
        ),
    )


def test_an_unknown_preset_is_named_with_the_nearest_one() -> None:
    found = mistakes('presets = ["sales_order", "weather"]')
    assert "did you mean sales_orders?" in found["presets[0]"]
    assert "did you mean" not in found["presets[1]"]
    assert "gl_postings" in found["presets[1]"]


@pytest.mark.parametrize("profile", ["ecc", "c4c", "byd", "successfactors"])
def test_presets_are_services_of_s4hana(profile: str) -> None:
    """A5: another kind of system has services of its own names."""
    block = CONNECTION.replace('client = "100"', f'client = "100"\nprofile = "{profile}"')
    with pytest.raises(InputRejected, match="its own services in entity_sets"):
        parse(f'{block}presets = ["sales_orders"]'.encode(), "sapmatch.toml")
    assert parse((block + READ).encode(), "sapmatch.toml").extractions


def test_an_extraction_reads_something() -> None:
    assert list(mistakes("")) == ["entity_sets"]


@pytest.mark.parametrize(
    "block",
    [
        f"entity_sets = [{{ {ORDERS} }}, {{ {ORDERS.replace('Z_SRV', 'Z2_SRV')} }}]",
        """presets = ["products"]
        entity_sets = [{ service = "/sap/opu/odata/sap/Z_SRV", name = "A_Product" }]""",
        'presets = ["products", "products"]',
    ],
)
def test_an_entity_set_is_read_once_in_an_extraction(block: str) -> None:
    found = mistakes(block)
    assert list(found) == ["entity_sets"]
    assert "twice" in found["entity_sets"]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("page_size = 0", "page_size"),
        ("page_size = 10001", "page_size"),
        ("parallel = 0", "parallel"),
        ("parallel = 41", "parallel"),
        ("keep = 0", "keep"),
        ('time_zone = "Berlin"', "time_zone"),
        ('schedule = "hourly"', "schedule"),
        ('mode = "some"', "mode"),
        ("output = { target_mb = 0 }", "output.target_mb"),
        ("output = { labels = true }", "output.labels"),
        ('output = { format = "csv", labels = { ZZ_ROUTE = " " } }', "output.labels"),
        ('output = { nested = "flatten" }', "output.nested"),
        ('output = { format = "xlsx" }', "output.format"),
        ('output = { zip = "gzip" }', "output.zip"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(line: str, place: str) -> None:
    assert list(mistakes(f"{READ}{line}\n")) == [place]


def test_labels_may_be_a_table_of_ones_own() -> None:
    sets = 'entity_sets = [{ service = "/s", name = "Things" }]'
    output = 'output = { format = "csv", labels = { ZZ_ROUTE = "Route" } }'
    assert things(f"{sets}\n{output}").output.labels == {"ZZ_ROUTE": "Route"}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_in_columns_are_typed_so_labels_and_flat_rows_need_nothing_else(form: str) -> None:
    sets = f'entity_sets = [{{ {ORDERS}, expand = ["to_Item"] }}]'
    output = f'output = {{ format = "{form}", labels = true, nested = "flatten" }}'
    assert things(f"{sets}\n{output}").output.labels


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ('mode = "timestamp"', "entity_sets[0].field"),
        ("overlap_seconds = -1", "entity_sets[0].overlap_seconds"),
        ('mode = "delta", partition = "key"', "entity_sets[0].partition"),
        ('mode = "delta", partition_field = "Order"', "entity_sets[0].partition"),
        ('partition = "skip", partition_field = "Order"', "entity_sets[0].partition_field"),
        ('partition = "none", partition_field = "Order"', "entity_sets[0].partition_field"),
        ('partition = "hash"', "entity_sets[0].partition"),
    ],
)
def test_settings_of_an_entity_set_fit_together(more: str, place: str) -> None:
    assert list(mistakes(f"entity_sets = [{{ {ORDERS}, {more} }}]")) == [place]


def test_the_mode_of_the_extraction_asks_for_the_field_too() -> None:
    assert list(mistakes(f'mode = "timestamp"\n{READ}')) == ["entity_sets[0].field"]


@pytest.mark.parametrize("name", ["", "A Order", "A_Order('1')", "../A_Order", "Orders?x"])
def test_the_name_of_an_entity_set_is_a_name(name: str) -> None:
    text = f'entity_sets = [{{ service = "/sap/opu/odata/sap/Z_SRV", name = "{name}" }}]'
    assert list(mistakes(text)) == ["entity_sets[0].name"]


@pytest.mark.parametrize("service", ["", "/", "Z_SRV", "https://sap.example.com/Z", "/Z?a=b"])
def test_the_service_of_an_entity_set_is_a_path(service: str) -> None:
    text = f'entity_sets = [{{ service = "{service}", name = "Orders" }}]'
    assert list(mistakes(text)) == ["entity_sets[0].service"]


def test_all_mistakes_of_a_block_are_told_at_once() -> None:
    found = mistakes(
        'presets = ["x"]\npage_size = 0\nparallel = 0\nkeep = 0\nentity_sets = ["Orders"]\n'
        'schedule = "cron(0 6 * * *)"\noutput = { labels = true, target_mb = 0 }'
    )
    assert set(found) == {
        "presets[0]",
        "page_size",
        "parallel",
        "keep",
        "entity_sets[0]",
        "schedule",
        "output.labels",
        "output.target_mb",
    }


@pytest.mark.parametrize(
    ("connection", "mode", "refused"),
    [
        ("s4", "delta", True),
        ("s4", "full", False),
        ("again", "delta", True),
        ("own", "delta", False),
    ],
)
def test_changes_of_a_set_have_one_reader_for_each_user(
    connection: str, mode: str, refused: bool
) -> None:
    """OD-P36: the second initial load would end the subscription of the first."""
    (s4, _) = CONNECTION.split("[extractions.things]")
    again = s4.replace("connections.s4", "connections.again")
    own = s4.replace("connections.s4", "connections.own").replace("env:S4", "env:OWN")
    first = f'[extractions.first]\nconnection = "s4"\nmode = "delta"\n{READ}'
    other = f'[extractions.other]\nconnection = "{connection}"\nmode = "{mode}"\n{READ}'
    text = "\n".join((s4, again, own, first, other)).encode()
    if not refused:
        parse(text, "sapmatch.toml")
        return
    with pytest.raises(InputRejected) as caught:
        parse(text, "sapmatch.toml")
    (problem,) = caught.value.problems
    assert problem.field == "extractions.other.mode"
    assert "first already" in problem.message
