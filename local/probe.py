"""Asks the emulator for the behaviours that we rely on, before anything is built on it.

An emulator that lacks one of them would make the demo pass for the wrong reason, or hang.
"""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError

SECONDS = 10


def check(session: boto3.Session, endpoint: str) -> None:
    """Raises RuntimeError that names every behaviour that is missing."""
    missing = [probe.__doc__ or "" for probe in PROBES if not _holds(probe, session, endpoint)]
    if missing:
        raise RuntimeError(f"this AWS emulator does not do what we need: {'; '.join(missing)}")


def _holds(
    probe: Callable[[boto3.Session, str, str], bool], session: boto3.Session, endpoint: str
) -> bool:
    return probe(session, endpoint, f"probe-{uuid.uuid4().hex[:8]}")


def writes_once(session: boto3.Session, endpoint: str, name: str) -> bool:
    """S3 refuses a second write with If-None-Match"""
    s3 = session.client("s3", endpoint_url=endpoint)
    where = {"LocationConstraint": session.region_name}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)  # type: ignore[arg-type]
    s3.put_object(Bucket=name, Key="k", Body=b"1", IfNoneMatch="*")
    try:
        s3.put_object(Bucket=name, Key="k", Body=b"2", IfNoneMatch="*")
    except ClientError:
        return s3.get_object(Bucket=name, Key="k")["Body"].read() == b"1"
    return False


def keeps_transactions_whole(session: boto3.Session, endpoint: str, name: str) -> bool:
    """DynamoDB writes all of a transaction or nothing"""
    dynamodb = session.client("dynamodb", endpoint_url=endpoint)
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "taken"}})
    puts = [
        {"Put": {"TableName": name, "Item": {"pk": {"S": key}}, "ConditionExpression": NEW}}
        for key in ("free", "taken")
    ]
    try:
        dynamodb.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]
    except ClientError:
        return "Item" not in dynamodb.get_item(TableName=name, Key={"pk": {"S": "free"}})
    return False


def evaluates_jsonata(session: boto3.Session, endpoint: str, name: str) -> bool:
    """Step Functions evaluates JSONata in Assign, Output and Choice"""
    return _succeeds(session, endpoint, name, MACHINE, '{"n": 1}')


def maps_a_list_of_the_bucket(session: boto3.Session, endpoint: str, name: str) -> bool:
    """Step Functions runs a distributed map over a JSON list in S3, children by ItemSelector"""
    s3 = session.client("s3", endpoint_url=endpoint)
    where = {"LocationConstraint": session.region_name}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)  # type: ignore[arg-type]
    s3.put_object(Bucket=name, Key="list.json", Body=b'[{"n": 1}, {"n": 2}]')
    return _succeeds(session, endpoint, name, MAPPING, json.dumps({"bucket": name, "parallel": 1}))


def _succeeds(session: boto3.Session, endpoint: str, name: str, machine: Any, input: str) -> bool:
    machines = session.client("stepfunctions", endpoint_url=endpoint)
    arn = machines.create_state_machine(
        name=name, definition=json.dumps(machine), roleArn="arn:aws:iam::000000000000:role/probe"
    )["stateMachineArn"]
    run = machines.start_execution(stateMachineArn=arn, name=name, input=input)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        end = machines.describe_execution(executionArn=run["executionArn"])
        if end["status"] != "RUNNING":
            return end["status"] == "SUCCEEDED"
        time.sleep(0.05)
    return False


NEW = "attribute_not_exists(pk)"
MACHINE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Add",
    "States": {
        "Add": {
            "Type": "Pass",
            "Assign": {"sum": "{% $states.input.n + 1 %}"},
            "Output": {"text": "{% 'n' & $string($states.input.n) %}"},
            "Next": "IsRight",
        },
        "IsRight": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $sum = 2 and $states.input.text = 'n1' %}", "Next": "Right"}
            ],
            "Default": "Wrong",
        },
        "Right": {"Type": "Succeed"},
        "Wrong": {"Type": "Fail"},
    },
}
MAPPING = {
    "QueryLanguage": "JSONPath",
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "Label": "Each",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket.$": "$.bucket", "Key": "list.json"},
            },
            "ItemSelector": {"item.$": "$$.Map.Item.Value"},
            "MaxConcurrencyPath": "$.parallel",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "IsKnown",
                "States": {
                    "IsKnown": {
                        "Type": "Choice",
                        "Choices": [
                            {"Variable": "$.item.n", "NumericLessThan": 3, "Next": "Known"}
                        ],
                        "Default": "Unknown",
                    },
                    "Known": {"Type": "Succeed", "OutputPath": None},
                    "Unknown": {"Type": "Fail", "Error": "Unknown", "Cause": "Unknown"},
                },
            },
            "ResultPath": "$.results",
            "Next": "IsComplete",
        },
        "IsComplete": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.results[1]", "IsPresent": True, "Next": "Right"}],
            "Default": "Wrong",
        },
        "Right": {"Type": "Succeed"},
        "Wrong": {"Type": "Fail", "Error": "Wrong", "Cause": "Wrong"},
    },
}
PROBES = (writes_once, keeps_transactions_whole, evaluates_jsonata, maps_a_list_of_the_bucket)
