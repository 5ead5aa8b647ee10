"""A file dropped into updates/<flow>/inbox/ becomes one run of its write-back flow."""

from typing import Any

from functions._runtime import Event, task
from functions._uploads import each_upload
from sapmatch.bootstrap import services


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """SQS batch of S3 events -> {"batchItemFailures"}."""
    return each_upload(event, context, services().receive_update_file)
