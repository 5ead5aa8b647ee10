"""Logon secrets from Secrets Manager, and their rotation.

A version is named by its id; labels say what it is for: AWSCURRENT, AWSPREVIOUS, and AWSPENDING
while it is tried ("Rotate AWS Secrets Manager secrets", AWS).
"""

import base64
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from sapmatch.aws.errors import translated
from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
_REFUSED = {
    "DecryptionFailure": "its key does not open it; enable the key in KMS, and grant kms:Decrypt",
    "InvalidRequestException": "cannot be used now; where it is scheduled for deletion, restore it "
    "(aws secretsmanager restore-secret)",
    "ResourceExistsException": "the same rotation stored another version before; start it anew",
    "ResourceNotFoundException": "does not exist in this account and region; check the name, and "
    "AWS_DEFAULT_REGION, or name it by its ARN",
    "ValidationException": "is no name or ARN of a secret",
}


class Standing(Struct, frozen=True, kw_only=True):
    """Which version of a secret counts, and since when; its labels by version."""

    arn: str
    labels: Mapping[str, tuple[str, ...]]
    changed_at: datetime | None = None

    def labelled(self, label: str) -> str | None:
        """The version with that label."""
        return next((version for version, labels in self.labels.items() if label in labels), None)


class SecretsManager:
    """Port Secrets; a secret is a JSON object of strings: {"user": ..., "password": ...}.

    A binary secret is the file of a client certificate without a password: its field is `p12`. One
    with a password is stored as JSON, with `p12` in base64 and `password`.
    """

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def read(self, name: str) -> Secret:
        """The current version; no message ever shows a value."""
        return self.read_version(name, VersionStage=CURRENT)

    def read_version(self, name: str, **which: str) -> Secret:
        """The version of an id or a label (VersionId, VersionStage)."""
        with _about(name, "GetSecretValue"):
            found = self._client.get_secret_value(SecretId=name, **which)
        return Secret(name=name, version=found.get("VersionId", ""), fields=_fields(name, found))

    def standing(self, name: str) -> Standing:
        """Its versions, without a look at any value."""
        with _about(name, "DescribeSecret"):
            found = self._client.describe_secret(SecretId=name)
        labels = found.get("VersionIdsToStages", {})
        return Standing(
            arn=found["ARN"],
            labels={version: tuple(stages) for version, stages in labels.items()},
            changed_at=found.get("LastChangedDate"),
        )

    def is_pending(self, name: str, version: str) -> bool:
        """Whether the version that is to be tried has its value; its label may be there before."""
        with _about(name, "GetSecretValue"):
            try:
                self._client.get_secret_value(
                    SecretId=name, VersionId=version, VersionStage=PENDING
                )
            except self._client.exceptions.ResourceNotFoundException:
                return False
        return True

    def put_pending(self, name: str, version: str, fields: Mapping[str, str]) -> None:
        """Store the version that is to be tried; the same once more changes nothing."""
        with _about(name, "PutSecretValue"):
            self._client.put_secret_value(
                SecretId=name,
                ClientRequestToken=version,
                SecretString=msgspec.json.encode(fields).decode(),
                VersionStages=[PENDING],
            )

    def promote(self, name: str, version: str, instead_of: str) -> None:
        """Make it the current one; the one before becomes AWSPREVIOUS by itself."""
        with _about(name, "UpdateSecretVersionStage"):
            self._client.update_secret_version_stage(
                SecretId=name,
                VersionStage=CURRENT,
                MoveToVersionId=version,
                RemoveFromVersionId=instead_of,
            )

    def drop_pending(self, name: str, version: str) -> None:
        """Try it no more: the next rotation makes another one."""
        with _about(name, "UpdateSecretVersionStage"):
            self._client.update_secret_version_stage(
                SecretId=name, VersionStage=PENDING, RemoveFromVersionId=version
            )


def _about(name: str, action: str) -> AbstractContextManager[None]:
    denied = f"the role may not; grant secretsmanager:{action} on it, kms:Decrypt on its key"
    return translated(f"secret {name}", {**_REFUSED, "AccessDeniedException": denied})


def _fields(name: str, found: Mapping[str, Any]) -> dict[str, str]:
    if "SecretString" not in found:
        return {"p12": base64.b64encode(found.get("SecretBinary", b"")).decode()}
    try:
        return msgspec.json.decode(found["SecretString"], type=dict[str, str])
    except msgspec.DecodeError:
        # The cause would show the text, so it is left out on purpose.
        raise InputRejected(
            f"secret {name}: must be a JSON object of texts such as "
            '{"user": "...", "password": "..."}'
        ) from None
