"""The company's way in: a VPN with two tunnels, or its transit gateway; and its names."""

from collections.abc import Iterator

from aws_cdk import CfnOutput
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53resolver as resolver
from constructs import Construct

from sapmatch.settings import Network

_DNS = 53
# Without what is weak or old in AWS's own list (SHA-1, Diffie-Hellman groups 2 and 5, AES-128).
_ENCRYPTION = ("AES256", "AES256-GCM-16")
_INTEGRITY = ("SHA2-256", "SHA2-384", "SHA2-512")
_GROUPS = (14, 16, 19, 20, 21)


class Vpn(Construct):
    """A site-to-site VPN to the company's gateway; AWS makes its keys, no template holds them.

    It ends at the gateway of the VPC, or at the company's transit gateway where one is named.
    """

    def __init__(self, scope: Construct, id: str, vpc: ec2.Vpc, network: Network) -> None:
        super().__init__(scope, id)
        gateway = ec2.CfnCustomerGateway(
            self,
            "CustomerGateway",
            type="ipsec.1",
            ip_address=str(network.customer_gateway_ip),
            bgp_asn=network.customer_gateway_asn,
        )
        ends_at = network.transit_gateway_id
        static = network.routing == "static"
        self.connection = ec2.CfnVPNConnection(
            self,
            "Connection",
            type="ipsec.1",
            customer_gateway_id=gateway.attr_customer_gateway_id,
            transit_gateway_id=ends_at,
            vpn_gateway_id=None if ends_at else vpc.vpn_gateway_id,
            static_routes_only=static,
            vpn_tunnel_options_specifications=[_tunnel(), _tunnel()],
        )
        if static:
            for n, destination in enumerate(destinations(network)):
                ec2.CfnVPNConnectionRoute(
                    self,
                    f"Route{n}",
                    vpn_connection_id=self.connection.attr_vpn_connection_id,
                    destination_cidr_block=destination,
                )
        CfnOutput(scope, "VpnConnectionId", value=self.connection.attr_vpn_connection_id)


class TransitGateway(Construct):
    """Our VPC at the company's transit gateway, with routes to SAP and its DNS only."""

    def __init__(self, scope: Construct, id: str, vpc: ec2.Vpc, network: Network) -> None:
        super().__init__(scope, id)
        gateway = str(network.transit_gateway_id)
        attachment = ec2.CfnTransitGatewayAttachment(
            self,
            "Attachment",
            transit_gateway_id=gateway,
            vpc_id=vpc.vpc_id,
            subnet_ids=[subnet.subnet_id for subnet in vpc.isolated_subnets],
        )
        for s, subnet in enumerate(vpc.isolated_subnets):
            for n, destination in enumerate(destinations(network)):
                route = ec2.CfnRoute(
                    self,
                    f"Subnet{s}Route{n}",
                    route_table_id=subnet.route_table.route_table_id,
                    destination_cidr_block=destination,
                    transit_gateway_id=gateway,
                )
                route.add_resource_dependency(attachment)
        CfnOutput(scope, "TransitGatewayAttachmentId", value=attachment.attr_id)


class CompanyDns(Construct):
    """Questions for the company's domain go to its own DNS servers, through the tunnels."""

    def __init__(self, scope: Construct, id: str, vpc: ec2.Vpc, network: Network) -> None:
        super().__init__(scope, id)
        group = ec2.SecurityGroup(
            self,
            "Resolver",
            vpc=vpc,
            description="Questions to the DNS servers of the company",
            allow_all_outbound=False,
        )
        for server in network.dns_servers:
            for port in (ec2.Port.udp(_DNS), ec2.Port.tcp(_DNS)):
                group.add_egress_rule(ec2.Peer.ipv4(f"{server}/32"), port, "DNS")
        endpoint = resolver.CfnResolverEndpoint(
            self,
            "Outbound",
            direction="OUTBOUND",
            security_group_ids=[group.security_group_id],
            ip_addresses=[
                resolver.CfnResolverEndpoint.IpAddressRequestProperty(subnet_id=subnet.subnet_id)
                for subnet in vpc.isolated_subnets
            ],
        )
        rule = resolver.CfnResolverRule(
            self,
            "Rule",
            rule_type="FORWARD",
            domain_name=str(network.dns_domain),
            resolver_endpoint_id=endpoint.attr_resolver_endpoint_id,
            target_ips=[
                resolver.CfnResolverRule.TargetAddressProperty(ip=server, port=str(_DNS))
                for server in network.dns_servers
            ],
        )
        resolver.CfnResolverRuleAssociation(
            self, "Association", resolver_rule_id=rule.attr_resolver_rule_id, vpc_id=vpc.vpc_id
        )


def destinations(network: Network) -> Iterator[str]:
    """What lies behind the tunnels: SAP, and the DNS servers that name it."""
    yield str(network.sap_cidr)
    yield from (f"{server}/32" for server in network.dns_servers)


def _tunnel() -> ec2.CfnVPNConnection.VpnTunnelOptionsSpecificationProperty:
    """AWS begins, as the calls do: a tunnel that waits for the company's router stays down."""
    vpn = ec2.CfnVPNConnection
    return vpn.VpnTunnelOptionsSpecificationProperty(
        ike_versions=[vpn.IKEVersionsRequestListValueProperty(value="ikev2")],
        startup_action="start",
        dpd_timeout_action="restart",
        phase1_encryption_algorithms=[
            vpn.Phase1EncryptionAlgorithmsRequestListValueProperty(value=v) for v in _ENCRYPTION
        ],
        phase2_encryption_algorithms=[
            vpn.Phase2EncryptionAlgorithmsRequestListValueProperty(value=v) for v in _ENCRYPTION
        ],
        phase1_integrity_algorithms=[
            vpn.Phase1IntegrityAlgorithmsRequestListValueProperty(value=v) for v in _INTEGRITY
        ],
        phase2_integrity_algorithms=[
            vpn.Phase2IntegrityAlgorithmsRequestListValueProperty(value=v) for v in _INTEGRITY
        ],
        phase1_dh_group_numbers=[
            vpn.Phase1DHGroupNumbersRequestListValueProperty(value=v) for v in _GROUPS
        ],
        phase2_dh_group_numbers=[
            vpn.Phase2DHGroupNumbersRequestListValueProperty(value=v) for v in _GROUPS
        ],
    )
