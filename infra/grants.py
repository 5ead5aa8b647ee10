"""What may be done, in words: each becomes one exact statement of a role.

The words without arguments of AWS's are for the table in functions.py; the others complete a role.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from aws_cdk import Aws, Fn
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs


@dataclass(frozen=True)
class Resources:
    """What there is to be granted."""

    key: kms.IKey
    bucket: s3.IBucket
    bucket_arn: str  # as other stacks import it
    tables: Mapping[str, dynamodb.ITable]
    topic: sns.ITopic
    secrets: tuple[str, ...]  # ARNs, or names in Secrets Manager
    sap_secrets: tuple[str, ...]  # that callers of SAP read: all, or those that no broker reads
    outside_secrets: tuple[str, ...]  # of connections whose tokens are made outside SAP's network
    rotated_secrets: tuple[str, ...]
    secret_keys: tuple[str, ...]  # of others, that secrets are encrypted with
    machines: dict[str, str] = field(default_factory=dict)  # ARNs by name

    def objects(self, prefixes: Iterable[str]) -> list[str]:
        """ARNs of all objects under the prefixes."""
        return [f"{self.bucket_arn}/{prefix}" for prefix in prefixes]


Grant = Callable[[Resources], iam.PolicyStatement]


def reads(*prefixes: str) -> Grant:
    """Objects under these prefixes, in any version."""
    return lambda r: _allow(("s3:GetObject", "s3:GetObjectVersion"), r.objects(prefixes))


def writes(*prefixes: str) -> Grant:
    """New objects and new versions under these prefixes."""
    return lambda r: _allow(("s3:PutObject",), r.objects(prefixes))


def writes_files(*prefixes: str) -> Grant:
    """The same for files that go in parts, which are taken back where one of them fails."""
    return lambda r: _allow(("s3:PutObject", "s3:AbortMultipartUpload"), r.objects(prefixes))


def removes(*prefixes: str) -> Grant:
    """Delete markers under these prefixes; no version is ever deleted."""
    return lambda r: _allow(("s3:DeleteObject",), r.objects(prefixes))


def lists() -> Grant:
    """Names of objects; without it S3 answers 403, not 404, where there is no object."""
    return lambda r: _allow(("s3:ListBucket",), [r.bucket_arn])


def lists_versions() -> Grant:
    """Names, versions and times of objects."""
    return lambda r: _allow(("s3:ListBucketVersions",), [r.bucket_arn])


def queries(*tables: str, index: str | None = None) -> Grant:
    """Items of these tables by key, and of one index."""

    def statement(r: Resources) -> iam.PolicyStatement:
        arns = [r.tables[name].table_arn for name in tables]
        indexes = [f"{arn}/index/{index}" for arn in arns] if index else []
        return _allow(("dynamodb:GetItem", "dynamodb:Query"), arns + indexes)

    return statement


def puts(*tables: str) -> Grant:
    """New items and conditional replacements, alone or in a transaction."""
    return lambda r: _allow(("dynamodb:PutItem",), [r.tables[name].table_arn for name in tables])


def deletes(*tables: str) -> Grant:
    """Removal of items."""
    return lambda r: _allow(("dynamodb:DeleteItem",), [r.tables[name].table_arn for name in tables])


def publishes() -> Grant:
    """Mails through the topic."""
    return lambda r: _allow(("sns:Publish",), [r.topic.topic_arn])


def lists_subscriptions() -> Grant:
    """Who gets the mails of the topic."""
    return lambda r: _allow(("sns:ListSubscriptionsByTopic",), [r.topic.topic_arn])


def starts(machine: str) -> Grant:
    """Executions of one state machine."""
    return lambda r: _allow(("states:StartExecution",), [r.machines[machine]])


def looks_at(machine: str) -> Grant:
    """Whether an execution of one state machine still runs."""

    def grant(r: Resources) -> iam.PolicyStatement:
        name = Fn.select(6, Fn.split(":", r.machines[machine]))
        return _allow(("states:DescribeExecution",), [f"{_executions(name)}:*"])

    return grant


def resumes(machine: str) -> Grant:
    """Answers to executions of one state machine that wait with a task token."""
    return lambda r: _allow(("states:SendTaskSuccess",), [r.machines[machine]])


def reads_expenses() -> Grant:
    """Textract's reading of invoices; these actions know no resource."""
    actions = ("AnalyzeExpense", "StartExpenseAnalysis", "GetExpenseAnalysis")
    return lambda _: _allow([f"textract:{action}" for action in actions], ["*"])


def logs_on() -> Grant:
    """The secrets with which SAP is called; not those with which the broker makes tokens."""
    return lambda r: _allow(("secretsmanager:GetSecretValue",), map(secret_arn, r.sap_secrets))


def reads_secrets() -> Grant:
    """The secrets of all connections."""
    return lambda r: _allow(("secretsmanager:GetSecretValue",), map(secret_arn, r.secrets))


def logs_on_outside() -> Grant:
    """The secrets of those connections only whose tokens are made outside of SAP's network."""
    return lambda r: _allow(("secretsmanager:GetSecretValue",), map(secret_arn, r.outside_secrets))


def describes_secrets() -> Grant:
    """Versions and age of the logon secrets, not what they hold."""
    return lambda r: _allow(("secretsmanager:DescribeSecret",), map(secret_arn, r.secrets))


def rotates_secrets() -> Grant:
    """New versions of the secrets that are rotated, and which of them counts."""
    actions = ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
    return lambda r: _allow(actions, map(secret_arn, r.rotated_secrets))


def opens_secrets() -> Grant:
    """The keys of others that the settings name for logon secrets, for reading those only."""
    return lambda r: _through_secrets_manager(("kms:Decrypt",), r.secret_keys)


def seals_secrets() -> Grant:
    """The same for new versions of them."""
    return lambda r: _through_secrets_manager(("kms:GenerateDataKey",), r.secret_keys)


def uses_key(*services: str) -> Grant:
    """Our key, through these services only."""
    hosts = [f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}" for service in services]
    return lambda r: iam.PolicyStatement(
        actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
        resources=[r.key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": hosts}},
    )


def traces() -> iam.PolicyStatement:
    """X-Ray segments; these actions know no resource."""
    return _allow(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ["*"])


def samples_traces() -> iam.PolicyStatement:
    """X-Ray's rules of what to trace: Lambda asks for them itself, a state machine as its role."""
    return _allow(("xray:GetSamplingRules", "xray:GetSamplingTargets"), ["*"])


def attaches_to_network() -> iam.PolicyStatement:
    """The network interfaces that Lambda makes in a VPC; most of these actions know no resource."""
    actions = (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
    return _allow([f"ec2:{action}" for action in actions], ["*"])


def writes_logs(group: logs.ILogGroup) -> iam.PolicyStatement:
    """Lines in one log group, which must exist."""
    return _allow(("logs:CreateLogStream", "logs:PutLogEvents"), [group.log_group_arn])


def delivers_logs() -> iam.PolicyStatement:
    """Log delivery of a state machine; these actions know no resource."""
    actions = (
        "CreateLogDelivery",
        "DeleteLogDelivery",
        "DescribeLogGroups",
        "DescribeResourcePolicies",
        "GetLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "UpdateLogDelivery",
    )
    return _allow([f"logs:{action}" for action in actions], ["*"])


def calls(functions: Iterable[lambda_.IFunction]) -> iam.PolicyStatement:
    """Invocation of these functions as they stand, no older version of them."""
    return _allow(("lambda:InvokeFunction",), [function.function_arn for function in functions])


def reads_items(r: Resources) -> list[iam.PolicyStatement]:
    """The list that a distributed map takes its items from."""
    through = f"s3.{Aws.REGION}.{Aws.URL_SUFFIX}"
    return [
        _allow(("s3:GetObject",), r.objects(["extracts/*/chunks.json"])),
        iam.PolicyStatement(
            actions=["kms:Decrypt"],
            resources=[r.key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": [through]}},
        ),
    ]


def runs_children(machine: str, arn: str, label: str) -> list[iam.PolicyStatement]:
    """What a distributed map does with its own machine: a child is an execution of it."""
    place = _executions(machine)
    return [
        _allow(("states:StartExecution",), [arn]),
        _allow(
            ("states:DescribeExecution", "states:StopExecution"),
            [f"{place}:*", f"{place}/{label}:*"],
        ),
    ]


def _executions(machine: str) -> str:
    """Beginning of the ARNs of the executions of a machine."""
    return f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:execution:{machine}"


def sends(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Messages into one queue."""
    return _allow(("sqs:SendMessage",), [queue.queue_arn])


def receives(queue: sqs.IQueue) -> iam.PolicyStatement:
    """What Lambda does with a queue on behalf of its function."""
    actions = ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
    return _allow([f"sqs:{action}" for action in actions], [queue.queue_arn])


def reads_stream(table: dynamodb.ITable) -> iam.PolicyStatement:
    """What Lambda does with the stream of a table on behalf of its function."""
    actions = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    return _allow([f"dynamodb:{action}" for action in actions], [str(table.table_stream_arn)])


def _allow(actions: Iterable[str], resources: Iterable[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def _through_secrets_manager(actions: Iterable[str], keys: Iterable[str]) -> iam.PolicyStatement:
    statement = _allow(actions, keys)
    host = f"secretsmanager.{Aws.REGION}.{Aws.URL_SUFFIX}"
    statement.add_condition("StringEquals", {"kms:ViaService": [host]})
    return statement


def secret_arn(secret: str) -> str:
    """Secrets Manager ends every ARN with six random characters."""
    if secret.startswith("arn:"):
        return secret
    place = f"arn:{Aws.PARTITION}:secretsmanager:{Aws.REGION}:{Aws.ACCOUNT_ID}"
    return f"{place}:secret:{secret}-??????"
