"""Mails to the operations team through an SNS topic."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sapmatch.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class SnsMailer:
    """Port Mailer over one topic; attributes let a subscription filter."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic = topic_arn

    def send(self, subject: str, body: str, attributes: Mapping[str, str]) -> None:
        """Publish one message."""
        with translated("mail to the operations team"):
            self._client.publish(
                TopicArn=self._topic,
                Subject=subject,
                Message=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            )
