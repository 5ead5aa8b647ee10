"""One stage: its stacks by lifetime."""

from dataclasses import dataclass

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infra.config import StageConfig
from infra.stacks.appflow import AppFlowStack
from infra.stacks.data import DataStack
from infra.stacks.integration import IntegrationStack
from infra.stacks.network import NetworkStack
from infra.stacks.operations import OperationsStack
from infra.stacks.provider import ProviderStack


@dataclass(frozen=True)
class Stage:
    """The stacks of one stage; `network` only where the settings ask for one."""

    data: DataStack
    integration: IntegrationStack
    operations: OperationsStack
    network: NetworkStack | None = None


def add_stage(app: App, config: StageConfig) -> Stage:
    """Add the stacks to the app; the synthesis fails on any finding of cdk-nag."""
    network = None
    if config.settings.network.type != "none" and not config.left_out("network"):
        network = NetworkStack(app, f"{config.prefix}-network", config)
        if provider := config.settings.network.provider:
            ProviderStack(app, f"{config.prefix}-provider", config, provider)
    data = DataStack(app, f"{config.prefix}-data", config)
    if config.settings.appflow and not config.left_out("appflow"):
        AppFlowStack(app, f"{config.prefix}-appflow", config, data.resources)
    integration = IntegrationStack(
        app,
        f"{config.prefix}-integration",
        config,
        data.resources,
        network.place if network else None,
    )
    operations = OperationsStack(
        app, f"{config.prefix}-operations", config, integration, data.resources.topic, network
    )
    Tags.of(app).add("application", "sapmatch")
    Tags.of(app).add("stage", config.stage)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return Stage(data, integration, operations, network)
