"""Functions that call SAP have no way out but to SAP and to the services they need."""

from typing import Any

import pytest

from infra.functions import FUNCTIONS
from tests.infra.conftest import NETWORKS, Synthesize
from tests.infra.policies import UNBOUND, all_policies, granted, statements
from tests.infra.templates import Templates
from tests.infra.test_infra_roles import FUNCTIONS as CORE

KINDS = [name for name in NETWORKS if name not in ("none", "appflow")]
MADE = ["vpn", "transit", "privatelink"]
# What a function in a VPC does with these needs no endpoint: Lambda ships its lines and traces and
# makes its interfaces itself, and the other services use the key on its behalf.
WITHOUT_ENDPOINT = {"kms", "logs", "xray", "ec2"}
GATEWAYS = {"s3", "dynamodb"}


@pytest.fixture(params=KINDS)
def network(request: pytest.FixtureRequest, synthesize: Synthesize) -> Templates:
    """A stage with each kind of network."""
    return synthesize("prod", request.param)


def made(templates: Templates) -> dict[str, dict[str, Any]]:
    """Properties of the functions of a stage by their names in the house."""
    found = templates.of_type("AWS::Lambda::Function").values()
    return {function["Handler"].split(".")[1]: function for function in found}


def egress(templates: Templates) -> list[dict[str, Any]]:
    """Every rule by which something may leave a security group."""
    groups = templates.of_type("AWS::EC2::SecurityGroup").values()
    inline = [rule for group in groups for rule in group.get("SecurityGroupEgress", ())]
    return inline + list(templates.of_type("AWS::EC2::SecurityGroupEgress").values())


def test_only_callers_of_sap_stand_in_the_network(network: Templates) -> None:
    functions = made(network)
    assert set(functions) >= CORE.keys()
    inside = {name for name, function in functions.items() if "VpcConfig" in function}
    assert inside == {name for name in functions if FUNCTIONS[name].calls_sap}


def test_nothing_may_reach_the_internet(network: Templates) -> None:
    """CO-T67"""
    for rule in egress(network):
        assert rule.get("CidrIp") not in ("0.0.0.0/0", None) or _leads_nowhere(rule)
    for kind in ("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::EIP"):
        assert not network.of_type(kind)


def _leads_nowhere(rule: dict[str, Any]) -> bool:
    """A prefix list, another group of ours, or the CDK's rule that matches nothing."""
    inner = "DestinationPrefixListId" in rule or "DestinationSecurityGroupId" in rule
    return inner or rule.get("CidrIp") == "255.255.255.255/32"


@pytest.mark.parametrize("kind", ["vpn", "transit", "existing"])
def test_sap_is_reached_on_its_port_only(synthesize: Synthesize, kind: str) -> None:
    """CO-T67"""
    rules = egress(synthesize("prod", kind))
    (rule,) = [rule for rule in rules if rule.get("CidrIp") == "10.20.0.0/16"]
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (44300, 44300, "tcp")


def test_s3_and_dynamodb_are_reached_by_their_prefix_lists(network: Templates) -> None:
    lists = {rule.get("DestinationPrefixListId") for rule in egress(network)} - {None}
    assert lists == {"pl-11111111", "pl-22222222"}


def test_no_right_is_wider_than_what_it_is_about(network: Templates) -> None:
    """CO-T67: no action is a wildcard, and a bare star is where actions know no resource."""
    for title, policy in all_policies(network):
        for statement in statements(policy):
            actions, resources = statement["Action"], statement["Resource"]
            assert not [action for action in actions if "*" in action], title
            if "*" in resources:
                assert {action.partition(":")[0] for action in actions} <= UNBOUND, title


def services(templates: Templates) -> set[str]:
    """The services of AWS that have an endpoint of either kind in the network."""
    named = (str(e["ServiceName"]) for e in templates.of_type("AWS::EC2::VPCEndpoint").values())
    return {name.rpartition(".")[2].strip("'\"]}") for name in named if "vpce-svc" not in name}


def doors(templates: Templates, port: int) -> set[str]:
    """Security groups that callers of SAP reach on this port."""
    return {
        str(rule["DestinationSecurityGroupId"])
        for rule in egress(templates)
        if "DestinationSecurityGroupId" in rule and rule["FromPort"] == port == rule["ToPort"]
    }


@pytest.mark.parametrize("kind", [*MADE, "existing-made"])
def test_whatever_a_caller_of_sap_may_do_at_aws_has_an_endpoint(
    synthesize: Synthesize, kind: str
) -> None:
    """CO-T67: without it the call waits until the time of the function is up."""
    templates = synthesize("prod", kind)
    reached = services(templates) | WITHOUT_ENDPOINT
    if kind == "existing-made":
        reached |= GATEWAYS  # of its owner
    for name in made(templates):
        if FUNCTIONS[name].calls_sap:
            asked = {action.partition(":")[0] for action in granted(templates, name)}
            assert asked <= reached, name


@pytest.mark.parametrize(
    ("kind", "endpoints"),
    [
        ("vpn", {"s3", "dynamodb", "secretsmanager"}),
        ("transit", {"s3", "dynamodb", "secretsmanager"}),
        ("privatelink", {"s3", "dynamodb", "secretsmanager", "lambda"}),
        ("existing", set()),
        ("existing-made", {"secretsmanager"}),
    ],
)
def test_the_endpoints_are_exactly_those_that_the_settings_ask_for(
    synthesize: Synthesize, kind: str, endpoints: set[str]
) -> None:
    """CO-T67"""
    templates = synthesize("prod", kind)
    assert services(templates) == endpoints
    for title, endpoint in templates.of_type("AWS::EC2::VPCEndpoint").items():
        if "vpce-svc" not in str(endpoint["ServiceName"]):
            (statement,) = endpoint["PolicyDocument"]["Statement"]
            assert "aws:ResourceAccount" in statement["Condition"]["StringEquals"], title


def test_endpoints_of_an_owner_are_reached_by_their_group(synthesize: Synthesize) -> None:
    assert doors(synthesize("prod", "existing"), 443) == {"sg-0123456789abcdef0"}


@pytest.mark.parametrize("kind", [*MADE, "existing-made"])
def test_only_callers_of_sap_may_knock_at_an_endpoint(synthesize: Synthesize, kind: str) -> None:
    templates = synthesize("prod", kind)
    rules = templates.of_type("AWS::EC2::SecurityGroupIngress").values()
    assert rules
    assert all("SapCallers" in str(rule["SourceSecurityGroupId"]) for rule in rules)


def test_the_owner_of_an_existing_network_learns_whom_to_let_in(synthesize: Synthesize) -> None:
    assert "SapCallersId" in synthesize("prod", "existing")["network"]["Outputs"]


def test_a_vpn_has_two_tunnels_that_aws_begins_and_no_key_in_the_template(
    synthesize: Synthesize,
) -> None:
    templates = synthesize("prod", "vpn")
    (gateway,) = templates.of_type("AWS::EC2::CustomerGateway").values()
    assert (gateway["IpAddress"], gateway["BgpAsn"]) == ("203.0.113.10", 65000)
    (vpn,) = templates.of_type("AWS::EC2::VPNConnection").values()
    assert vpn["StaticRoutesOnly"] is True
    first, second = vpn["VpnTunnelOptionsSpecifications"]
    assert first == second
    assert first["IKEVersions"] == [{"Value": "ikev2"}]
    assert first["StartupAction"] == "start"
    assert "PreSharedKey" not in first
    assert templates.of_type("AWS::EC2::FlowLog")


def test_a_vpn_leads_to_sap_and_nowhere_else(synthesize: Synthesize) -> None:
    templates = synthesize("prod", "vpn")
    (route,) = templates.of_type("AWS::EC2::VPNConnectionRoute").values()
    assert route["DestinationCidrBlock"] == "10.20.0.0/16"
    (propagation,) = templates.of_type("AWS::EC2::VPNGatewayRoutePropagation").values()
    assert len(propagation["RouteTableIds"]) == 2


def test_a_transit_gateway_of_the_company_takes_the_place_of_a_vpn(synthesize: Synthesize) -> None:
    templates = synthesize("prod", "transit")
    assert not templates.of_type("AWS::EC2::VPNConnection")
    assert not templates.of_type("AWS::EC2::VPNGateway")
    (attachment,) = templates.of_type("AWS::EC2::TransitGatewayAttachment").values()
    assert len(attachment["SubnetIds"]) == 2
    routes = [
        route["DestinationCidrBlock"]
        for route in templates.of_type("AWS::EC2::Route").values()
        if route.get("TransitGatewayId") == "tgw-0123456789abcdef0"
    ]
    assert sorted(routes) == sorted(["10.20.0.0/16", "10.20.0.53/32", "10.30.0.53/32"] * 2)


def test_names_of_the_company_are_asked_of_its_own_servers(synthesize: Synthesize) -> None:
    templates = synthesize("prod", "transit")
    (endpoint,) = templates.of_type("AWS::Route53Resolver::ResolverEndpoint").values()
    assert (endpoint["Direction"], len(endpoint["IpAddresses"])) == ("OUTBOUND", 2)
    (rule,) = templates.of_type("AWS::Route53Resolver::ResolverRule").values()
    assert rule["DomainName"] == "corp.example.com"
    assert [target["Ip"] for target in rule["TargetIps"]] == ["10.20.0.53", "10.30.0.53"]
    assert templates.of_type("AWS::Route53Resolver::ResolverRuleAssociation")
    asked = [r for r in egress(templates) if r.get("FromPort") == 53]
    assert {r["CidrIp"] for r in asked} == {"10.20.0.53/32", "10.30.0.53/32"}
    assert {r["IpProtocol"] for r in asked} == {"tcp", "udp"}


@pytest.mark.parametrize("kind", ["vpn", "existing-made"])
def test_a_name_of_sap_that_no_server_knows_stands_in_a_private_zone(
    synthesize: Synthesize, kind: str
) -> None:
    """CO-T67: the name is the one in SAP's certificate."""
    templates = synthesize("prod", kind)
    (record,) = templates.of_type("AWS::Route53::RecordSet").values()
    assert (record["Name"], record["Type"]) == ("sap.example.com", "A")
    assert record["ResourceRecords"] == ["10.20.0.5"]
    zones = templates.of_type("AWS::Route53::HostedZone").values()
    assert [(zone["Name"], len(zone["VPCs"])) for zone in zones] == (
        [("sap.example.com.", 1)] if kind == "vpn" else []
    )


def test_each_name_of_sap_leads_to_the_endpoint_of_its_provider(synthesize: Synthesize) -> None:
    """CO-T67: the host of a connection is in SAP's certificate; the endpoint's own name is not."""
    templates = synthesize("prod", "privatelink")
    endpoints = {
        title: endpoint
        for title, endpoint in templates.of_type("AWS::EC2::VPCEndpoint").items()
        if "vpce-svc" in str(endpoint["ServiceName"])
    }
    assert len(endpoints) == 2
    assert not any(endpoint["PrivateDnsEnabled"] for endpoint in endpoints.values())
    zones = templates.of_type("AWS::Route53::HostedZone").values()
    names = {"sap.example.com.", "ecc.example.com."}
    assert {zone["Name"] for zone in zones} == names
    assert all(len(zone["VPCs"]) == 1 for zone in zones)
    leads = {
        record["Name"]: endpoints[title]["ServiceName"].rpartition(".")[2]
        for record in templates.of_type("AWS::Route53::RecordSet").values()
        for title in endpoints
        if title in str(record["AliasTarget"]["DNSName"])
    }
    assert leads == {
        "sap.example.com.": "vpce-svc-01234567",
        "ecc.example.com.": "vpce-svc-89abcdef",
    }
    for port in (44300, 443):  # of s4, of ecc
        assert len([door for door in doors(templates, port) if "Sap" in door]) == 1


def test_zones_may_be_named_by_ids_that_are_the_same_for_both_sides(synthesize: Synthesize) -> None:
    subnets = synthesize("prod", "privatelink").of_type("AWS::EC2::Subnet").values()
    zones = ["euc1-az1", "euc1-az2", "euc1-az3"]
    assert [subnet["AvailabilityZoneId"] for subnet in subnets] == zones
    assert not any("AvailabilityZone" in subnet for subnet in subnets)


def test_an_existing_network_is_left_as_it_is(synthesize: Synthesize) -> None:
    types = {r["Type"] for r in synthesize("prod", "existing")["network"]["Resources"].values()}
    assert types == {"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress"}


def test_the_local_stage_has_no_network(synthesize: Synthesize) -> None:
    assert "network" not in list(synthesize("local", "vpn"))
