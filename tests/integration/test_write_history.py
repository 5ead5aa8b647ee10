"""Every version of every intent that the stage ever had lies in the history, and is lawful."""

import time

import boto3
import pytest

from local.stage import Stage
from sapmatch.bootstrap.history import history_of
from sapmatch.bootstrap.stage import deployment
from sapmatch.model.intent import Intent
from sapmatch.writing.history import check_history

SECONDS = 60.0  # until the stream has told of everything


@pytest.fixture(scope="module")
def intents(running: Stage) -> list[Intent]:
    parts = deployment("local")
    table = boto3.client("dynamodb").scan(TableName=parts.intents._table.name, Limit=50)
    return [parts.intents.get(item["pk"]["S"]) for item in table["Items"]]


def complete(intent: Intent) -> list[Intent]:
    """The history once its last version arrived."""
    history, end = history_of(deployment("local")), time.monotonic() + SECONDS
    while True:
        versions = history.versions(intent)
        if intent in versions or time.monotonic() > end:
            return versions
        time.sleep(1)


def test_the_history_has_every_version_and_each_followed_lawfully(intents: list[Intent]) -> None:
    """RE-12, RE-22: on the stage as deployed."""
    assert intents
    for intent in intents:
        versions = complete(intent)
        assert [version.version for version in versions] == list(range(intent.version + 1))
        assert check_history(versions) == []
