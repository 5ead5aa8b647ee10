"""What must outlive every deployment: the key, the bucket, the tables, the topic."""

from collections.abc import Iterable
from typing import cast

from aws_cdk import Acknowledgment, CfnOutput, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.config import StageConfig
from infra.grants import Resources
from sapmatch.model.connection import Connection
from sapmatch.settings.network import seen_inside
from sapmatch.settings.rotations import rotated_secrets

APPFLOW = "appflow"  # the folder of its flows
_WRITES = ("PutObject", "PutObjectAcl", "AbortMultipartUpload", "ListMultipartUploadParts")
_ALARMS = "cloudwatch.amazonaws.com"
# What `keep` lets go, and every position of a chunk but the last, would cost for ever otherwise.
RETIRED = Duration.days(30)
# Files of desired users and what became of them hold personal data; who approved what is asked for
# in the audit of a year.
KEPT_USERS = Duration.days(400)
SEVERAL = "several"  # the owner of a digest that concerns more than one
TABLES = ("orders", "documents", "intents", "control")
FOLLOWED = {  # by a stream: every version goes into the history, and a stopped logon is told
    "intents": dynamodb.StreamViewType.NEW_IMAGE,
    "control": dynamodb.StreamViewType.KEYS_ONLY,
}


class DataStack(Stack):
    """Stateful resources; all are retained when the stack goes."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id, description="sapmatch: records, documents and alerts")
        self._key = self._make_key()
        self._logs = self._make_log_bucket()
        bucket = self._make_bucket()
        if config.settings.appflow and not config.left_out("appflow"):
            self._admit_appflow(bucket)
        tables = {name: self._make_table(name) for name in TABLES}
        _index(tables["documents"], "by_state", "state_shard", "updated_at")
        _index(tables["documents"], "by_review", "review_shard", "opened_at")
        _index(tables["documents"], "by_unsent", "unsent_shard", "raised_at")
        _index(tables["intents"], "by_due", "due_shard", "due_at")
        topic = self._make_topic(config.settings.alerts.addresses)
        connections = config.settings.connections.values()
        self.resources = Resources(
            key=self._key,
            bucket=bucket,
            bucket_arn=self.export_value(bucket.bucket_arn),
            tables=tables,
            topic=topic,
            secrets=_managed(connections),
            sap_secrets=_managed(
                map(seen_inside, connections) if config.has_broker else connections
            ),
            outside_secrets=_managed(c for c in connections if c.tokens_from_outside),
            rotated_secrets=tuple(rotated_secrets(config.settings)),
            secret_keys=config.settings.secrets.keys,
        )
        self._outputs()

    def _make_key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description="sapmatch: documents, records and mails",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(_ALARMS)],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return key

    def _make_log_bucket(self) -> s3.Bucket:
        logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,  # S3 delivers access logs to no other kind
            enforce_ssl=True,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(400))],
            removal_policy=RemovalPolicy.RETAIN,
        )
        Validations.of(logs).acknowledge(
            Acknowledgment(id="AwsSolutions-S1", reason="This bucket is where the access logs go.")
        )
        return logs

    def _make_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            versioned=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=self._logs,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
                s3.LifecycleRule(
                    prefix="extracts/",
                    noncurrent_version_expiration=RETIRED,
                    expired_object_delete_marker=True,
                ),
                *map(_forgotten, ("provisioning/", "provisioned/")),
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        # `event_bridge_enabled` of the L2 construct would bring a custom resource and its function.
        resource = cast(s3.CfnBucket, bucket.node.default_child)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )
        return bucket

    def _admit_appflow(self, bucket: s3.Bucket) -> None:
        """Amazon AppFlow writes under one prefix, for flows of this account."""
        appflow = iam.ServicePrincipal("appflow.amazonaws.com")
        ours = {"StringEquals": {"aws:SourceAccount": self.account}}
        for actions, resource in (
            (_WRITES, f"{APPFLOW}/*"),
            (("GetBucketAcl", "ListBucketMultipartUploads"), None),
        ):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[appflow],
                    actions=[f"s3:{action}" for action in actions],
                    resources=[bucket.arn_for_objects(resource) if resource else bucket.bucket_arn],
                    conditions=ours,
                )
            )
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[appflow],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions=ours,
            )
        )

    def _make_table(self, name: str) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name.title(),
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self._key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=FOLLOWED.get(name),
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _make_topic(self, addresses: dict[str, tuple[str, ...]]) -> sns.Topic:
        topic = sns.Topic(self, "Alerts", master_key=self._key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(_ALARMS)],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        for address, owners in addresses.items():
            mine = {"owner": _any_of(*owners, SEVERAL)} if owners else None
            topic.add_subscription(subscriptions.EmailSubscription(address, filter_policy=mine))
        return topic

    def _outputs(self) -> None:
        tables = self.resources.tables
        for name, value in (
            ("BucketName", self.resources.bucket.bucket_name),
            ("OrdersTable", tables["orders"].table_name),
            ("DocumentsTable", tables["documents"].table_name),
            ("IntentsTable", tables["intents"].table_name),
            ("ControlTable", tables["control"].table_name),
            ("TopicArn", self.resources.topic.topic_arn),
            ("KeyArn", self.resources.key.key_arn),
        ):
            CfnOutput(self, name, value=value)


def _managed(connections: Iterable[Connection]) -> tuple[str, ...]:
    """Their secrets in Secrets Manager."""
    secrets = {secret for connection in connections for secret in connection.secrets}
    return tuple(sorted(secret for secret in secrets if not secret.startswith("env:")))


def _forgotten(prefix: str) -> s3.LifecycleRule:
    """Objects of users, and what was replaced or removed of them sooner."""
    return s3.LifecycleRule(
        prefix=prefix, expiration=KEPT_USERS, noncurrent_version_expiration=RETIRED
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _any_of(*values: str) -> sns.SubscriptionFilter:
    return sns.SubscriptionFilter.string_filter(allowlist=list(values))


def _index(table: dynamodb.Table, name: str, partition: str, sort: str) -> None:
    table.add_global_secondary_index(
        index_name=name, partition_key=_text(partition), sort_key=_text(sort)
    )
