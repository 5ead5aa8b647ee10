"""Clients of foreign systems, with the credentials that the settings name."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from sapmatch.model.errors import InputRejected
from sapmatch.settings import Settings

if TYPE_CHECKING:
    from sapmatch.model.expense import Analysis
    from sapmatch.sap.odata.client import ODataClient


def sap_client(settings: Settings, name: str) -> "ODataClient":
    """A client for `[connections.<name>]`, logged on lazily; close it after use."""
    from sapmatch.bootstrap.secrets import NamedSecrets
    from sapmatch.sap.connection import connect

    if name not in settings.connections:
        known = ", ".join(settings.connections) or "none"
        raise InputRejected(f"connection {name}: is not in the settings; known are {known}")
    return connect(name, settings.connections[name], NamedSecrets())


def textract() -> "Callable[[bytes, int], Analysis]":
    """AnalyzeExpense of the AWS account of the environment, for files that are not in S3."""
    from sapmatch.aws.clients import client
    from sapmatch.aws.expense import analyze_bytes

    return partial(analyze_bytes, client("textract"))
