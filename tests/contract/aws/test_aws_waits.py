"""Executions that wait with a task token, on the emulator."""

import json
import time
import uuid
from typing import Any

import pytest

from sapmatch.aws.clients import client
from sapmatch.aws.workflows import StepFunctions

QUEUED = {
    "StartAt": "Ask",
    "QueryLanguage": "JSONata",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"MessageBody": "{% $states.context.Task.Token %}"},
            "TimeoutSeconds": 30,
            "End": True,
        }
    },
}


@pytest.fixture
def asked(aws: str) -> tuple[str, str]:
    """The token and the ARN of an execution that waits."""
    name = f"waits-{uuid.uuid4().hex[:8]}"
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    definition: dict[str, Any] = json.loads(json.dumps(QUEUED))
    definition["States"]["Ask"]["Arguments"]["QueueUrl"] = queue
    machines = client("stepfunctions")
    machine = machines.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/x"
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine)["executionArn"]
    (message,) = client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    return message["Body"], execution


def test_who_waits_gets_the_answer_once(asked: tuple[str, str]) -> None:
    """RE-17: a second answer finds nobody."""
    token, execution = asked
    waits = StepFunctions(client("stepfunctions"))
    assert waits.resume(token, {"action": "decided"}) is True
    ended = _end(execution)
    assert json.loads(ended["output"]) == {"action": "decided"}
    assert waits.resume(token, {"action": "again"}) is False


def test_a_token_that_nobody_waits_with_is_no_error(aws: str) -> None:
    assert StepFunctions(client("stepfunctions")).resume("nobody", {"action": "again"}) is False


def _end(execution: str) -> Any:
    for _ in range(100):
        found = client("stepfunctions").describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise TimeoutError(execution)
