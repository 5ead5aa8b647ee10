"""A file dropped into updates/<flow>/inbox/ becomes one run of its write-back flow."""

from typing import Any

from functions._runtime import Event, task
from functions._uploads import each_upload
from sapmatch.bootstrap import services
from sapmatch.model.uploads import Upload
from sapmatch.reading.receive import receive_update_file


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """SQS batch of S3 events -> {"batchItemFailures"}."""
    return each_upload(event, context, _receive)


def _receive(upload: Upload) -> None:
    parts = services()
    receive_update_file(
        upload, objects=parts.objects, workflows=parts.workflows, machine=parts.write_back
    )
