"""botocore's errors as ours; what is not known here is a bug or a missing permission: it passes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sapmatch.model.errors import InputRejected, PreconditionFailed, SapmatchError, Throttled

_THROTTLED = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_MOVED = {
    "ConditionalCheckFailedException",
    "PreconditionFailed",
    "TransactionCanceledException",
    "TransactionConflictException",
}
_MISSING = {"404", "NoSuchKey", "NoSuchVersion", "NotFound", "ResourceNotFoundException"}


@contextmanager
def translated(subject: str, refused: Mapping[str, str] | None = None) -> Iterator[None]:
    """Raise our error for botocore's; `subject` names what the call was about.

    `refused` maps further error codes to the sentence that says what to do about them.
    """
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as exc:
        error = _error(exc.response.get("Error", {}).get("Code", ""), subject, refused or {})
        if error is None:
            raise
        raise error from exc


def _error(code: str, subject: str, refused: Mapping[str, str]) -> SapmatchError | None:
    if code in refused:
        return InputRejected(f"{subject}: {refused[code]}")
    if code in _THROTTLED:
        return Throttled(f"{subject}: AWS asks for fewer calls ({code})")
    if code in _MOVED:
        return PreconditionFailed(f"{subject}: changed since it was read")
    if code in _MISSING:
        return InputRejected(f"{subject}: does not exist")
    return None
