"""Mails to people through an SNS topic, and who gets them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sapmatch.aws.errors import translated
from sapmatch.model.outbox import Subscription

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class SnsMailer:
    """Ports Mailer and Subscriptions over one topic; attributes let a subscription filter."""

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

    def subscriptions(self) -> Iterator[Subscription]:
        """SNS names no ARN but PendingConfirmation, or Deleted, while nothing is delivered."""
        with translated("subscriptions to the mails"):
            pages = self._client.get_paginator("list_subscriptions_by_topic")
            for page in pages.paginate(TopicArn=self._topic):
                for each in page["Subscriptions"]:
                    yield Subscription(
                        address=each["Endpoint"],
                        protocol=each["Protocol"],
                        confirmed=each["SubscriptionArn"].startswith("arn:"),
                    )
