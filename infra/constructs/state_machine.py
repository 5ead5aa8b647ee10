"""A state machine from its .asl.json file."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import cast

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.bundle import ROOT
from infra.constructs.roles import ExactPolicy, ExactRole
from infra.constructs.service_function import RETENTION
from infra.grants import (
    Resources,
    calls,
    delivers_logs,
    reads_items,
    runs_children,
    samples_traces,
    traces,
)
from infra.names import pascal, snake

FOLDER = ROOT / "statemachines"
DISTRIBUTED = "DISTRIBUTED"
_EXPRESSION_AS_NUMBER = '"MaxConcurrency": "{%'
_WITHIN = '"${%sWithinSeconds}"'  # in quotes: the file is valid JSON as it is stored
_PLACEHOLDER = re.compile(r"\$\{(\w+)FunctionArn\}")


def machine_names() -> list[str]:
    """Names of all state machines of the house."""
    return sorted(path.name.removesuffix(".asl.json") for path in FOLDER.glob("*.asl.json"))


def definition(text: str, days: Mapping[str, int]) -> str:
    """A definition with the time that people have: a number, which no substitution can give.

    `days` by what they do within them: Decide, Approve.
    """
    for what, within in days.items():
        text = text.replace(_WITHIN % what, str(within * 24 * 3600))
    return text


def called_functions(definition: str) -> set[str]:
    """The functions that a definition has placeholders for: `${MatchInvoiceFunctionArn}`."""
    return {snake(word) for word in _PLACEHOLDER.findall(definition)}


def distributed_maps(definition: str) -> list[str]:
    """Labels of the maps of a definition whose children are executions of their own."""
    states = json.loads(definition)["States"].values()
    maps = (state for state in states if state["Type"] == "Map")
    return [
        m["Label"] for m in maps if m["ItemProcessor"]["ProcessorConfig"]["Mode"] == DISTRIBUTED
    ]


class AslStateMachine(sfn.StateMachine):
    """One state machine that may call exactly the functions its file names."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        functions: Mapping[str, lambda_.IFunction],
        resources: Resources,
        days: Mapping[str, int],
    ) -> None:
        title = pascal(name)
        path = FOLDER / f"{name}.asl.json"
        text = definition(path.read_text(), days)
        called = sorted(called_functions(text))
        if unknown := set(called) - functions.keys():
            raise ValueError(
                f"{path}: placeholder for no function of infra/functions.py: {unknown}"
            )
        role = _role(scope, name, [functions[function] for function in called])
        super().__init__(
            scope,
            title,
            comment=json.loads(text)["Comment"],
            definition_body=sfn.DefinitionBody.from_string(text),
            definition_substitutions={
                f"{pascal(name)}FunctionArn": functions[name].function_arn for name in called
            },
            role=role.exact,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    scope, f"{title}Logs", retention=RETENTION, removal_policy=RemovalPolicy.DESTROY
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        for label in distributed_maps(text):
            statements = runs_children(self.state_machine_name, self.state_machine_arn, label)
            ExactPolicy(scope, f"{title}{label}", role, [*statements, *reads_items(resources)])
        if _EXPRESSION_AS_NUMBER in text:
            # cfn-lint knows only numbers here; JSONata machines may give an expression.
            resource = cast(CfnResource, self.node.default_child)
            resource.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})


def _role(scope: Construct, name: str, functions: Iterable[lambda_.IFunction]) -> ExactRole:
    return ExactRole(
        scope,
        f"{pascal(name)}Role",
        "states.amazonaws.com",
        [calls(functions), delivers_logs(), traces(), samples_traces()],
    )
