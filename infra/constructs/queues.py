"""Queues with the house's defaults: encrypted, TLS only, nothing lost."""

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

ATTEMPTS = 4  # deliveries before a message goes to the dead letters
VISIBILITY_FACTOR = 6  # AWS's advice for queues that feed a function


class DeadLetterQueue(sqs.Queue):
    """Keeps for 14 days what could not be delivered."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(
            scope,
            id,
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SQS3", reason="This queue is where the dead letters go."
            )
        )


class IntakeQueue(sqs.Queue):
    """Holds events for one function; a message that fails again and again becomes a dead letter."""

    def __init__(self, scope: Construct, id: str, *, timeout: int) -> None:
        self.dead_letters = DeadLetterQueue(scope, f"{id}DeadLetters")
        super().__init__(
            scope,
            id,
            visibility_timeout=Duration.seconds(timeout * VISIBILITY_FACTOR),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=ATTEMPTS
            ),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
