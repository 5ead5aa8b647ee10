"""Starts of our state machines, and answers to those that wait."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from sapmatch.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StepFunctions:
    """Ports Workflows and Waits; a name that was used already is success, not an error (RE-8)."""

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

    def is_running(self, machine: str, name: str) -> bool:
        """Whether the machine of this ARN has an execution of the name that has not ended."""
        execution = machine.replace(":stateMachine:", ":execution:") + f":{name}"
        try:
            with translated(f"execution {name}"):
                found = self._client.describe_execution(executionArn=execution)
        except self._client.exceptions.ExecutionDoesNotExist:
            return False
        return found["status"] in ("RUNNING", "PENDING_REDRIVE")

    def resume(self, token: str, output: Mapping[str, Any]) -> bool:
        """Answer the task of this token; False where it has ended, or was answered before."""
        text = msgspec.json.encode(output).decode()
        known = self._client.exceptions
        try:
            with translated("execution that waits"):
                self._client.send_task_success(taskToken=token, output=text)
        except (known.TaskDoesNotExist, known.TaskTimedOut, known.InvalidToken):
            return False
        return True
