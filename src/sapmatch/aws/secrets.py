"""Logon secrets from Secrets Manager."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from sapmatch.aws.errors import translated
from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_DENIED = "may not be read; grant secretsmanager:GetSecretValue on it, kms:Decrypt on its key"


class SecretsManager:
    """Port Secrets; a secret is a JSON object of strings: {"user": ..., "password": ...}."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def read(self, name: str) -> Mapping[str, str]:
        """The fields; no message ever shows a value."""
        with translated(f"secret {name}", {"AccessDeniedException": _DENIED}):
            text = self._client.get_secret_value(SecretId=name).get("SecretString", "")
        try:
            return msgspec.json.decode(text, type=dict[str, str])
        except msgspec.DecodeError:
            # The cause would show the text, so it is left out on purpose.
            raise InputRejected(
                f'secret {name}: must be a JSON object such as {{"user": "...", "password": "..."}}'
            ) from None
