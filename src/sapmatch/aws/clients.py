"""boto3 clients with bounded time, made on first use: importing boto3 costs half a cold start."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sapmatch.model.errors import AuthorizationMissing, InputRejected, LogonRefused

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 60
ATTEMPTS = 5
_REFUSED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_FORBIDDEN = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_LOG_ON = "log on to AWS, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def client(service: str, attempts: int = ATTEMPTS, read_timeout: int = READ_TIMEOUT) -> Any:
    """A client for the service in the environment's account, region and endpoint.

    It makes a call up to `attempts` times: 1 where the caller paces and repeats its calls itself.
    `read_timeout` in seconds: for functions that work for longer.
    Raises InputRejected where the environment names no region, or a profile that is not there, or
    is wrong otherwise.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, NoRegionError, ProfileNotFound

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    try:
        return boto3.client(service, config=config)  # type: ignore[call-overload]
    except NoRegionError as exc:
        raise InputRejected(
            f"AWS {service}: no region is set; set AWS_DEFAULT_REGION, or choose a "
            "profile that has one"
        ) from exc
    except ProfileNotFound as exc:
        raise InputRejected(
            f"AWS {service}: the profile that AWS_PROFILE names is not there; `aws configure "
            "list-profiles` names those that are"
        ) from exc
    except (BotoCoreError, ValueError) as exc:
        raise InputRejected(
            f"AWS {service}: the AWS_* variables or the AWS configuration file are wrong "
            f"({type(exc).__name__})"
        ) from exc


@contextmanager
def as_user(service: str) -> Iterator[None]:
    """Raise LogonRefused and AuthorizationMissing for what the environment of a user has wrong.

    A function of a stage has a role instead: there these are a bug, and pass.
    """
    from botocore import exceptions as botocore

    try:
        yield
    except botocore.NoCredentialsError as exc:
        raise LogonRefused(f"AWS {service}: there are no credentials; {_LOG_ON}") from exc
    except botocore.ClientError as exc:
        code = exc.response.get("Error", {}).get("Code", "")
        if code in _REFUSED:
            raise LogonRefused(
                f"AWS {service}: refuses the credentials ({code}); {_LOG_ON}"
            ) from exc
        if code in _FORBIDDEN:
            raise AuthorizationMissing(
                f"AWS {service}: the user lacks a permission ({code}); give it the one to call it"
            ) from exc
        raise
    except (
        botocore.CredentialRetrievalError,
        botocore.SSOError,
        botocore.TokenRetrievalError,
    ) as exc:
        kind = type(exc).__name__
        raise LogonRefused(f"AWS {service}: no credentials were got ({kind}); {_LOG_ON}") from exc
