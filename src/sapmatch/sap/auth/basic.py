"""User and password."""

import base64

from requests import PreparedRequest

from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected
from sapmatch.sap.auth.credentials import Credentials, Signed


class BasicAuth(Signed):
    """RFC 7617 with UTF-8: requests' own would fail on a password outside Latin-1."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials)
        self.identity = _user(credentials.known())

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign one request."""
        secret = self.secret()
        pair = basic_pair(_user(secret), secret.field("password"))
        request.headers["Authorization"] = f"Basic {pair}"
        return request


def basic_pair(user: str, password: str) -> str:
    """What stands behind `Basic` (RFC 7617): UTF-8, and nothing percent-encoded before."""
    return base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _user(secret: Secret) -> str:
    user = secret.field("user")
    if ":" in user:
        raise InputRejected(f"secret {secret.name}: `user` must be without a colon")
    secret.field("password")
    return user
