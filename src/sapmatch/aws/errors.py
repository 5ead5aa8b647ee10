"""botocore's errors as ours; what is not known here is a bug or a missing permission: it passes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

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
_BUSY = {  # AWS's own trouble: nothing happened, or nothing that a repetition would double
    "ConditionalRequestConflict",
    "InternalError",
    "InternalServerError",
    "InternalServiceError",
    "RequestTimeout",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_MOVED = {"ConditionalCheckFailedException", "PreconditionFailed"}
MISSING = {"404", "NoSuchKey", "NoSuchVersion", "NotFound", "ResourceNotFoundException"}


@contextmanager
def translated(subject: str, refused: Mapping[str, str] | None = None) -> Iterator[None]:
    """Raise our error for botocore's; `subject` names what the call was about.

    `refused` maps further error codes to the sentence that says what to do about them.
    """
    from botocore import exceptions as botocore

    try:
        yield
    except (botocore.ConnectionError, botocore.HTTPClientError) as exc:
        raise Throttled(f"{subject}: AWS is not reachable{_at(exc)}") from exc
    except botocore.NoCredentialsError as exc:
        raise InputRejected(f"{subject}: there are no credentials of AWS; log on to it") from exc
    except botocore.ClientError as exc:
        for code in _codes(exc.response):
            error = _error(code, subject, refused or {})
            if error is not None:
                raise error from exc
        raise


def _at(error: Exception) -> str:
    """Where nobody answered, without the path: that may name a document."""
    host = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", ""))).hostname
    return f" at {host} ({type(error).__name__})" if host else f" ({type(error).__name__})"


def unanswered(error: Throttled) -> bool:
    """Whether the call may have been done: no answer came, or one of AWS's own trouble."""
    from botocore import exceptions as botocore

    cause = error.__cause__
    if isinstance(cause, botocore.ClientError):
        return cause.response.get("Error", {}).get("Code") in _BUSY
    return isinstance(cause, (botocore.ConnectionError, botocore.HTTPClientError))


def _codes(response: Mapping[str, Any]) -> list[str]:
    """The code of an answer; of a cancelled transaction the reasons, a moved item first.

    A reason is named like the exception of the single call, without its last word.
    """
    code = response.get("Error", {}).get("Code", "")
    if code != "TransactionCanceledException":
        return [code]
    reasons = {reason.get("Code") for reason in response.get("CancellationReasons", ())}
    known = {name.removesuffix("Exception"): name for name in _MOVED | _BUSY | _THROTTLED}
    found = [known[reason] for reason in reasons if reason in known]
    return sorted(found, key=lambda name: name not in _MOVED)


def _error(code: str, subject: str, refused: Mapping[str, str]) -> SapmatchError | None:
    if code in refused:
        return InputRejected(f"{subject}: {refused[code]}")
    if code in _THROTTLED or code in _BUSY:
        return Throttled(f"{subject}: AWS asks for fewer calls ({code})")
    if code in _MOVED:
        return PreconditionFailed(f"{subject}: changed since it was read")
    if code in MISSING:
        return InputRejected(f"{subject}: does not exist")
    return None
