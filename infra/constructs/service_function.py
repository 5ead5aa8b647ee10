"""A Lambda function with the house's defaults."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.roles import ExactRole
from infra.function_spec import FunctionSpec
from infra.grants import Resources, attaches_to_network, traces, writes_logs
from infra.names import pascal

RETENTION = logs.RetentionDays.THREE_MONTHS


@dataclass(frozen=True)
class Place:
    """Where functions that call SAP stand."""

    vpc: ec2.IVpc
    security_group: ec2.ISecurityGroup
    subnets: ec2.SubnetSelection


@dataclass(frozen=True)
class Bundle:
    """What all functions are made of."""

    code: lambda_.Code
    layers: Mapping[str, lambda_.ILayerVersion]
    environment: Mapping[str, str]


class ServiceFunction(lambda_.Function):
    """One function, its role, its log group; `known_as` where people call it by name."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        spec: FunctionSpec,
        *,
        bundle: Bundle,
        resources: Resources,
        place: Place | None = None,
        at_once: int | None = None,
        more: Iterable[iam.PolicyStatement] = (),
        known_as: str | None = None,
    ) -> None:
        title = pascal(name)
        log_group = logs.LogGroup(
            scope, f"{title}Logs", retention=RETENTION, removal_policy=RemovalPolicy.DESTROY
        )
        given = (grant(resources) for grant in spec.grants)
        statements = [statement for statement in given if statement.resources]
        statements += [writes_logs(log_group), traces(), *more]
        if place:
            statements.append(attaches_to_network())
        role = ExactRole(scope, f"{title}Role", "lambda.amazonaws.com", statements)
        super().__init__(
            scope,
            title,
            function_name=known_as,
            description=spec.purpose,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"functions.{name}.handler",
            code=bundle.code,
            layers=[bundle.layers[name] for name in spec.all_layers if name in bundle.layers],
            memory_size=spec.memory,
            ephemeral_storage_size=Size.mebibytes(spec.disk),
            timeout=Duration.seconds(spec.timeout),
            environment=dict(bundle.environment),
            role=role.exact,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            reserved_concurrent_executions=at_once,
            vpc=place.vpc if place else None,
            vpc_subnets=place.subnets if place else None,
            security_groups=[place.security_group] if place else None,
        )
        self.own_role = role
