"""The networks, deployed to the emulator as far as it knows their types."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_cdk import App

from infra.config import StageConfig
from infra.stacks.network import NetworkStack
from infra.stacks.provider import ProviderStack
from sapmatch.settings import parse
from tests.infra.conftest import CONTEXT, NETWORKS, SETTINGS

# MiniStack 1.5.33 refuses a template that holds one of these.
UNKNOWN = {
    "AWS::EC2::CustomerGateway",
    "AWS::EC2::FlowLog",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::VPCEndpointService",
    "AWS::EC2::VPCEndpointServicePermissions",
    "AWS::EC2::VPNConnection",
    "AWS::EC2::VPNConnectionRoute",
    "AWS::EC2::VPNGateway",
    "AWS::EC2::VPNGatewayRoutePropagation",
    "AWS::Route53Resolver::ResolverEndpoint",
    "AWS::Route53Resolver::ResolverRule",
    "AWS::Route53Resolver::ResolverRuleAssociation",
}
UNKNOWN_ATTRIBUTE = "DnsEntries"  # of an endpoint: no alias can be made of it
DEPLOYED = [
    ("vpn", "network", {"AWS::EC2::VPC", "AWS::EC2::VPCEndpoint", "AWS::Route53::RecordSet"}),
    ("transit", "network", {"AWS::EC2::VPC", "AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup"}),
    ("privatelink", "network", {"AWS::EC2::VPCEndpoint", "AWS::Route53::HostedZone"}),
    ("privatelink", "provider", {"AWS::ElasticLoadBalancingV2::Listener"}),
    ("existing", "network", {"AWS::EC2::SecurityGroup"}),
]


def template(kind: str, stack: str, folder: Path) -> dict[str, Any]:
    """What the network or the provider of a stage is made from."""
    settings = parse((SETTINGS + NETWORKS[kind]).encode(), "sapmatch.toml")
    config = StageConfig("prod", settings, folder)
    app = App(context=CONTEXT, outdir=str(folder))
    if settings.network.provider and stack == "provider":
        ProviderStack(app, stack, config, settings.network.provider)
    else:
        NetworkStack(app, stack, config)
    app.synth()
    found: dict[str, Any] = json.loads((folder / f"{stack}.template.json").read_text())
    return found


def known(template: dict[str, Any]) -> dict[str, Any]:
    """Without what the emulator does not know, and what refers to that."""
    resources = dict(template["Resources"])
    gone: set[str] = set()
    while True:
        dropped = {n for n, resource in resources.items() if _is_unknown(resource, gone)}
        if not dropped:
            break
        gone |= dropped
        resources = {n: r for n, r in resources.items() if n not in dropped}
    outputs = {n: o for n, o in template["Outputs"].items() if not _refers(o, gone)}
    return {"Resources": resources, "Outputs": outputs}


def _is_unknown(resource: dict[str, Any], gone: set[str]) -> bool:
    text = json.dumps(resource)
    return resource["Type"] in UNKNOWN or UNKNOWN_ATTRIBUTE in text or _refers(resource, gone)


def _refers(part: dict[str, Any], names: set[str]) -> bool:
    return any(f'"{name}"' in json.dumps(part) for name in names)


@pytest.mark.parametrize(("kind", "stack", "expected"), DEPLOYED)
def test_a_network_is_deployed_as_far_as_the_emulator_knows_its_types(
    aws: str, tmp_path: Path, kind: str, stack: str, expected: set[str]
) -> None:
    client = boto3.client("cloudformation", endpoint_url=aws)
    name = f"networks-{kind}-{stack}"
    text = json.dumps(known(template(kind, stack, tmp_path)))
    client.create_stack(StackName=name, TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    waiter = client.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    made = client.describe_stack_resources(StackName=name)["StackResources"]
    assert expected <= {resource["ResourceType"] for resource in made}
    assert {resource["ResourceStatus"] for resource in made} == {"CREATE_COMPLETE"}


def test_the_list_of_what_the_emulator_lacks_is_true(aws: str) -> None:
    """Once it knows one of them, the network of the stage `local` may have it."""
    client = boto3.client("cloudformation", endpoint_url=aws)
    body = {"Resources": {t.replace(":", ""): {"Type": t, "Properties": {}} for t in UNKNOWN}}
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.create_stack(StackName="networks-unknown", TemplateBody=json.dumps(body))
    assert all(kind in str(refused.value) for kind in UNKNOWN)
