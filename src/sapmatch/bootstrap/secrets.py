"""Logon secrets, wherever the settings say that they are."""

import base64
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from sapmatch.model.access import Secret, Secrets
from sapmatch.model.errors import InputRejected

_FILE = "_file"


class NamedSecrets:
    """Port Secrets: `env:NAME` from the environment, everything else from Secrets Manager."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._manager: Secrets | None = None

    def read(self, name: str) -> Secret:
        """The newest version."""
        if name.startswith("env:"):
            return from_environment(name, self._environment)
        return self._secrets_manager().read(name)

    def _secrets_manager(self) -> Secrets:
        if self._manager is None:
            from sapmatch.aws.clients import client
            from sapmatch.aws.secrets import SecretsManager

            self._manager = SecretsManager(client("secretsmanager"))
        return self._manager


def from_environment(name: str, environment: Mapping[str, str]) -> Secret:
    """`env:S4` is S4_USER, S4_PASSWORD and so on; S4_P12_FILE names a file that holds `p12`.

    InputRejected where there are none of them, or a file cannot be read.
    """
    prefix = name.removeprefix("env:") + "_"
    fields: dict[str, str] = {}
    for variable, value in environment.items():
        if variable.startswith(prefix) and value:
            field = variable.removeprefix(prefix).lower()
            if field.endswith(_FILE):
                fields[field.removesuffix(_FILE)] = _content(variable, Path(value))
            else:
                fields.setdefault(field, value)
    if not fields:
        raise InputRejected(f"{name}: set environment variables such as {prefix}USER")
    digest = hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()
    return Secret(name=name, version=digest, fields=fields)


def _content(variable: str, file: Path) -> str:
    """Text as it is, anything else in base64."""
    try:
        content = file.read_bytes()
    except OSError as exc:
        raise InputRejected(f"{variable}: {file} cannot be read ({exc.strerror})") from exc
    if file.suffix.lower() in (".p12", ".pfx"):
        return base64.b64encode(content).decode()
    return content.decode("utf-8-sig", errors="replace")
