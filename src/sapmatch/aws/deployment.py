"""Finds a deployed stage by the outputs of its stacks."""

from typing import TYPE_CHECKING

from sapmatch.aws.errors import translated
from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACKS = ("data", "integration")


def outputs(client: "CloudFormationClient", stage: str) -> dict[str, str]:
    """All outputs of the stage's stacks by name; raises InputRejected where there is no stage."""
    found: dict[str, str] = {}
    missing = {
        "ValidationError": f"is not deployed to this account and region; is it the stage {stage}?"
    }
    for stack in STACKS:
        name = f"sapmatch-{stage}-{stack}"
        with translated(f"stack {name}", missing):
            for description in client.describe_stacks(StackName=name)["Stacks"]:
                pairs = description.get("Outputs", ())
                found |= {pair["OutputKey"]: pair["OutputValue"] for pair in pairs}
    if not found:
        raise InputRejected(f"stage {stage}: its stacks have no outputs; deploy it anew")
    return found
