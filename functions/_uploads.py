"""SQS batches of S3 uploads: only messages that failed return to the queue (RE-7)."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions._runtime import Event, failed
from sapmatch.model.uploads import Upload
from sapmatch.reading.receive import upload_of


def each_upload(event: Event, context: Any, receive: Callable[[Upload], object]) -> dict[str, Any]:
    """Receive every upload of the batch; the answer names the messages that failed."""

    def receive_record(record: SQSRecord) -> None:
        try:
            receive(upload_of(record.body))
        except Exception as exc:
            failed("message", exc, message_id=record.message_id)
            raise

    answer = process_partial_response(
        event=dict(event),
        record_handler=receive_record,
        processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
    return dict(answer)
