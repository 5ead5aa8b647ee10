"""User and password."""

import base64

from requests import PreparedRequest


class BasicAuth:
    """RFC 7617 with UTF-8: requests' own would fail on a password outside Latin-1."""

    def __init__(self, user: str, password: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign one request."""
        request.headers["Authorization"] = self._header
        return request

    def renewed(self) -> bool:
        """A password that SAP refused stays wrong, and more tries lock the user."""
        return False

    def __repr__(self) -> str:
        return "BasicAuth(...)"
