"""Shows what SNS would have mailed: a queue that is subscribed beside the e-mail addresses."""

import json
import time
from typing import TYPE_CHECKING

import boto3
from msgspec import Struct

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Letter(Struct, frozen=True):
    """One mail as a recipient would see it."""

    subject: str
    body: str
    attributes: dict[str, str]


class Mailbox:
    """The operations team's inbox on the local stage."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self.queue_url = queue_url

    @classmethod
    def attach(cls, session: boto3.Session, endpoint: str, topic_arn: str) -> "Mailbox":
        """Subscribe a new queue to the topic."""
        sqs = session.client("sqs", endpoint_url=endpoint)
        url = sqs.create_queue(QueueName="sapmatch-mailbox")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        sns = session.client("sns", endpoint_url=endpoint)
        arn = attributes["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
        return cls(sqs, url)

    def collect(self, expected: int, seconds: float = 10) -> list[Letter]:
        """Mails that came, at least `expected` of them unless the time runs out."""
        letters: list[Letter] = []
        deadline = time.monotonic() + seconds
        while True:
            answer = self._client.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", ()):
                letters.append(_letter(json.loads(message["Body"])))
                self._client.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
            empty = not answer.get("Messages")
            if empty and (len(letters) >= expected or time.monotonic() > deadline):
                return letters


def _letter(notification: dict[str, object]) -> Letter:
    attributes = notification.get("MessageAttributes") or {}
    assert isinstance(attributes, dict)
    return Letter(
        subject=str(notification["Subject"]),
        body=str(notification["Message"]),
        attributes={name: value["Value"] for name, value in attributes.items()},
    )
