"""An upload to incoming/ becomes a document and its workflow."""

from typing import Any

from functions._runtime import Event, task
from functions._uploads import each_upload
from sapmatch.bootstrap import services
from sapmatch.model.uploads import Upload
from sapmatch.reading.receive import receive


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """SQS batch of S3 events -> {"batchItemFailures"}."""
    return each_upload(event, context, _receive)


def _receive(upload: Upload) -> None:
    parts = services()
    receive(
        upload,
        objects=parts.objects,
        documents=parts.documents,
        workflows=parts.workflows,
        machine=parts.invoice_matching,
        clock=parts.clock,
        intake=parts.settings.intake,
    )
