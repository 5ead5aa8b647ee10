"""SAP's side of PrivateLink: TCP to SAP, for named accounts, each of them accepted."""

import pytest

from tests.infra.conftest import Synthesize
from tests.infra.templates import Templates

ELB = "AWS::ElasticLoadBalancingV2"


@pytest.fixture
def templates(synthesize: Synthesize) -> Templates:
    """A stage with both sides."""
    return synthesize("prod", "privatelink")


def test_the_provider_is_a_stack_of_its_own(templates: Templates) -> None:
    """It is deployed with the credentials of another account, and refers to nothing of ours."""
    assert "Fn::ImportValue" not in str(templates["provider"])
    assert "EndpointServiceName" in templates["provider"]["Outputs"]


def test_the_load_balancer_is_internal_and_serves_every_zone(templates: Templates) -> None:
    (balancer,) = templates.of_type(f"{ELB}::LoadBalancer").values()
    assert (balancer["Type"], balancer["Scheme"]) == ("network", "internal")
    attributes = {a["Key"]: a["Value"] for a in balancer["LoadBalancerAttributes"]}
    assert attributes["load_balancing.cross_zone.enabled"] == "true"


def test_it_admits_privatelink_only_and_reaches_sap_only(templates: Templates) -> None:
    (balancer,) = templates.of_type(f"{ELB}::LoadBalancer").values()
    assert balancer["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] == "off"
    group = templates["provider"]["Resources"]["Balancer"]["Properties"]
    assert "SecurityGroupIngress" not in group
    reached = {(r["CidrIp"], r["FromPort"], r["ToPort"]) for r in group["SecurityGroupEgress"]}
    assert reached == {(f"10.20.0.{n}/32", port, port) for n in (5, 6) for port in (443, 44300)}


def test_tls_passes_through_to_sap_on_the_ports_of_its_connections(templates: Templates) -> None:
    """Where it ended here, the name in SAP's certificate could not be checked."""
    listeners = templates.of_type(f"{ELB}::Listener").values()
    assert {(li["Protocol"], li["Port"]) for li in listeners} == {("TCP", 443), ("TCP", 44300)}
    for group in templates.of_type(f"{ELB}::TargetGroup").values():
        assert (group["Protocol"], group["TargetType"]) == ("TCP", "ip")
        assert group["HealthCheckProtocol"] == "TCP"
        assert {target["AvailabilityZone"] for target in group["Targets"]} == {"all"}
        assert {"Key": "preserve_client_ip.enabled", "Value": "false"} in group[
            "TargetGroupAttributes"
        ]


def test_named_accounts_ask_and_each_is_accepted_by_hand(templates: Templates) -> None:
    (service,) = templates.of_type("AWS::EC2::VPCEndpointService").values()
    assert service["AcceptanceRequired"] is True
    (permissions,) = templates.of_type("AWS::EC2::VPCEndpointServicePermissions").values()
    assert permissions["AllowedPrincipals"] == ["arn:aws:iam::111122223333:root"]
