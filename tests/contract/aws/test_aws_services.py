"""Objects, secrets, mails and workflow starts against the emulator."""

import json
import uuid

import pytest

from sapmatch.aws.clients import client
from sapmatch.aws.mailer import SnsMailer
from sapmatch.aws.objects import S3Objects
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


def test_a_secret_that_is_no_json_object_is_refused_without_showing_it(aws: str) -> None:
    store = client("secretsmanager")
    good, bad = f"s{uuid.uuid4().hex}", f"s{uuid.uuid4().hex}"
    store.create_secret(Name=good, SecretString=json.dumps({"user": "U", "password": "P"}))
    store.create_secret(Name=bad, SecretString="canary-password")
    secrets = SecretsManager(store)
    assert secrets.read(good) == {"user": "U", "password": "P"}
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
