"""Clients of foreign systems, with the credentials that the settings name."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from sapmatch.model.errors import InputRejected
from sapmatch.settings import Settings

if TYPE_CHECKING:
    from sapmatch.model.expense import Analysis
    from sapmatch.sap.odata.client import ODataClient


def sap_client(settings: Settings, name: str) -> "ODataClient":
    """A client for `[connections.<name>]`, logged on lazily; close it after use."""
    from sapmatch.sap.connection import connect

    if name not in settings.connections:
        known = ", ".join(settings.connections) or "none"
        raise InputRejected(f"connection {name}: is not in the settings; known are {known}")
    connection = settings.connections[name]
    return connect(name, connection, _credentials(name, connection.auth.secret))


def textract() -> "Callable[[bytes, int], Analysis]":
    """AnalyzeExpense of the AWS account of the environment, for files that are not in S3."""
    from sapmatch.aws.clients import client
    from sapmatch.aws.expense import analyze_bytes

    return partial(analyze_bytes, client("textract"))


def _credentials(name: str, secret: str) -> Mapping[str, str]:
    """User and password: from Secrets Manager, or from the environment on a laptop."""
    if not secret.startswith("env:"):
        from sapmatch.aws.clients import client
        from sapmatch.aws.secrets import SecretsManager

        return SecretsManager(client("secretsmanager")).read(secret)
    prefix = secret.removeprefix("env:")
    names = {"user": f"{prefix}_USER", "password": f"{prefix}_PASSWORD"}
    missing = [variable for variable in names.values() if not os.environ.get(variable)]
    if missing:
        raise InputRejected(
            f"connections.{name}.auth.secret: set the environment variable(s) {', '.join(missing)}"
        )
    return {field: os.environ[variable] for field, variable in names.items()}
