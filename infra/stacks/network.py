"""The network of the functions that call SAP: no way out but to SAP and to what AWS has to do."""

from typing import cast

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk.aws_route53_targets import InterfaceVpcEndpointTarget
from constructs import Construct

from infra.config import StageConfig
from infra.constructs.service_function import RETENTION, Place
from infra.constructs.vpn import CompanyDns, TransitGateway, Vpn
from sapmatch.settings.network import (
    SUBNET_BITS,
    ZONES,
    are_zone_ids,
    made_endpoints,
    ports_of,
    sap_ports,
    services_of,
)

_HTTPS = ec2.Port.tcp(443)
_TITLES = {"secretsmanager": "SecretsManager"}
_TTL = 300  # seconds that a name of SAP may be remembered


class NetworkStack(Stack):
    """A VPC of our own (vpn, privatelink) or a given one, and where the functions stand in it.

    `vpn` is the VPN connection where one is made. Functions are not told apart by SAP system: each
    of them calls every connection, so one security group holds the ports of all.
    """

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id, description="sapmatch: the way to SAP")
        self._settings = config.settings
        self._network = network = config.settings.network
        self.vpn: ec2.CfnVPNConnection | None = None
        self._vpc = self._given() if network.type == "existing" else self._own()
        self._group = ec2.SecurityGroup(
            self,
            "SapCallers",
            vpc=self._vpc,
            description="Functions that call SAP",
            allow_all_outbound=False,
        )
        subnets = ec2.SubnetSelection(subnets=self._vpc.isolated_subnets)
        self.place = Place(self._vpc, self._group, subnets)
        self._open()
        self._endpoints()
        if network.type == "privatelink":
            self._privatelinks()
        self._names()
        CfnOutput(self, "SapCallersId", value=self._group.security_group_id)

    def _own(self) -> ec2.Vpc:
        network = self._network
        zones = network.availability_zones
        gateway = network.type == "vpn" and not network.transit_gateway_id
        isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(network.vpc_cidr),
            availability_zones=list(zones) or None,
            max_azs=None if zones else ZONES,
            nat_gateways=0,
            vpn_gateway=gateway,
            vpn_route_propagation=[isolated] if gateway else None,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Sap",
                    subnet_type=ec2.SubnetType.PRIVATE_ISOLATED,
                    cidr_mask=SUBNET_BITS,
                )
            ],
        )
        if are_zone_ids(zones):
            _place_by_id(vpc, zones)
        log_group = logs.LogGroup(self, "FlowLogs", retention=RETENTION)
        vpc.add_flow_log("Flow", destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group))
        if network.type == "vpn":
            self._lead_to_company(vpc)
        return vpc

    def _lead_to_company(self, vpc: ec2.Vpc) -> None:
        network = self._network
        if network.customer_gateway_ip:
            self.vpn = Vpn(self, "Company", vpc, network).connection
        if network.transit_gateway_id:
            TransitGateway(self, "TransitGateway", vpc, network)
        if network.dns_servers:
            CompanyDns(self, "CompanyDns", vpc, network)

    def _given(self) -> ec2.IVpc:
        """Its owner provides the endpoints that are not made here, and lets us in."""
        return ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=str(self._network.vpc_id),
            availability_zones=list(self._network.availability_zones),
            isolated_subnet_ids=list(self._network.subnet_ids),
        )

    def _open(self) -> None:
        network = self._network
        if network.type != "privatelink":
            sap = ec2.Peer.ipv4(str(network.sap_cidr))
            for port in sap_ports(self._settings):
                self._group.add_egress_rule(sap, ec2.Port.tcp(port), "SAP")
        for prefix_list in network.prefix_lists:
            self._group.add_egress_rule(ec2.Peer.prefix_list(prefix_list), _HTTPS, "S3 or DynamoDB")
        for n, group in enumerate(network.endpoint_security_groups):
            owners = ec2.SecurityGroup.from_security_group_id(self, f"Owners{n}", group)
            self._group.add_egress_rule(owners, _HTTPS, "Endpoints of AWS")

    def _endpoints(self) -> None:
        if isinstance(self._vpc, ec2.Vpc):
            for title, service in (
                ("S3", ec2.GatewayVpcEndpointAwsService.S3),
                ("DynamoDb", ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            ):
                gateway = self._vpc.add_gateway_endpoint(title, service=service)
                gateway.add_to_policy(_our_account_only())
        for name in made_endpoints(self._settings):
            ours = ec2.InterfaceVpcEndpointAwsService(name)
            endpoint = self._endpoint(_TITLES.get(name, name.title()), ours, [443])
            endpoint.add_to_policy(_our_account_only())

    def _privatelinks(self) -> None:
        """An endpoint for each service, and the names of SAP that lead to it.

        So the name in SAP's certificate is the one that is asked for, and is checked.
        """
        hosts = services_of(self._settings)
        for n, service in enumerate(sorted(set(hosts.values()))):
            title = f"Sap{n or ''}"
            ports = ports_of(self._settings, service)
            ours = ec2.InterfaceVpcEndpointService(service, ports[0])
            target = InterfaceVpcEndpointTarget(self._endpoint(title, ours, ports))
            for host in sorted(host for host, leads in hosts.items() if leads == service):
                zone = self._zone(host)
                alias = route53.RecordTarget.from_alias(target)
                route53.ARecord(self, f"Name{host}", zone=zone, target=alias)

    def _names(self) -> None:
        """Names of SAP that no DNS server near the functions knows."""
        given = self._network.hosted_zone_id
        for host, address in self._network.names.items():
            route53.CfnRecordSet(
                self,
                f"Name{host}",
                hosted_zone_id=given or self._zone(host).hosted_zone_id,
                name=host,
                type="A",
                ttl=str(_TTL),
                resource_records=[address],
            )

    def _zone(self, host: str) -> route53.PrivateHostedZone:
        return route53.PrivateHostedZone(self, f"Zone{host}", zone_name=host, vpc=self._vpc)

    def _endpoint(
        self, title: str, service: ec2.IInterfaceVpcEndpointService, ports: list[int]
    ) -> ec2.InterfaceVpcEndpoint:
        """An interface endpoint that only our functions may use."""
        door = ec2.SecurityGroup(
            self,
            f"{title}Door",
            vpc=self._vpc,
            description=f"{title}Door",
            allow_all_outbound=False,
        )
        for port in ports:
            self._group.connections.allow_to(door, ec2.Port.tcp(port))
        return ec2.InterfaceVpcEndpoint(
            self,
            title,
            vpc=self._vpc,
            service=service,
            subnets=ec2.SubnetSelection(subnets=self._vpc.isolated_subnets),
            security_groups=[door],
            open=False,
        )


def _place_by_id(vpc: ec2.Vpc, zones: tuple[str, ...]) -> None:
    """Zones of one name differ between accounts, and PrivateLink needs those of the provider."""
    for subnet, zone in zip(vpc.isolated_subnets, zones, strict=True):
        resource = cast(ec2.CfnSubnet, subnet.node.default_child)
        resource.add_property_deletion_override("AvailabilityZone")
        resource.availability_zone_id = zone


def _our_account_only() -> iam.PolicyStatement:
    """What goes through the endpoint may touch this account only."""
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()],
        actions=["*"],
        resources=["*"],
        conditions={"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}},
    )
