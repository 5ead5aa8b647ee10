"""Objects, secrets, mails and workflow starts against the emulator."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sapmatch.aws.clients import client
from sapmatch.aws.mailer import SnsMailer
from sapmatch.aws.objects import PART, S3Objects
from sapmatch.aws.secrets import SecretsManager
from sapmatch.aws.workflows import StepFunctions
from sapmatch.model.errors import InputRejected


@pytest.fixture
def objects(aws: str) -> S3Objects:
    s3 = client("s3")
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return S3Objects(s3, bucket)


def test_the_claimed_version_is_read_after_an_overwrite(objects: S3Objects) -> None:
    """RE-3"""
    objects.write("incoming/a b+ü#.xml", b"first")
    claimed = objects.version("incoming/a b+ü#.xml")
    objects.write("incoming/a b+ü#.xml", b"second")
    assert objects.read("incoming/a b+ü#.xml", claimed) == b"first"
    assert objects.read("incoming/a b+ü#.xml") == b"second"
    assert objects.size("incoming/a b+ü#.xml", claimed) == 5


def test_write_once_keeps_the_first_bytes(objects: S3Objects) -> None:
    assert objects.write_once("k", b"1")
    assert not objects.write_once("k", b"2")
    assert objects.read("k") == b"1"
    assert list(objects.keys("")) == ["k"]


def test_a_missing_object_is_named(objects: S3Objects) -> None:
    assert not objects.exists("gone")
    with pytest.raises(InputRejected, match="s3 object gone: does not exist"):
        objects.read("gone")


def test_a_refused_access_is_no_missing_object(objects: S3Objects) -> None:
    """Otherwise a chunk that is done would be read again, and a run be published twice."""
    with pytest.raises(ClientError):
        S3Objects(_refused("HeadObject"), "bucket").exists("k")
    assert not objects.exists("k")


def _refused(operation: str) -> Any:
    """A client whose every call of the operation is denied."""
    s3 = client("s3")

    def deny(**_: Any) -> None:
        error = {"Error": {"Code": "403", "Message": "Forbidden"}}
        raise ClientError(error, operation)  # type: ignore[arg-type]

    s3.meta.events.register(f"before-call.s3.{operation}", deny)
    return s3


def test_a_file_larger_than_a_part_comes_back_byte_for_byte(
    objects: S3Objects, tmp_path: Path
) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(b"0123456789abcdef" * (PART // 16) + b"the last part")
    objects.store("large", source)
    objects.fetch("large", copy)
    assert objects.size("large") == PART + len(b"the last part")
    assert copy.read_bytes() == source.read_bytes()


def test_a_missing_object_is_not_fetched(objects: S3Objects, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="s3 object gone: does not exist"):
        objects.fetch("gone", tmp_path / "copy")


def test_a_deleted_object_is_gone_and_its_version_stays(objects: S3Objects) -> None:
    objects.write("k", b"1")
    version = objects.version("k")
    objects.delete("k")
    objects.delete("never")
    assert not objects.exists("k")
    assert list(objects.keys("")) == []
    assert objects.read("k", version) == b"1"


def test_uploads_are_found_version_by_version_within_their_time(objects: S3Objects) -> None:
    """RE-2, RE-3: an overwrite is an upload of its own."""
    before = datetime.now(UTC) - timedelta(minutes=1)
    objects.write("incoming/a.xml", b"1")
    objects.write("incoming/a.xml", b"2")
    objects.write("extracts/a", b"x")
    after = datetime.now(UTC) + timedelta(minutes=1)
    found = list(objects.uploads("incoming/", before, after))
    assert {objects.read(u.key, u.version_id) for u in found} == {b"1", b"2"}
    assert list(objects.uploads("incoming/", before, before)) == []


def test_a_secret_that_is_no_json_object_is_refused_without_showing_it(aws: str) -> None:
    store = client("secretsmanager")
    good, bad = f"s{uuid.uuid4().hex}", f"s{uuid.uuid4().hex}"
    store.create_secret(Name=good, SecretString=json.dumps({"user": "U", "password": "P"}))
    store.create_secret(Name=bad, SecretString="canary-password")
    secrets = SecretsManager(store)
    assert secrets.read(good).fields == {"user": "U", "password": "P"}
    with pytest.raises(InputRejected, match="JSON object") as caught:
        secrets.read(bad)
    assert "canary" not in repr(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(InputRejected, match="does not exist"):
        secrets.read("sapmatch/none")


def test_a_mail_reaches_the_subscribers_with_its_attributes(aws: str) -> None:
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name=f"t{uuid.uuid4().hex[:8]}")["TopicArn"]
    queue = sqs.create_queue(QueueName=f"q{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    SnsMailer(sns, topic).send("Subject", "Body", {"state": "INVALID"})
    message = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
    mail = json.loads(message["Body"])
    assert (mail["Subject"], mail["Message"]) == ("Subject", "Body")
    assert mail["MessageAttributes"]["state"]["Value"] == "INVALID"


@pytest.mark.parametrize("word", ["PendingConfirmation", "Deleted"])
def test_a_subscription_counts_once_it_is_confirmed(aws: str, word: str) -> None:
    """RE-28: AWS writes a word in place of the ARN; the emulator confirms by itself."""
    sns = client("sns")
    topic = sns.create_topic(Name=f"t{uuid.uuid4().hex[:8]}")["TopicArn"]
    for name in ("a", "b"):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=f"{name}@example.com")

    def unconfirmed(parsed: dict[str, Any], **_: Any) -> None:
        for each in parsed["Subscriptions"]:
            if each["Endpoint"] == "b@example.com":
                each["SubscriptionArn"] = word

    sns.meta.events.register("after-call.sns.ListSubscriptionsByTopic", unconfirmed)
    found = {each.address: each.confirmed for each in SnsMailer(sns, topic).subscriptions()}
    assert found == {"a@example.com": True, "b@example.com": False}


def test_a_workflow_starts_once_under_its_name(aws: str) -> None:
    """RE-8"""
    machine = client("stepfunctions").create_state_machine(
        name=f"m{uuid.uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::000000000000:role/r",
    )["stateMachineArn"]
    workflows = StepFunctions(client("stepfunctions"))
    assert workflows.start(machine, "invoice-1", {"document_id": "1"})
    assert not workflows.start(machine, "invoice-1", {"document_id": "1"})


@pytest.mark.parametrize(
    ("state", "runs"),
    [({"Type": "Wait", "Seconds": 600, "End": True}, True), ({"Type": "Fail"}, False)],
)
def test_an_execution_that_has_ended_is_told_from_one_that_runs(
    aws: str, state: Any, runs: bool
) -> None:
    machine = client("stepfunctions").create_state_machine(
        name=f"m{uuid.uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Only", "States": {"Only": state}}),
        roleArn="arn:aws:iam::000000000000:role/r",
    )["stateMachineArn"]
    workflows = StepFunctions(client("stepfunctions"))
    assert not workflows.is_running(machine, "run-1")
    workflows.start(machine, "run-1", {"run_id": "1"})
    for _ in range(50):
        if workflows.is_running(machine, "run-1") is runs:
            break
        time.sleep(0.1)
    assert workflows.is_running(machine, "run-1") is runs
