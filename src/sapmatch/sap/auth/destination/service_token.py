"""The token that opens a BTP service by its binding (D2)."""

from typing import Final

from sapmatch.model.access import Access, Secret
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.client_credentials import ClientCredentialsSource
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.auth.destination.binding import BindingCredentials, client_credentials
from sapmatch.sap.auth.tokens import AccessCache
from sapmatch.sap.auth.trust import Trust

_REMEDY: Final = (
    "make a new service key of this service, in the same subaccount (BTP cockpit, Services, "
    "Instances), and store it as a new version of the secret"
)


class ServiceToken:
    """Kept until its end; thread-safe. `setting` names the binding in messages."""

    def __init__(self, setting: str, binding: Credentials, clock: Clock, trust: Trust) -> None:
        self._setting = setting
        self._binding = BindingCredentials(binding)
        self._clock = clock
        self._trust = trust
        self._cache = AccessCache(clock)

    def access(self) -> Access:
        """A token that is good for now; LogonRefused where the binding is not."""
        client = self._binding.known()
        return self._cache.get(client.version, lambda: self._fetched(client))

    def drop(self, access: Access) -> None:
        """The service did not take it."""
        self._cache.drop(self._binding.known().version, access)

    def _fetched(self, client: Secret) -> Access:
        auth = client_credentials(client)
        source = ClientCredentialsSource(
            self._setting,
            auth,
            self._binding,
            self._clock,
            self._trust,
            place=self._setting,
            remedy=_REMEDY,
        )
        return source.access(None)
