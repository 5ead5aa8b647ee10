"""A client certificate in TLS, and no logon at all."""

from requests import PreparedRequest

from sapmatch.model.access import Access
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials, Signed
from sapmatch.sap.auth.keys import key_pair


class CertificateAuth(Signed):
    """TLS shows the certificate, and SAP maps it to a user (CERTRULE, VUSREXTID)."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        super().__init__(credentials)
        self._clock = clock
        self._read: tuple[str, Access] | None = None
        secret = credentials.known()
        self.identity = key_pair(secret, clock.now()).subject

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Nothing to sign: the connection says who we are."""
        secret = self.secret()
        if self._read is None or self._read[0] != secret.version:
            pair = key_pair(secret, self._clock.now())
            self._read = secret.version, Access(certificate=pair.certificate, key=pair.key)
        return request

    @property
    def signed(self) -> Access | None:
        """Certificate and key."""
        return self._read[1] if self._read else None


class Anonymous:
    """No logon of ours: the network, or a proxy on the way, lets us in."""

    identity = ""
    signed: Access | None = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """As it is."""
        return request

    def accepted(self) -> None:
        """Nothing to learn from it."""

    def refused(self) -> bool:
        """Nothing else to log on with."""
        return False

    def refused_again(self) -> None:
        """Nothing to learn from it."""
