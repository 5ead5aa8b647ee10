"""Values that nobody may ever see, and every place where somebody could."""

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3

from local import accounts

FIXED = (
    accounts.SAP_PASSWORD,
    accounts.CLIENT_SECRET,
    accounts.P12_PASSWORD,
    accounts.DESTINATION_PASSWORD,
    accounts.BTP_SECRET,
    accounts.USERS_PASSWORD,
)
# What tokens, assertions, keys and cookies look like whoever made them.
SHAPES = {
    "JWT": re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    "assertion": re.compile(r"<\w*:?Assertion\b|PHNhbWw[26y]"),  # as XML, and in base64
    "private key": re.compile(r"BEGIN (?:RSA |ENCRYPTED )?PRIVATE KEY"),
    "session cookie": re.compile(r"SAP_SESSIONID\w*=[\w-]{8}"),
    "authorization": re.compile(r"(?:Basic|Bearer) [\w+/=-]{20}"),
}


def secrets_of_the_stage() -> list[str]:
    """The fields of all logon secrets but names and addresses, and how HTTP writes passwords."""
    client = boto3.client("secretsmanager")
    found = list(FIXED)
    for user, password in accounts.PASSWORDS.items():
        found.append(base64.b64encode(f"{user}:{password}".encode()).decode())
    p12 = client.get_secret_value(SecretId="sapmatch/local/s4")["SecretString"]
    found.append(p12[200:260])  # out of the middle of the file
    return found


def seen(text: str, values: Iterable[str]) -> list[str]:
    """Which of the values, and what in their shape, stands in a text; shapes by their name."""
    found = [value for value in values if value in text]
    return found + [name for name, shape in SHAPES.items() if shape.search(text)]


def files(folder: Path, *patterns: str) -> Iterator[tuple[str, str]]:
    """Files that were written on this machine."""
    for pattern in patterns:
        for path in folder.glob(pattern):
            yield path.name, path.read_text(errors="replace")


def tables() -> Iterator[tuple[str, str]]:
    """Every item of every table."""
    client = boto3.client("dynamodb")
    for page in client.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            for items in client.get_paginator("scan").paginate(TableName=name):
                yield f"table {name}", _text(items["Items"])


def objects() -> Iterator[tuple[str, str]]:
    """Every object of every bucket of the stage, in its newest version."""
    client = boto3.client("s3")
    for bucket in client.list_buckets()["Buckets"]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"])
        for each in (each for page in pages for each in page.get("Contents", ())):
            if each["Key"].endswith(".zip"):  # code and layers, as the build made them
                continue
            body = client.get_object(Bucket=bucket["Name"], Key=each["Key"])["Body"].read()
            yield f"s3 {each['Key']}", body.decode(errors="replace")


def histories() -> Iterator[tuple[str, str]]:
    """Every event of every execution of every state machine."""
    client = boto3.client("stepfunctions")
    for machine in client.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=arn)
        for run in (run for page in pages for run in page["executions"]):
            events = client.get_paginator("get_execution_history").paginate(
                executionArn=run["executionArn"], includeExecutionData=True
            )
            for page in events:
                yield f"execution {run['name']}", _text(page["events"])


def functions() -> Iterator[tuple[str, str]]:
    """The environment of every function, and what it logged."""
    client = boto3.client("lambda")
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            yield f"function {function['FunctionName']}", _text(function.get("Environment"))
    logs = boto3.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            for found in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield f"log {name}", _text(found["events"])


def _text(value: Any) -> str:
    return str(value).replace("\\n", "\n")
