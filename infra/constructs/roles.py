"""Roles with exactly the statements that are written down, in one inline policy."""

import json
from collections.abc import Iterable
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct


class ExactRole(iam.Role):
    """A role for one service; `exact` is the same role, closed to what the CDK would add."""

    def __init__(
        self, scope: Construct, id: str, service: str, statements: Iterable[iam.PolicyStatement]
    ) -> None:
        self._given = list(statements)
        super().__init__(
            scope,
            id,
            assumed_by=iam.ServicePrincipal(service),
            inline_policies={"Exact": iam.PolicyDocument(statements=self._given)},
        )
        self.exact = self.without_policy_updates()
        _acknowledge_stars(self, self._given)


class ExactPolicy(iam.Policy):
    """Statements about a thing that cannot be made before its own role."""

    def __init__(
        self, scope: Construct, id: str, role: iam.Role, statements: Iterable[iam.PolicyStatement]
    ) -> None:
        given = list(statements)
        super().__init__(scope, id, roles=[role], statements=given)
        _acknowledge_stars(self, given)


def _acknowledge_stars(holder: Construct, statements: Iterable[iam.PolicyStatement]) -> None:
    """cdk-nag asks for a reason for every resource that ends in a star."""
    for statement in statements:
        for resource in statement.resources:
            if "*" in resource:
                finding = _plain(Stack.of(holder).resolve(resource))
                Validations.of(holder).acknowledge(
                    Acknowledgment(
                        id=f"AwsSolutions-IAM5[Resource::{finding}]", reason=_reason(resource)
                    )
                )


def _reason(resource: str) -> str:
    if resource == "*":
        return (
            "The actions of this statement know no resource (Textract, X-Ray, network interfaces "
            "of Lambda, log delivery)."
        )
    if ":execution:" in resource:
        return (
            "Executions of one machine: children of a distributed map have no name, and those of "
            "runs are named by what arrived."
        )
    return "All objects under one prefix: that is the extent of this function's work."


def _plain(resolved: Any) -> str:
    """A resolved value as cdk-nag writes it: an import is the name of what is imported."""
    match resolved:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator.join(map(_plain, parts)))
        case {"Fn::ImportValue": name}:
            return str(name)
        case {"Fn::Select": _}:
            return json.dumps(resolved, separators=(",", ":"))
        case _:
            return str(resolved)
