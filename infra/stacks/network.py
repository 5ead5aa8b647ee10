"""The network of the functions that call SAP: no way out but to SAP and to three AWS services."""

from urllib.parse import urlsplit

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk.aws_route53_targets import InterfaceVpcEndpointTarget
from constructs import Construct

from infra.config import StageConfig
from infra.constructs.service_function import RETENTION, Place
from sapmatch.settings import Network

_HTTPS = ec2.Port.tcp(443)


class NetworkStack(Stack):
    """A VPC of our own (vpn, privatelink) or a given one, and where the functions stand in it."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id, description="sapmatch: the way to SAP")
        network = config.settings.network
        vpc = self._given(network) if network.type == "existing" else self._own(network)
        group = ec2.SecurityGroup(
            self,
            "SapCallers",
            vpc=vpc,
            description="Functions that call SAP",
            allow_all_outbound=False,
        )
        subnets = ec2.SubnetSelection(subnets=vpc.isolated_subnets)
        self.place = Place(vpc, group, subnets)
        self._open(network, group)
        if network.type != "existing":
            self._endpoints(vpc, group)
        if network.type == "privatelink":
            endpoint = self._privatelink(vpc, group, network)
            for host in sorted(_hosts(config)):
                self._name(vpc, host, endpoint)
        CfnOutput(self, "SapCallersId", value=group.security_group_id)

    def _own(self, network: Network) -> ec2.Vpc:
        vpn = network.type == "vpn"
        vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=list(network.availability_zones) or None,
            max_azs=None if network.availability_zones else 2,
            nat_gateways=0,
            vpn_gateway=vpn,
            vpn_route_propagation=(
                [ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)] if vpn else None
            ),
            vpn_connections={"Company": _tunnel(network)} if vpn else None,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Sap", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=26
                )
            ],
        )
        log_group = logs.LogGroup(self, "FlowLogs", retention=RETENTION)
        vpc.add_flow_log("Flow", destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group))
        return vpc

    def _given(self, network: Network) -> ec2.IVpc:
        """Its owner provides the endpoints for S3, DynamoDB and Secrets Manager, and lets us in."""
        return ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=str(network.vpc_id),
            availability_zones=list(network.availability_zones),
            isolated_subnet_ids=list(network.subnet_ids),
        )

    def _open(self, network: Network, group: ec2.SecurityGroup) -> None:
        if network.type != "privatelink":
            sap = ec2.Peer.ipv4(str(network.sap_cidr))
            group.add_egress_rule(sap, ec2.Port.tcp(network.sap_port), "SAP")
        for prefix_list in network.prefix_lists:
            group.add_egress_rule(ec2.Peer.prefix_list(prefix_list), _HTTPS, "S3 or DynamoDB")
        if network.type == "existing":
            owners = ec2.Peer.security_group_id(str(network.secrets_endpoint_security_group))
            group.add_egress_rule(owners, _HTTPS, "Secrets Manager")

    def _endpoints(self, vpc: ec2.IVpc, group: ec2.SecurityGroup) -> None:
        for title, service in (
            ("S3", ec2.GatewayVpcEndpointAwsService.S3),
            ("DynamoDb", ec2.GatewayVpcEndpointAwsService.DYNAMODB),
        ):
            vpc.add_gateway_endpoint(title, service=service).add_to_policy(_our_account_only())
        door = self._door(vpc, "SecretsManagerDoor", group, 443)
        vpc.add_interface_endpoint(
            "SecretsManager",
            service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
            security_groups=[door],
            open=False,
        ).add_to_policy(_our_account_only())

    def _privatelink(
        self, vpc: ec2.IVpc, group: ec2.SecurityGroup, network: Network
    ) -> ec2.InterfaceVpcEndpoint:
        door = self._door(vpc, "SapDoor", group, network.sap_port)
        service = ec2.InterfaceVpcEndpointService(str(network.endpoint_service), network.sap_port)
        return vpc.add_interface_endpoint(
            "Sap", service=service, security_groups=[door], open=False
        )

    def _name(self, vpc: ec2.IVpc, host: str, endpoint: ec2.InterfaceVpcEndpoint) -> None:
        """SAP's own name leads to the endpoint, so that the name of its certificate is kept."""
        zone = route53.PrivateHostedZone(self, f"Zone{host}", zone_name=host, vpc=vpc)
        target = route53.RecordTarget.from_alias(InterfaceVpcEndpointTarget(endpoint))
        route53.ARecord(self, f"Name{host}", zone=zone, target=target)

    def _door(
        self, vpc: ec2.IVpc, id: str, callers: ec2.SecurityGroup, port: int
    ) -> ec2.SecurityGroup:
        """A security group for an endpoint that only our functions may use."""
        door = ec2.SecurityGroup(self, id, vpc=vpc, description=id, allow_all_outbound=False)
        callers.connections.allow_to(door, ec2.Port.tcp(port))
        return door


def _hosts(config: StageConfig) -> set[str]:
    urls = (connection.url for connection in config.settings.connections.values())
    return {str(urlsplit(url).hostname) for url in urls}


def _tunnel(network: Network) -> ec2.VpnConnectionOptions:
    return ec2.VpnConnectionOptions(
        ip=str(network.customer_gateway_ip),
        asn=network.customer_gateway_asn,
        static_routes=[str(network.sap_cidr)],
    )


def _our_account_only() -> iam.PolicyStatement:
    """What goes through the endpoint may touch this account only."""
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()],
        actions=["*"],
        resources=["*"],
        conditions={"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}},
    )
