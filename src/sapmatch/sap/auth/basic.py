"""User and password."""

import base64

from requests import PreparedRequest

from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected
from sapmatch.sap.auth.credentials import Credentials


class BasicAuth:
    """RFC 7617 with UTF-8: requests' own would fail on a password outside Latin-1."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._sent: Secret | None = None
        self.identity = _user(credentials.current())

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign one request."""
        secret = self._credentials.current()
        self._sent = secret
        pair = f"{_user(secret)}:{secret.field('password')}"
        encoded = base64.b64encode(pair.encode()).decode("ascii")
        request.headers["Authorization"] = f"Basic {encoded}"
        return request

    def accepted(self) -> None:
        """SAP let us in."""
        if self._sent:
            self._credentials.accepted(self._sent)

    def refused(self) -> bool:
        """Whether there is another password by now than the one that SAP has just refused."""
        return self._sent is not None and self._credentials.refused(self._sent)

    def __repr__(self) -> str:
        return "BasicAuth(...)"


def _user(secret: Secret) -> str:
    user = secret.field("user")
    if ":" in user:
        raise InputRejected(f"secret {secret.name}: `user` must be without a colon")
    secret.field("password")
    return user
