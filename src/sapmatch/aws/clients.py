"""boto3 clients with bounded time, made on first use: importing boto3 costs half a cold start."""

from typing import Any

from sapmatch.model.errors import InputRejected

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 60
ATTEMPTS = 5


def client(service: str, attempts: int = ATTEMPTS) -> Any:
    """A client for the service in the environment's account, region and endpoint.

    It makes a call up to `attempts` times: 1 where the caller paces and repeats its calls itself.
    Raises InputRejected where the environment names no region.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    try:
        return boto3.client(service, config=config)  # type: ignore[call-overload]
    except NoRegionError as exc:
        raise InputRejected(
            f"AWS {service}: no region is set; set AWS_DEFAULT_REGION, or choose a "
            "profile that has one"
        ) from exc
