"""The binding (service key) of a BTP service: an OAuth client, and where it gets its tokens."""

from typing import Final

from msgspec.structs import replace

from sapmatch.model.access import Secret
from sapmatch.model.auth import ClientCredentials
from sapmatch.model.errors import InputRejected
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.token_http import check_address

_RENAMED: Final = {"clientid": "client_id", "clientsecret": "client_secret"}


class BindingCredentials(Credentials):
    """The same secret under the names that an OAuth client's has."""

    def __init__(self, binding: Credentials) -> None:
        self._binding = binding

    def known(self) -> Secret:
        """The binding, for who does not log on with it."""
        return client_of(self._binding.known())

    def current(self) -> Secret:
        """The binding to log on with now."""
        return client_of(self._binding.current())

    def accepted(self, secret: Secret) -> None:
        """It opened the door."""
        self._binding.accepted(secret)

    def refused(self, secret: Secret) -> bool:
        """It did not; whether there is another version by now."""
        return self._binding.refused(secret)

    def __repr__(self) -> str:
        return f"Binding{self._binding!r}"


def client_of(binding: Secret) -> Secret:
    """The binding as the secret of an OAuth client."""
    binding.field("clientid")
    fields = {_RENAMED.get(name, name): value for name, value in binding.fields.items()}
    return replace(binding, fields=fields)


def client_credentials(binding: Secret) -> ClientCredentials:
    """How to get a service token: with a certificate at `certurl`, else at `url` (D1, D2)."""
    if binding.fields.get("certificate"):
        base = address(binding, "certurl")
    elif binding.fields.get("token_service_url"):  # of the connectivity service
        base = address(binding, "token_service_url")
    else:
        base = address(binding, "url")
    path = "" if base.endswith("/oauth/token") else "/oauth/token"
    return ClientCredentials(secret=binding.name, token_url=f"{base}{path}")


def address(binding: Secret, name: str) -> str:
    """An address in the binding; InputRejected where it is not https (http: loopback only)."""
    text = binding.field(name).rstrip("/")
    check_address(f"secret {binding.name}: `{name}`", text)
    if "?" in text or "#" in text:
        raise InputRejected(f"secret {binding.name}: `{name}` must be without query")
    return text
