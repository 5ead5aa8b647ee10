"""What a write-back flow may be, before anything is deployed."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.settings import parse

CONNECTION = """
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
auth = { type = "basic", secret = "env:S4" }
"""
FLOW = """
[write_backs.things]
connection = "s4"
service = "/sap/opu/odata/sap/Z_SRV"
schedule = "rate(5 minutes)"
"""
INSERT = 'entity_set = "A_SupplierInvoice"\noperation = "insert"\n'
UPDATE = 'entity_set = "A_SalesOrder"\noperation = "update"\n'
CALL = 'entity_set = "A_SupplierInvoice"\noperation = "call"\n'
MATCH = 'source = "match"\norder_side = "purchase_order"\n'


def flow(lines: str) -> WriteBack:
    return parse((CONNECTION + FLOW + lines).encode(), "sapmatch.toml").write_backs["things"]


def mistakes(lines: str) -> dict[str, str]:
    with pytest.raises(InputRejected) as caught:
        flow(lines)
    found = caught.value.problems
    return {str(p.field).removeprefix("write_backs.things."): p.message for p in found}


@pytest.mark.parametrize(
    ("entity_set", "operation"),
    [
        ("Z_Thing", "insert"),
        ("Z_Thing", "update"),
        ("Z_Thing", "upsert"),
        ("Z_Thing", "delete"),
        ("A_PurchaseRequisitionHeader", "insert"),
    ],
)
def test_a_write_that_could_not_be_read_back_is_refused(entity_set: str, operation: str) -> None:
    """RE-22: a lost answer is read back, so SAP has to be searchable for what was written."""
    lines = f'entity_set = "{entity_set}"\noperation = "{operation}"\n'
    assert "read" in mistakes(lines)["reference"]
    assert flow(lines + 'reference = ["Number"]\n').reference == ("Number",)


@pytest.mark.parametrize(
    ("entity_set", "operation"),
    [
        ("A_SupplierInvoice", "insert"),
        ("A_SalesOrder", "insert"),
        ("A_PurchaseOrder", "insert"),
        ("A_MaterialDocumentHeader", "insert"),
        ("A_BusinessPartner", "upsert"),
        ("A_Product", "update"),
        ("A_PurchaseOrderItem", "delete"),
    ],
)
def test_standard_documents_are_known_by_their_references_and_keys(
    entity_set: str, operation: str
) -> None:
    assert flow(f'entity_set = "{entity_set}"\noperation = "{operation}"\n')


@pytest.mark.parametrize(
    ("function", "effect"),
    [
        ("Post", {"SupplierInvoiceStatus": "5"}),
        ("Release", {"PaymentBlockingReason": ""}),
        ("Cancel", {"ReverseDocument": "*"}),
    ],
)
def test_the_effects_of_saps_own_functions_are_known(function: str, effect: dict[str, str]) -> None:
    assert flow(f'{CALL}function = "{function}"\n').effect == effect


def test_a_named_effect_counts_instead_of_the_known_one() -> None:
    found = flow(f'{CALL}function = "Post"\neffect = {{ SupplierInvoiceStatus = "1" }}\n')
    assert found.effect == {"SupplierInvoiceStatus": "1"}


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (CALL, {"function"}),
        (CALL + 'function = "Approve"\n', {"effect"}),
        (CALL + 'function = "Post("\n', {"function"}),
        (CALL + 'function = "Post"\neffect = { "a b" = "5" }\n', {"effect.a b"}),
        (CALL.replace("A_SupplierInvoice", "Z") + 'function = "F"\neffect = { A = "1" }\n',
         {"reference"}),
        (UPDATE + 'function = "Post"\neffect = { A = "1" }\n', {"function", "effect"}),
    ],
)  # fmt: skip
def test_a_call_names_its_function_its_effect_and_a_known_key(lines: str, wrong: set[str]) -> None:
    assert set(mistakes(lines)) == wrong


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("batch = 0", "batch"),
        ("batch = 101", "batch"),
        ("parallel = 9", "parallel"),
        ("parallel = 5", "parallel"),  # limits.parallel is 4
        ("urgent_below = -1", "urgent_below"),
        ('on_error = "stop"\nbatch = 10', "batch"),
        ('on_error = "stop"\nparallel = 2', "parallel"),
        ('marker = "AssignmentReference"', "marker"),
        ('reference = ["a b"]', "reference[0]"),
        ('mapping_file = "/etc/mapping.csv"', "mapping_file"),
        ('mapping_file = "../mapping.csv"', "mapping_file"),
        ('mapping_file = "mapping.xlsx"', "mapping_file"),
        ('mapping_file = "m.csv"\nmapping = { A = "record.a" }', "mapping_file"),
        ("window = { days = [] }", "window.days"),
        ('window = { begin = "6:00" }', "window.begin"),
        ('window = { end = "24:01" }', "window.end"),
        ('window = { begin = "24:00" }', "window.begin"),
        ('window = { begin = "06:00", end = "06:00" }', "window.end"),
        ('window = { time_zone = "Berlin" }', "window.time_zone"),
    ],
)
def test_each_mistake_is_named_by_its_path(line: str, wrong: str) -> None:
    found = mistakes(UPDATE + line + "\n")
    assert wrong in found
    assert len(found) <= 2


@pytest.mark.parametrize(
    "line",
    [
        "batch = 100",
        "parallel = 4",
        "urgent_below = 0",
        'mapping_file = "mappings/orders.csv"',
        'window = { begin = "22:00", end = "05:30", time_zone = "Europe/Berlin" }',
        'window = { days = ["sun"], begin = "00:00", end = "24:00" }',
    ],
)
def test_what_is_within_its_bounds_is_taken(line: str) -> None:
    assert flow(UPDATE + line + "\n")


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (INSERT + 'source = "match"\n', {"order_side"}),
        (INSERT.replace("insert", "update") + MATCH, {"operation"}),
        (UPDATE + MATCH, {"mapping"}),
        (UPDATE + MATCH.replace("purchase", "sales"), {"field"}),
    ],
)
def test_what_a_match_writes_is_known_or_mapped(lines: str, wrong: set[str]) -> None:
    assert set(mistakes(lines)) == wrong


def test_a_mapping_takes_a_match_to_any_entity_set() -> None:
    lines = UPDATE + MATCH + 'mapping = { AssignmentReference = "invoice.number" }\n'
    assert flow(lines).mapping == {"AssignmentReference": "invoice.number"}


@pytest.mark.parametrize(
    ("entity_set", "reference", "wrong"),
    [
        ("A_BusinessPartner", "BusinessPartnerIDByExtSystem", {"parallel"}),
        ("A_BusinessPartner", "BusinessPartner", set()),  # its key: SAP takes it once
        ("Z_Partner", "PartnerKey", set()),
    ],
)
def test_upserts_whose_key_sap_gives_are_not_written_side_by_side(
    entity_set: str, reference: str, wrong: set[str]
) -> None:
    lines = f'entity_set = "{entity_set}"\noperation = "upsert"\nreference = ["{reference}"]\n'
    assert set(mistakes(lines + "parallel = 2\nbatch = 0\n")) == {"batch", *wrong}
