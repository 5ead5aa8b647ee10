"""Executions that wait with a task token, on the emulator."""

import json
import time
import uuid
from typing import Any

import pytest

from sapmatch.aws.clients import client
from sapmatch.aws.workflows import StepFunctions

QUEUED = {
    "StartAt": "Begin",
    "QueryLanguage": "JSONata",
    "States": {
        "Begin": {"Type": "Pass", "Assign": {"turns": 0}, "Next": "Ask"},
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {
                "MessageBody": "{% $string({'token': $states.context.Task.Token, 'turn': $turns})%}"
            },
            "Assign": {"turns": "{% $turns + 1 %}"},
            "Output": "{% {'action': $states.result.action} %}",
            "TimeoutSeconds": 30,
            "Next": "IsDecided",
        },
        "IsDecided": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.action = 'again' %}", "Next": "Ask"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


@pytest.fixture
def queue(aws: str) -> str:
    """Where executions ask."""
    url: str = client("sqs").create_queue(QueueName=f"waits-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    return url


@pytest.fixture
def asked(queue: str) -> tuple[str, str]:
    """The token and the ARN of an execution that waits."""
    name = f"waits-{uuid.uuid4().hex[:8]}"
    definition: dict[str, Any] = json.loads(json.dumps(QUEUED))
    definition["States"]["Ask"]["Arguments"]["QueueUrl"] = queue
    machines = client("stepfunctions")
    machine = machines.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/x"
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine)["executionArn"]
    return _question(queue)["token"], execution


def test_who_waits_gets_the_answer_once(asked: tuple[str, str]) -> None:
    """RE-17: a second answer finds nobody."""
    token, execution = asked
    waits = StepFunctions(client("stepfunctions"))
    assert waits.resume(token, {"action": "decided"}) is True
    ended = _end(execution)
    assert json.loads(ended["output"]) == {"action": "decided"}
    assert waits.resume(token, {"action": "again"}) is False


def test_an_execution_counts_its_turns(asked: tuple[str, str], queue: str) -> None:
    """Its history takes 25,000 events: it hands over before."""
    waits, (token, _) = StepFunctions(client("stepfunctions")), asked
    for turn in (1, 2):
        assert waits.resume(token, {"action": "again"})
        question = _question(queue)
        assert question["turn"] == turn
        token = question["token"]


def test_a_token_that_nobody_waits_with_is_no_error(aws: str) -> None:
    assert StepFunctions(client("stepfunctions")).resume("nobody", {"action": "again"}) is False


def _question(queue: str) -> dict[str, Any]:
    received = client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)
    (message,) = received["Messages"]
    handle = message["ReceiptHandle"]
    client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=handle)
    found: dict[str, Any] = json.loads(message["Body"])
    return found


def _end(execution: str) -> Any:
    for _ in range(100):
        found = client("stepfunctions").describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise TimeoutError(execution)
