"""A file dropped into provisioning/<connection>/ becomes one run over the users of that system."""

from typing import Any

from functions._runtime import Event, task
from functions._uploads import each_upload
from sapmatch.bootstrap import services
from sapmatch.bootstrap.provisioning import receive
from sapmatch.model.uploads import Upload


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """SQS batch of S3 events -> {"batchItemFailures"}."""
    return each_upload(event, context, _receive)


def _receive(upload: Upload) -> None:
    receive(services(), upload)
