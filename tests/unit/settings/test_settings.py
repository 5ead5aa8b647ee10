from decimal import Decimal
from pathlib import Path

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.settings import load, parse, policy_of

GOOD = b"""
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
auth = { type = "basic", secret = "env:S4" }

[matching.company_codes.1010]
name = "Example Maschinenbau GmbH"
currency = "EUR"
tolerances.PP = { upper_absolute = "25.00", upper_percent = "0" }
"""


def mistakes(text: bytes) -> dict[str | None, str]:
    with pytest.raises(InputRejected) as caught:
        parse(text, "sapmatch.toml")
    assert str(caught.value).startswith("sapmatch.toml: ")
    return {problem.field: problem.message for problem in caught.value.problems}


def test_limits_stay_exact_and_zero_is_a_limit() -> None:
    settings = parse(GOOD, "sapmatch.toml")
    assert settings.matching is not None
    limits = settings.matching.company_codes["1010"].tolerances["PP"]
    assert (limits.upper_absolute, limits.upper_percent) == (Decimal("25.00"), Decimal(0))
    assert limits.lower_absolute == "off"


def test_all_mistakes_are_reported_at_once_each_with_its_path() -> None:
    found = mistakes(
        b"""
        [connections.s4]
        url = "http://sap.example.com"
        client = "1"
        auth = { type = "magic", secret = "x" }
        colour = "blue"
        [extractions.Orders]
        connection = "s5"
        entity_sets = [{ service = "/sap", nam = "A_PurchaseOrder" }]
        schedule = "hourly"
        [write_backs.things]
        connection = "s4"
        service = "/sap"
        entity_set = "A_Thing"
        operation = "insert"
        [matching.company_codes.1010]
        name = "X"
        currency = "EURO"
        tolerances.PP = { upper_absolute = 25.0 }
        tolerances.XX = {}
        [alerts]
        emails = ["nobody"]
        [network]
        type = "vpn"
        """
    )
    assert set(found) == {
        "connections.s4.url",
        "connections.s4.client",
        "connections.s4.auth.type",
        "connections.s4.colour",
        "extractions.Orders",
        "extractions.Orders.connection",
        "extractions.Orders.entity_sets[0].nam",
        "extractions.Orders.entity_sets[0].name",
        "extractions.Orders.schedule",
        "write_backs.things.reference",
        "write_backs.things.schedule",
        "matching.company_codes.1010.currency",
        "matching.company_codes.1010.tolerances.PP.upper_absolute",
        "matching.company_codes.1010.tolerances.XX",
        "alerts.emails[0]",
        "network.sap_cidr",
        "network.customer_gateway_ip",
        "network.prefix_lists",
    }
    assert "https://" in found["connections.s4.url"]
    assert "read back" in found["write_backs.things.reference"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://localhost",
        "http://[::1]:80",
        "https://sap",
        "https://sap_1.",
    ],
)
def test_plain_http_is_for_loopback_hosts_only(url: str) -> None:
    assert parse(GOOD.replace(b"https://sap.example.com:44300", url.encode()), "x").connections


def test_a_virtual_host_behind_the_connectivity_proxy_is_plain_http() -> None:
    """CO-T25: the proxy would be asked for a tunnel, and gives none."""
    proxied = b'url = "http://s4h-virtual:44300"\nproxy = { location_id = "DC1" }'
    virtual = GOOD.replace(b'url = "https://sap.example.com:44300"', proxied)
    assert parse(virtual, "x").connections["s4"].proxy
    found = mistakes(virtual.replace(b"http://s4h", b"https://s4h"))
    assert "Cloud Connector" in found["connections.s4.url"]


@pytest.mark.parametrize(
    "url",
    [
        "https://user@sap.example.com",
        "https://sap.example.com/path",
        "https://sap.example.com?a=b",
        "https://sap.example.com#a",
        "https://x y",
        "https://sap.example.com ",
        "https://.",
        "https://a..b",
        "https://@x",
        "https://:443",
        "ftp://x",
        "sap",
    ],
)
def test_a_connection_url_is_scheme_host_and_port_only(url: str) -> None:
    found = mistakes(GOOD.replace(b"https://sap.example.com:44300", url.encode()))
    assert list(found) == ["connections.s4.url"]


def test_broken_toml_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"sapmatch\.toml: is no TOML"):
        parse(b"[", "sapmatch.toml")
    with pytest.raises(InputRejected, match="--settings"):
        load(tmp_path / "none.toml")


def test_the_policy_version_follows_the_rules_and_nothing_else() -> None:
    first = parse(GOOD, "a").matching
    again = parse(GOOD + b'[alerts]\nemails = ["a@example.com"]\n', "b").matching
    other = parse(GOOD.replace(b"25.00", b"25.01"), "c").matching
    assert first is not None
    assert again is not None
    assert other is not None
    assert policy_of(first).version == policy_of(again).version != policy_of(other).version


def test_an_existing_network_needs_the_way_to_its_endpoints() -> None:
    found = mistakes(GOOD + b'\n[network]\ntype = "existing"\n')
    assert set(found) == {
        "network.sap_cidr",
        "network.prefix_lists",
        "network.vpc_id",
        "network.subnet_ids",
        "network.availability_zones",
        "network.endpoint_security_groups",
    }


def test_privatelink_needs_no_address_of_sap() -> None:
    found = mistakes(GOOD + b'\n[network]\ntype = "privatelink"\n')
    assert set(found) == {"network.prefix_lists", "network.endpoint_service"}


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("limits = { requests_per_second = 0 }", "connections.s4.limits.requests_per_second"),
        ("limits = { parallel = 0 }", "connections.s4.limits.parallel"),
        ("quiet_seconds = -5", "connections.s4.quiet_seconds"),
        ("read_timeout = 3601", "connections.s4.read_timeout"),
        ("read_timeout = 0", "connections.s4.read_timeout"),
        ("total_timeout = 3601", "connections.s4.total_timeout"),
        ("read_timeout = 30\ntotal_timeout = 29", "connections.s4.total_timeout"),
        ("limits = { burst = 0 }", "connections.s4.limits.burst"),
        ("limits = { failures = 0 }", "connections.s4.limits.failures"),
        ("limits = { open_seconds = -1 }", "connections.s4.limits.open_seconds"),
    ],
)
def test_a_connection_needs_useful_numbers(line: str, path: str) -> None:
    text = GOOD.replace(b'client = "100"', b'client = "100"\n' + line.encode())
    assert list(mistakes(text)) == [path]


@pytest.mark.parametrize(
    "alias", ["http://sap.example.com", "https://a@sap", "https://sap/path", "https://sap:x", "sap"]
)
def test_another_name_of_the_system_is_an_address_as_well(alias: str) -> None:
    text = GOOD.replace(b'client = "100"', f'client = "100"\naliases = ["{alias}"]'.encode())
    assert list(mistakes(text)) == ["connections.s4.aliases[0]"]


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "relative", "/with space", "/a?b", "/a#b", "/a\\\\b", ""]
)
def test_a_token_is_fetched_from_a_path_of_the_system_only(path: str) -> None:
    options = f'client = "100"\nservices."/sap/x" = {{ csrf_path = "{path}" }}'
    text = GOOD.replace(b'client = "100"', options.encode())
    assert list(mistakes(text)) == ['connections.s4.services."/sap/x".csrf_path']


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('services."/sap/x" = { version = "V3" }', 'must be one of "V2", "V4"'),
        ('csrf = "sometimes"', 'must be one of "auto", "always", "never"'),
        ("language = 1", "must be a text: put it in quotes"),
    ],
)
def test_a_value_of_a_wrong_kind_says_what_is_expected(line: str, said: str) -> None:
    text = GOOD.replace(b'client = "100"', f'client = "100"\n{line}'.encode())
    assert said in "".join(mistakes(text).values())


def test_the_words_of_a_list_are_named() -> None:
    found = mistakes(GOOD + b'\n[matching]\norder_sides = ["purchase"]\n')
    assert 'must be one of "purchase_order", "sales_order"' in found["matching.order_sides"]


def test_a_service_is_named_by_its_path() -> None:
    options = b'client = "100"\nservices.API_X_SRV = { version = "V4" }'
    assert list(mistakes(GOOD.replace(b'client = "100"', options))) == [
        'connections.s4.services."API_X_SRV"'
    ]


@pytest.mark.parametrize("cidr", ["banana", "0.0.0.0/0", "::/0", "10.0.0.1/8"])
def test_the_network_of_sap_is_a_real_one(cidr: str) -> None:
    text = GOOD + f'[network]\nsap_cidr = "{cidr}"\n[intake]\nmax_pages = 0\n'.encode()
    assert set(mistakes(text)) == {"network.sap_cidr", "intake.max_pages"}


def test_a_block_of_another_shape_is_one_mistake() -> None:
    whole = b'auth = { type = "basic", secret = "env:S4" }'
    assert list(mistakes(GOOD.replace(whole, b'auth = "x"'))) == ["connections.s4.auth"]


def test_an_empty_secret_is_a_mistake() -> None:
    assert list(mistakes(GOOD.replace(b"env:S4", b""))) == ["connections.s4.auth.secret"]


def test_an_extraction_asks_no_more_at_once_than_its_connection_bears() -> None:
    text = (
        GOOD
        + b"""
[extractions.orders]
connection = "s4"
presets = ["sales_orders"]
parallel = 5
schedule = "rate(0 minutes)"
"""
    )
    assert set(mistakes(text)) == {"extractions.orders.parallel", "extractions.orders.schedule"}


def test_one_flow_writes_the_matches_of_a_side_by_the_operation_that_fits() -> None:
    flow = """
[write_backs.{name}]
connection = "s4"
service = "/sap"
entity_set = "A_SupplierInvoice"
operation = "{operation}"
source = "match"
order_side = "purchase_order"
schedule = "rate(5 minutes)"
"""
    flows = flow.format(name="a", operation="insert") + flow.format(name="b", operation="update")
    found = mistakes(GOOD + flows.encode())
    assert set(found) == {"write_backs.b.operation", "write_backs.b.order_side"}
