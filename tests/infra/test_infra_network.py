"""Functions that call SAP have no way out but to SAP and to the services they need."""

from typing import Any

import pytest

from infra.functions import FUNCTIONS
from infra.names import pascal
from tests.infra.conftest import Synthesize
from tests.infra.templates import Templates

KINDS = ["vpn", "privatelink", "existing"]


@pytest.fixture(params=KINDS)
def network(request: pytest.FixtureRequest, synthesize: Synthesize) -> Templates:
    """A stage with each kind of network."""
    return synthesize("prod", request.param)


def egress(templates: Templates) -> list[dict[str, Any]]:
    """Every rule by which something may leave a security group."""
    groups = templates.of_type("AWS::EC2::SecurityGroup").values()
    inline = [rule for group in groups for rule in group.get("SecurityGroupEgress", ())]
    return inline + list(templates.of_type("AWS::EC2::SecurityGroupEgress").values())


def test_only_callers_of_sap_stand_in_the_network(network: Templates) -> None:
    inside = {
        name
        for name in FUNCTIONS
        if "VpcConfig" in network.one("AWS::Lambda::Function", pascal(name))
    }
    assert inside == {name for name, spec in FUNCTIONS.items() if spec.calls_sap}


def test_nothing_may_reach_the_internet(network: Templates) -> None:
    for rule in egress(network):
        assert rule.get("CidrIp") not in ("0.0.0.0/0", None) or _leads_nowhere(rule)
    for kind in ("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::EIP"):
        assert not network.of_type(kind)


def _leads_nowhere(rule: dict[str, Any]) -> bool:
    """A prefix list, another group of ours, or the CDK's rule that matches nothing."""
    inner = "DestinationPrefixListId" in rule or "DestinationSecurityGroupId" in rule
    return inner or rule.get("CidrIp") == "255.255.255.255/32"


@pytest.mark.parametrize("kind", ["vpn", "existing"])
def test_sap_is_reached_on_its_port_only(synthesize: Synthesize, kind: str) -> None:
    rules = egress(synthesize("prod", kind))
    (rule,) = [rule for rule in rules if rule.get("CidrIp") == "10.20.0.0/16"]
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (44300, 44300, "tcp")


def test_s3_and_dynamodb_are_reached_by_their_prefix_lists(network: Templates) -> None:
    lists = {rule.get("DestinationPrefixListId") for rule in egress(network)} - {None}
    assert lists == {"pl-11111111", "pl-22222222"}


def test_the_logon_secret_is_reached_through_its_endpoint(network: Templates) -> None:
    """Without this way out a function that calls SAP waits for its secret until its time is up."""
    doors = {
        str(rule["DestinationSecurityGroupId"])
        for rule in egress(network)
        if "DestinationSecurityGroupId" in rule and rule["FromPort"] == 443 == rule["ToPort"]
    }
    (door,) = doors
    owned = "sg-0123456789abcdef0" if _has_no_endpoint(network) else "SecretsManagerDoor"
    assert owned in door


def _has_no_endpoint(network: Templates) -> bool:
    return not network.of_type("AWS::EC2::VPCEndpoint")


def test_the_owner_of_an_existing_network_learns_whom_to_let_in(synthesize: Synthesize) -> None:
    assert "SapCallersId" in synthesize("prod", "existing")["network"]["Outputs"]


@pytest.mark.parametrize("kind", ["vpn", "privatelink"])
def test_a_network_of_ours_has_endpoints_for_our_account_only(
    synthesize: Synthesize, kind: str
) -> None:
    endpoints = synthesize("prod", kind).of_type("AWS::EC2::VPCEndpoint")
    aws = {title: e for title, e in endpoints.items() if not title.startswith("VpcSap")}
    assert len(aws) == 3
    for title, endpoint in aws.items():
        (statement,) = endpoint["PolicyDocument"]["Statement"]
        assert "aws:ResourceAccount" in statement["Condition"]["StringEquals"], title


def test_a_vpn_leads_to_the_companys_gateway(synthesize: Synthesize) -> None:
    templates = synthesize("prod", "vpn")
    (gateway,) = templates.of_type("AWS::EC2::CustomerGateway").values()
    assert gateway["IpAddress"] == "203.0.113.10"
    assert len(templates.of_type("AWS::EC2::VPNConnection")) == 1
    assert templates.of_type("AWS::EC2::FlowLog")


def test_privatelink_leads_to_the_providers_service(synthesize: Synthesize) -> None:
    endpoints = synthesize("prod", "privatelink").of_type("AWS::EC2::VPCEndpoint").values()
    assert "com.amazonaws.vpce.eu-central-1.vpce-svc-01234567" in [
        endpoint["ServiceName"]
        for endpoint in endpoints
        if isinstance(endpoint["ServiceName"], str)
    ]


def test_the_name_of_sap_leads_to_the_providers_endpoint(synthesize: Synthesize) -> None:
    """The host of the connection is in SAP's certificate; the endpoint's own name is not."""
    templates = synthesize("prod", "privatelink")
    (zone,) = templates.of_type("AWS::Route53::HostedZone").values()
    assert zone["Name"] == "sap.example.com."
    assert len(zone["VPCs"]) == 1
    (record,) = templates.of_type("AWS::Route53::RecordSet").values()
    assert (record["Name"], record["Type"]) == ("sap.example.com.", "A")
    assert "VpcSap" in str(record["AliasTarget"]["DNSName"])
    ports = [r["FromPort"] for r in egress(templates) if "SapDoor" in str(r)]
    assert set(ports) == {44300}


def test_an_existing_network_is_left_as_it_is(synthesize: Synthesize) -> None:
    types = {r["Type"] for r in synthesize("prod", "existing")["network"]["Resources"].values()}
    assert types == {"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress"}


def test_the_local_stage_has_no_network(synthesize: Synthesize) -> None:
    assert "network" not in list(synthesize("local", "vpn"))
