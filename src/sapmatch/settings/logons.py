"""Connections that log on as the same user."""

from urllib.parse import urlsplit

from sapmatch.model.auth import secret_of
from sapmatch.model.connection import Connection
from sapmatch.settings.blocks import Settings


def logon_of(settings: Settings, name: str) -> str:
    """The connection whose guard counts for this one: the first that logs on as the same user.

    SAP counts the refusals of a user, whatever our connections are called.
    """
    connection = settings.connections.get(name)
    if connection is None or secret_of(connection.auth) is None:
        return name
    others = settings.connections.items()
    return next(other for other, each in others if _user(each) == _user(connection))


def _user(connection: Connection) -> tuple[str | None, str | None, str]:
    """A secret, and where it is shown: users are kept in each client of each system."""
    return secret_of(connection.auth), urlsplit(connection.url).hostname, connection.client
