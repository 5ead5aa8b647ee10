"""Starts of our state machines."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from sapmatch.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StepFunctions:
    """Port Workflows; a name that was used already is success, not an error (RE-8)."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def start(self, machine: str, name: str, input: Mapping[str, Any]) -> bool:
        """Start the machine of this ARN under the name (at most 80 characters)."""
        text = msgspec.json.encode(input).decode()
        try:
            with translated(f"execution {name}"):
                self._client.start_execution(stateMachineArn=machine, name=name, input=text)
        except self._client.exceptions.ExecutionAlreadyExists:
            return False
        return True
