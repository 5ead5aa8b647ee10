"""SAP's side of PrivateLink: an endpoint service before SAP, in the account that leads to it."""

from aws_cdk import Acknowledgment, CfnOutput, CfnResource, Fn, Stack, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from infra.config import StageConfig
from sapmatch.settings import Provider
from sapmatch.settings.network import sap_ports

_SECONDS_OF_CHECK = 30


class ProviderStack(Stack):
    """An internal load balancer that passes TCP on to SAP: TLS ends at SAP, with its certificate.

    SAP sees the addresses of the load balancer. Nothing in the VPC reaches it: its security group
    admits nobody, and is not asked about what comes through PrivateLink.
    """

    def __init__(self, scope: Construct, id: str, config: StageConfig, provider: Provider) -> None:
        super().__init__(scope, id, description="sapmatch: the way to SAP, on SAP's side")
        ports = sap_ports(config.settings)
        balancer = self._balancer(provider, ports)
        for port in ports:
            self._listen(balancer, provider, port)
        service = ec2.CfnVPCEndpointService(
            self,
            "Service",
            network_load_balancer_arns=[balancer.ref],
            acceptance_required=True,
        )
        ec2.CfnVPCEndpointServicePermissions(
            self,
            "Permissions",
            service_id=service.attr_service_id,
            allowed_principals=list(provider.allowed_principals),
        )
        name = Fn.join(".", ["com.amazonaws.vpce", self.region, service.attr_service_id])
        CfnOutput(self, "EndpointServiceName", value=name)

    def _balancer(self, provider: Provider, ports: list[int]) -> elb.CfnLoadBalancer:
        group = ec2.CfnSecurityGroup(
            self,
            "Balancer",
            vpc_id=provider.vpc_id,
            group_description="From PrivateLink to SAP",
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    cidr_ip=f"{target}/32",
                    from_port=port,
                    to_port=port,
                    description="SAP",
                )
                for target in provider.targets
                for port in ports
            ],
        )
        balancer = elb.CfnLoadBalancer(
            self,
            "LoadBalancer",
            type="network",
            scheme="internal",
            subnets=list(provider.subnet_ids),
            security_groups=[group.attr_group_id],
            enforce_security_group_inbound_rules_on_private_link_traffic="off",
            load_balancer_attributes=[
                elb.CfnLoadBalancer.LoadBalancerAttributeProperty(key=key, value="true")
                for key in ("load_balancing.cross_zone.enabled", "deletion_protection.enabled")
            ],
        )
        reason = "A network load balancer writes access logs of TLS listeners only; these pass TCP."
        Validations.of(balancer).acknowledge(Acknowledgment(id="AwsSolutions-ELB2", reason=reason))
        return balancer

    def _listen(self, balancer: CfnResource, provider: Provider, port: int) -> None:
        zone = "all" if provider.on_premises else None
        group = elb.CfnTargetGroup(
            self,
            f"Sap{port}",
            vpc_id=provider.vpc_id,
            protocol="TCP",
            port=port,
            target_type="ip",
            health_check_protocol="TCP",
            health_check_interval_seconds=_SECONDS_OF_CHECK,
            targets=[
                elb.CfnTargetGroup.TargetDescriptionProperty(
                    id=target, port=port, availability_zone=zone
                )
                for target in provider.targets
            ],
            target_group_attributes=[
                elb.CfnTargetGroup.TargetGroupAttributeProperty(
                    key="preserve_client_ip.enabled", value="false"
                )
            ],
        )
        elb.CfnListener(
            self,
            f"Listener{port}",
            load_balancer_arn=balancer.ref,
            protocol="TCP",
            port=port,
            default_actions=[
                elb.CfnListener.ActionProperty(type="forward", target_group_arn=group.ref)
            ],
        )
