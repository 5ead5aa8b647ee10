"""An upload to incoming/ becomes a document and its workflow."""

from typing import Any

from functions._runtime import Event, task
from functions._uploads import each_upload
from sapmatch.bootstrap import services


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """SQS batch of S3 events -> {"batchItemFailures"}."""
    return each_upload(event, context, services().receive)
