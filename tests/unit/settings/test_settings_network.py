"""`[network]` and `[appflow]`: what would lead nowhere is said before anything is deployed."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.settings import Settings, parse
from sapmatch.settings.network import (
    made_endpoints,
    needed_endpoints,
    sap_ports,
    services_of,
)
from sapmatch.settings.rotations import rotated_secrets

S4 = """
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
auth = { type = "basic", secret = "sapmatch/s4" }
"""
TWO = (
    S4
    + """
[connections.ecc]
url = "https://ecc.example.com"
client = "200"
profile = "ecc"
auth = { type = "oauth2-client-credentials", secret = "x", token_url = "https://id.example.com/t" }
"""
)
LISTS = 'prefix_lists = ["pl-1", "pl-2"]\n'
VPN = (
    '[network]\ntype = "vpn"\nsap_cidr = "10.20.0.0/16"\n'
    f'customer_gateway_ip = "203.0.113.1"\n{LISTS}'
)
LINK = f'[network]\ntype = "privatelink"\nendpoint_service = "com.amazonaws.vpce.x"\n{LISTS}'
GIVEN = (
    f'[network]\ntype = "existing"\nsap_cidr = "10.20.0.0/16"\nvpc_id = "vpc-1"\n{LISTS}'
    'subnet_ids = ["subnet-1"]\navailability_zones = ["eu-central-1a"]\n'
)
APPFLOW = (
    '[appflow.orders]\nconnection = "s4"\nentity_set = "A_PurchaseOrder"\nservice = "/sap/x"\n'
)


def read(text: str) -> Settings:
    """The settings, which are right."""
    return parse(text.encode(), "sapmatch.toml")


def mistakes(text: str) -> dict[str, str]:
    """Path -> what is wrong there."""
    with pytest.raises(InputRejected) as caught:
        read(text)
    return {problem.field or "": problem.message for problem in caught.value.problems}


def test_sap_is_called_on_the_ports_of_its_connections() -> None:
    """CO-T67"""
    assert sap_ports(read(TWO)) == [443, 44300]
    assert sap_ports(read(S4 + VPN + "sap_port = 3300\n")) == [3300, 44300]


def test_a_token_endpoint_of_sap_itself_is_one_more_port_and_a_foreign_one_none() -> None:
    auth = '{ type = "oauth2-client-credentials", secret = "x", token_url = "https://%s:8443/t" }'
    for host, ports in (("sap.example.com", [8443, 44300]), ("id.example.com", [44300])):
        text = S4.replace('{ type = "basic", secret = "sapmatch/s4" }', auth % host)
        assert sap_ports(read(text)) == ports


def test_the_endpoints_are_exactly_those_that_the_connections_need() -> None:
    """CO-T67: tokens that are made elsewhere are fetched by a function outside."""
    assert made_endpoints(read(S4 + VPN)) == ["secretsmanager"]
    assert made_endpoints(read(TWO + VPN)) == ["secretsmanager", "lambda"]
    broker = TWO.partition("[connections.ecc]")
    assert made_endpoints(read(broker[1] + broker[2] + VPN)) == ["lambda"]
    nobody = S4.replace('{ type = "basic", secret = "sapmatch/s4" }', '{ type = "none" }')
    assert made_endpoints(read(nobody + VPN)) == []


def test_endpoints_may_be_more_but_not_fewer_than_needed() -> None:
    more = 'endpoints = ["secretsmanager", "lambda", "logs"]\n'
    assert made_endpoints(read(TWO + VPN + more)) == ["secretsmanager", "lambda", "logs"]
    assert (
        '"lambda"' in mistakes(TWO + VPN + 'endpoints = ["secretsmanager"]\n')["network.endpoints"]
    )


def test_an_existing_network_brings_its_endpoints_or_has_them_made() -> None:
    found = mistakes(TWO + GIVEN)["network.endpoint_security_groups"]
    assert 'endpoints = ["secretsmanager", "lambda"]' in found
    assert made_endpoints(read(TWO + GIVEN + 'endpoint_security_groups = ["sg-1"]\n')) == []
    made = read(TWO + GIVEN + 'endpoints = ["secretsmanager", "lambda"]\n')
    assert made_endpoints(made) == needed_endpoints(made)


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ('vpc_cidr = "10.20.128.0/24"', "network.vpc_cidr"),
        ('vpc_cidr = "10.0.0.0/8"', "network.vpc_cidr"),
        ('vpc_cidr = "10.99.0.0/26"', "network.vpc_cidr"),
        ('vpc_cidr = "everything"', "network.vpc_cidr"),
        ('dns_servers = ["10.0.0.53"]\ndns_domain = "corp.example"', "network.vpc_cidr"),
        ('dns_servers = ["10.20.0.53"]', "network.dns_domain"),
        ('dns_domain = "corp.example"', "network.dns_servers"),
        ('dns_servers = ["ns.corp"]\ndns_domain = "corp"', "network.dns_servers[0]"),
        ('tunnel_addresses = ["198.51.100.1"]', "network.tunnel_addresses"),
        ("customer_gateway_asn = 0", "network.customer_gateway_asn"),
        ("customer_gateway_asn = 2147483648", "network.customer_gateway_asn"),
        ("sap_port = 70000", "network.sap_port"),
        ('transit_gateway_id = "tgw-1"', "network.routing"),
        ('names = { "other.example.com" = "10.20.0.5" }', 'network.names."other.example.com"'),
        ('names = { "sap.example.com" = "10.30.0.5" }', 'network.names."sap.example.com"'),
        ('names = { "sap.example.com" = "here" }', 'network.names."sap.example.com"'),
        ('availability_zones = ["euc1-az1", "eu-central-1b"]', "network.availability_zones"),
        ('endpoint_service = "com.amazonaws.vpce.x"', "network.endpoint_service"),
        ('vpc_id = "vpc-1"', "network.vpc_id"),
    ],
)
def test_what_a_vpn_could_not_be_made_of_is_named(setting: str, field: str) -> None:
    assert list(mistakes(S4 + VPN + setting + "\n")) == [field]


def test_the_range_of_a_vpn_says_which_other_range_it_hides() -> None:
    found = mistakes(S4 + VPN + 'vpc_cidr = "10.20.128.0/24"\n')["network.vpc_cidr"]
    assert "10.20.128.0/24 overlaps 10.20.0.0/16" in found


def test_a_vpn_ends_at_a_gateway_of_the_company() -> None:
    text = S4 + VPN.replace('customer_gateway_ip = "203.0.113.1"\n', "")
    assert "transit_gateway_id" in mistakes(text)["network.customer_gateway_ip"]
    assert read(text + 'transit_gateway_id = "tgw-1"\n').network.transit_gateway_id == "tgw-1"


def test_each_system_may_have_a_private_link_of_its_own() -> None:
    text = TWO + LINK + 'endpoint_services = { ecc = "com.amazonaws.vpce.y" }\n'
    assert services_of(read(text)) == {
        "sap.example.com": "com.amazonaws.vpce.x",
        "ecc.example.com": "com.amazonaws.vpce.y",
    }


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (S4.replace("sap.example.com", "10.20.0.5") + LINK, "connections.s4.url"),
        (S4 + LINK + 'endpoint_services = { s5 = "y" }\n', "network.endpoint_services.s5"),
        (
            TWO.replace("ecc.example.com", "sap.example.com")
            + LINK
            + 'endpoint_services = { ecc = "y" }\n',
            "network.endpoint_services.ecc",
        ),
        (
            TWO
            + LINK.replace('endpoint_service = "com.amazonaws.vpce.x"\n', "")
            + 'endpoint_services = { ecc = "y" }\n',
            "network.endpoint_service",
        ),
        (S4 + LINK + 'customer_gateway_ip = "203.0.113.1"\n', "network.customer_gateway_ip"),
    ],
)
def test_a_private_link_that_leads_nowhere_is_named(text: str, field: str) -> None:
    assert list(mistakes(text)) == [field]


def test_a_provider_lets_named_accounts_ask_and_knows_where_sap_is() -> None:
    provider = (
        'provider = { vpc_id = "vpc-2", subnet_ids = [], targets = ["sap"], '
        'allowed_principals = ["*"] }\n'
    )
    assert set(mistakes(S4 + LINK + provider)) == {
        "network.provider.subnet_ids",
        "network.provider.targets[0]",
        "network.provider.allowed_principals",
    }


def test_names_of_an_existing_network_go_into_a_given_zone() -> None:
    text = (
        S4
        + GIVEN
        + 'endpoint_security_groups = ["sg-1"]\nnames = { "sap.example.com" = "10.20.0.5" }\n'
    )
    assert list(mistakes(text)) == ["network.hosted_zone_id"]
    assert read(text + 'hosted_zone_id = "Z1"\n').network.names


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (APPFLOW.replace('"s4"', '"s5"'), "appflow.orders.connection"),
        (APPFLOW.replace('service = "/sap/x"\n', ""), "appflow.orders.service"),
        (APPFLOW + 'schedule = "at(2030-01-31T06:00:00)"\n', "appflow.orders.schedule"),
        (APPFLOW + 'schedule = "hourly"\n', "appflow.orders.schedule"),
        (APPFLOW + 'time_zone = "Here"\n', "appflow.orders.time_zone"),
        (APPFLOW + 'catalog = "catalogservice"\n', "appflow.orders.catalog"),
        (
            APPFLOW.replace("s4", "ecc"),
            "appflow.orders.logon",
        ),
    ],
)
def test_a_flow_that_appflow_could_not_run_is_named(text: str, field: str) -> None:
    assert list(mistakes(TWO + text)) == [field]


@pytest.mark.parametrize("network", [VPN, GIVEN + 'endpoint_security_groups = ["sg-1"]\n'])
def test_a_flow_of_appflow_passes_through_no_network_of_ours(network: str) -> None:
    assert "PrivateLink" in mistakes(S4 + APPFLOW + network)["appflow.orders"]
    assert read(S4 + APPFLOW + LINK).appflow


def test_appflow_knows_no_proxy() -> None:
    text = S4.replace("https://", "http://") + '[connections.s4.proxy]\nhost = "10.20.0.7"\n'
    assert "proxy" in mistakes(text + APPFLOW)["appflow.orders.connection"]


def test_a_secret_that_appflow_keeps_is_not_rotated() -> None:
    """The old password, on a schedule and outside of the guard, would lock SAP's user."""
    rotation = '[rotations]\ns4 = "rate(30 days)"\n'
    found = mistakes(S4 + APPFLOW + rotation)["appflow.orders.connection"]
    assert "of its own" in found
    shared = TWO.replace('secret = "x"', 'secret = "sapmatch/s4"')
    assert (
        "lock"
        in mistakes(shared + APPFLOW + '[rotations]\necc = "rate(30 days)"\n')[
            "appflow.orders.connection"
        ]
    )
    own = S4.replace("s4", "flows")
    assert read(S4 + own + APPFLOW.replace('"s4"', '"flows"') + rotation).rotations


def test_the_client_of_appflow_is_not_rotated_either() -> None:
    logon = (
        '[appflow.orders.logon]\nsecret = "x"\nauth_code_url = "https://ecc.example.com/a"\n'
        'token_url = "https://ecc.example.com/t"\n'
    )
    text = TWO + APPFLOW.replace("s4", "ecc") + logon
    assert list(mistakes(text + '[rotations]\necc = "rate(30 days)"\n')) == ["appflow.orders.logon"]
    assert read(text).appflow


@pytest.mark.parametrize(
    "setting",
    ['s5 = "rate(30 days)"', 's4 = "monthly"', 's4 = "rate(5 minutes)"', 's4 = "at(2030-01-01)"'],
)
def test_a_rotation_that_secrets_manager_could_not_do_is_named(setting: str) -> None:
    assert list(mistakes(f"{S4}[rotations]\n{setting}\n")) == [f"rotations.{setting[:2]}"]


def test_a_rotation_that_nobody_could_try_is_named() -> None:
    """Its tokens are made outside, SAP is called from inside: no function reaches both."""
    rotation = '[rotations]\necc = "rate(30 days)"\n'
    assert "by hand" in mistakes(TWO + VPN + rotation)["rotations.ecc"]
    assert read(TWO + rotation).rotations


def test_a_rotation_needs_a_service_that_the_next_version_can_be_tried_with() -> None:
    """No service is known of every Business ByDesign."""
    byd = S4.replace('client = "100"', 'profile = "byd"')
    rotation = '[rotations]\ns4 = "rate(30 days)"\n'
    assert list(mistakes(byd + rotation)) == ["connections.s4.service"]
    named = byd.replace("url =", 'service = "/sap/byd/odata/cust/v1/own"\nurl =')
    assert read(named + rotation).rotations


def test_a_proxy_that_wants_a_token_is_of_no_use_in_a_network_without_a_way_out() -> None:
    """CO-T24: the token is XSUAA's, and is fetched where the proxy is called."""
    text = S4.replace("https://", "http://") + (
        '[connections.s4.proxy]\nhost = "10.20.0.7"\nsecret = "p"\ntenancy = "%s"\n'
    )
    found = mistakes(text % "untrusted" + VPN)
    assert "XSUAA" in found["connections.s4.proxy.tenancy"]
    assert read(text % "trusted" + VPN).network.type == "vpn"
    assert read(text % "untrusted").network.type == "none"


def test_a_secret_of_two_connections_is_rotated_once() -> None:
    text = TWO.replace('secret = "x"', 'secret = "sapmatch/s4"')
    both = read(text + '[rotations]\ns4 = "rate(30 days)"\necc = "rate(30 days)"\n')
    assert rotated_secrets(both) == {"sapmatch/s4": "rate(30 days)"}


def test_a_key_of_secrets_is_named_by_its_arn() -> None:
    key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
    assert read(f'{S4}[secrets]\nkeys = ["{key}"]\n').secrets.keys == (key,)
    wrong = f'{S4}[secrets]\nkeys = ["{key}", "alias/ours"]\n'
    assert list(mistakes(wrong)) == ["secrets.keys[1]"]
