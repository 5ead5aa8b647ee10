"""Logon secrets from Secrets Manager."""

import base64
from typing import TYPE_CHECKING

import msgspec

from sapmatch.aws.errors import translated
from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_DENIED = "may not be read; grant secretsmanager:GetSecretValue on it, kms:Decrypt on its key"


class SecretsManager:
    """Port Secrets; a secret is a JSON object of strings: {"user": ..., "password": ...}.

    A binary secret is the file of a client certificate: its field is `p12`.
    """

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def read(self, name: str) -> Secret:
        """The current version; no message ever shows a value."""
        with translated(f"secret {name}", {"AccessDeniedException": _DENIED}):
            found = self._client.get_secret_value(SecretId=name)
        version = found.get("VersionId", "")
        if "SecretString" not in found:
            p12 = base64.b64encode(found.get("SecretBinary", b"")).decode()
            return Secret(name=name, version=version, fields={"p12": p12})
        try:
            fields = msgspec.json.decode(found["SecretString"], type=dict[str, str])
        except msgspec.DecodeError:
            # The cause would show the text, so it is left out on purpose.
            raise InputRejected(
                f'secret {name}: must be a JSON object such as {{"user": "...", "password": "..."}}'
            ) from None
        return Secret(name=name, version=version, fields=fields)
