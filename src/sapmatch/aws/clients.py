"""boto3 clients with bounded time, made on first use: importing boto3 costs half a cold start."""

from typing import Any

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 60
ATTEMPTS = 5


def client(service: str) -> Any:
    """A client for the service in the environment's account, region and endpoint."""
    import boto3
    from botocore.config import Config

    return boto3.client(  # type: ignore[call-overload]
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )
