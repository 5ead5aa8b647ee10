"""What must outlive every deployment is encrypted, versioned and kept."""

from typing import Any

import pytest

from tests.infra.templates import Templates

STATEFUL = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key")


def test_the_key_is_rotated(prod: Templates) -> None:
    assert prod.one("AWS::KMS::Key", "Key")["EnableKeyRotation"] is True


def test_the_bucket_is_versioned_and_encrypted_with_our_key(prod: Templates) -> None:
    bucket = prod.one("AWS::S3::Bucket", "Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert "Key" in rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]["Fn::GetAtt"][0]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "AccessLogs" in bucket["LoggingConfiguration"]["DestinationBucketName"]["Ref"]


def test_what_extractions_let_go_and_files_of_users_end_and_nothing_else(prod: Templates) -> None:
    """A delete marker alone frees nothing."""
    rules = prod.one("AWS::S3::Bucket", "Bucket")["LifecycleConfiguration"]["Rules"]
    ending = [rule for rule in rules if "AbortIncompleteMultipartUpload" not in rule]
    assert ending == [
        {
            "Prefix": "extracts/",
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "ExpiredObjectDeleteMarker": True,
            "Status": "Enabled",
        },
        *(
            {
                "Prefix": prefix,
                "ExpirationInDays": 400,  # personal data
                "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                "Status": "Enabled",
            }
            for prefix in ("provisioning/", "provisioned/")
        ),
    ]


def test_no_bucket_is_public(prod: Templates) -> None:
    for name, bucket in prod.of_type("AWS::S3::Bucket").items():
        assert all(bucket["PublicAccessBlockConfiguration"].values()), name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name


@pytest.mark.parametrize(
    "type", ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"]
)
def test_nothing_is_reached_without_tls(prod: Templates, type: str) -> None:
    policies = prod.of_type(type)
    assert policies
    for name, policy in policies.items():
        assert any(map(_denies_plain_http, policy["PolicyDocument"]["Statement"])), name


def _denies_plain_http(statement: dict[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    return bool(statement["Effect"] == "Deny" and condition.get("aws:SecureTransport") == "false")


def test_every_queue_and_bucket_has_its_policy(prod: Templates) -> None:
    for resource, policy in (
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"),
    ):
        assert len(prod.of_type(resource)) == len(prod.of_type(policy))


def test_uploads_become_events_without_a_custom_resource(prod: Templates) -> None:
    bucket = prod.one("AWS::S3::Bucket", "Bucket")
    assert bucket["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    types = {r["Type"] for stack in prod for r in prod[stack]["Resources"].values()}
    assert not [name for name in types if name.startswith("Custom::")]


@pytest.mark.parametrize("name", ["Orders", "Documents", "Intents", "Control"])
def test_a_table_can_be_restored_and_is_encrypted_with_our_key(prod: Templates, name: str) -> None:
    table = prod.one("AWS::DynamoDB::Table", name)
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert "KMSMasterKeyId" in table["SSESpecification"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [(k["AttributeName"], k["KeyType"]) for k in table["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]


@pytest.mark.parametrize(
    ("table", "index", "keys"),
    [
        ("Documents", "by_state", ["state_shard", "updated_at"]),
        ("Documents", "by_review", ["review_shard", "opened_at"]),
        ("Documents", "by_unsent", ["unsent_shard", "raised_at"]),
        ("Intents", "by_due", ["due_shard", "due_at"]),
    ],
)
def test_work_is_found_through_a_sparse_index(
    prod: Templates, table: str, index: str, keys: list[str]
) -> None:
    indexes = prod.one("AWS::DynamoDB::Table", table)["GlobalSecondaryIndexes"]
    (found,) = [each for each in indexes if each["IndexName"] == index]
    assert [key["AttributeName"] for key in found["KeySchema"]] == keys


@pytest.mark.parametrize("type", STATEFUL)
def test_what_holds_data_is_kept_when_the_stack_goes(prod: Templates, type: str) -> None:
    held = [r for r in prod["data"]["Resources"].values() if r["Type"] == type]
    assert held
    assert {(r["DeletionPolicy"], r["UpdateReplacePolicy"]) for r in held} == {("Retain", "Retain")}


def test_queues_are_encrypted_with_the_keys_of_sqs(prod: Templates) -> None:
    """They hold names of objects only; docs/security.md says so."""
    for name, queue in prod.of_type("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name
        assert "KmsMasterKeyId" not in queue, name


def test_mails_go_to_the_addresses_of_the_settings(prod: Templates) -> None:
    found = prod.of_type("AWS::SNS::Subscription").values()
    assert {each["Protocol"] for each in found} == {"email"}
    assert {each["Endpoint"]: each.get("FilterPolicy") for each in found} == {
        "accounts@example.com": None,
        "buyers@example.com": {"owner": ["purchasing", "several"]},
        "stock@example.com": {"owner": ["purchasing", "warehouse", "several"]},
    }
    assert "KmsMasterKeyId" in prod.one("AWS::SNS::Topic", "Alerts")


def test_operators_find_what_they_need_among_the_outputs(prod: Templates) -> None:
    outputs = {name for stack in prod for name in prod[stack].get("Outputs", {})}
    assert outputs >= {
        "BucketName",
        "OrdersTable",
        "DocumentsTable",
        "IntentsTable",
        "ControlTable",
        "TopicArn",
        "KeyArn",
        "InvoiceMatchingArn",
        "ExtractionArn",
        "WriteBackArn",
        "IntakeQueueUrl",
        "SweepGapsName",
        "SendDigestName",
        "Extractions",
    }


def test_physical_names_are_generated_but_for_what_people_call_by_name(prod: Templates) -> None:
    called = {
        "sapmatch-prod-approve-provisioning",
        "sapmatch-prod-decide-exception",
        "sapmatch-prod-write-decision",
    }
    for kind, name in (
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::SNS::Topic", "TopicName"),
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::Lambda::Function", "FunctionName"),
        ("AWS::StepFunctions::StateMachine", "StateMachineName"),
        ("AWS::IAM::Role", "RoleName"),
    ):
        given = {p[name] for p in prod.of_type(kind).values() if name in p}
        assert given == (called if kind == "AWS::Lambda::Function" else set())


def test_only_what_is_followed_has_a_stream_and_it_shows_no_more_than_needed(
    prod: Templates,
) -> None:
    streams = {
        name[:7]: table["StreamSpecification"]["StreamViewType"]
        for name, table in prod.of_type("AWS::DynamoDB::Table").items()
        if "StreamSpecification" in table
    }
    assert streams == {"Intents": "NEW_IMAGE", "Control": "KEYS_ONLY"}
