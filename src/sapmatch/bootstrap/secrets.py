"""Logon secrets, wherever the settings say that they are."""

import base64
import hashlib
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected

if TYPE_CHECKING:
    from sapmatch.aws.secrets import SecretsManager, Standing

_ENVIRONMENT = "env:"
_FILE = "_file"
_BINARY = (".p12", ".pfx")
_ROUNDS = 50_000
_LARGEST = 65_536  # bytes, as in Secrets Manager


class NamedSecrets:
    """Port Secrets: `env:NAME` from the environment, everything else from Secrets Manager."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def read(self, name: str) -> Secret:
        """The newest version."""
        if name.startswith(_ENVIRONMENT):
            return from_environment(name, self._environment)
        return self.manager.read(name)

    def standing(self, name: str) -> "Standing":
        """Which version counts now, and since when; in the environment there is but one."""
        if not name.startswith(_ENVIRONMENT):
            return self.manager.standing(name)
        from sapmatch.aws.secrets import CURRENT, Standing

        return Standing(arn=name, labels={self.read(name).version: (CURRENT,)})

    @cached_property
    def manager(self) -> "SecretsManager":
        """Secrets Manager itself."""
        from sapmatch.aws.clients import client
        from sapmatch.aws.secrets import SecretsManager

        return SecretsManager(client("secretsmanager"))


def from_environment(name: str, environment: Mapping[str, str]) -> Secret:
    """`env:S4` is S4_USER, S4_PASSWORD and so on; S4_P12_FILE names a file that holds `p12`.

    A variable that is empty is as none. InputRejected where there are none of them, where two say
    the same field, or a file cannot be read.
    """
    prefix = name.removeprefix(_ENVIRONMENT) + "_"
    fields: dict[str, str] = {}
    for variable, value in sorted(environment.items()):
        if not variable.startswith(prefix) or not value:
            continue
        named = variable.removeprefix(prefix).lower()
        field = named.removesuffix(_FILE)
        if field in fields:
            raise InputRejected(f"{name}: {prefix}{field.upper()} is there twice; leave one out")
        fields[field] = value if field == named else _content(variable, Path(value))
    if not fields:
        raise InputRejected(
            f"{name}: there is no such secret in the environment; set a variable for each of its "
            f"fields: {prefix}USER and {prefix}PASSWORD, {prefix}P12_FILE and {prefix}PASSWORD, or "
            f"{prefix}BUNDLE_FILE for the authorities of `ca`"
        )
    return Secret(name=name, version=_digest(fields), fields=fields)


def _content(variable: str, file: Path) -> str:
    """Text as it is, a PKCS #12 file in base64."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except (OSError, ValueError) as exc:
        raise InputRejected(f"{variable}: the file that it names cannot be read") from exc
    if len(content) > _LARGEST:
        raise InputRejected(f"{variable}: the file that it names is larger than {_LARGEST} bytes")
    if file.suffix.lower() in _BINARY:
        return base64.b64encode(content).decode()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputRejected(
            f"{variable}: the file that it names must be text (PEM), or end in .p12 or .pfx"
        ) from exc


def _digest(fields: Mapping[str, str]) -> str:
    """What tells versions apart; the guard of a stage may store it, so it helps nobody to guess."""
    text = repr(sorted(fields.items())).encode()
    return hashlib.pbkdf2_hmac("sha256", text, b"sapmatch", _ROUNDS).hex()[:16]
