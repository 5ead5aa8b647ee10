"""Signs requests with access that is made elsewhere: tokens, and whatever a destination says."""

import threading
from collections.abc import Hashable

from requests import PreparedRequest

from sapmatch.model.access import Access, AccessSource, Principal
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.tokens import AccessCache


class AccessAuth:
    """Keeps the access of one user and signs with it; thread-safe.

    `key` tells this access from every other one in the `cache`, `identity` its user from others.
    """

    def __init__(
        self,
        source: AccessSource,
        clock: Clock,
        key: Hashable,
        identity: str,
        principal: Principal | None = None,
        cache: AccessCache | None = None,
    ) -> None:
        self.identity = identity
        self._source = source
        self._key = key
        self._principal = principal
        self._cache = cache or AccessCache(clock)
        self._mine = threading.local()  # what this thread has signed its request with

    def current(self) -> Access:
        """Access that may be used now; LogonRefused or SapUnavailable where there is none."""
        return self._cache.get(self._key, self._fetch)

    @property
    def signed(self) -> Access | None:
        """What the last request of this thread was signed with: its queries, its certificate."""
        return getattr(self._mine, "signed", None)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign one request; of what it brought along only Authorization is replaced."""
        access = self._mine.__dict__.pop("renewed", None) or self.current()
        self._mine.signed = access
        for name, value in access.headers.items():
            if name.lower() == "authorization" or name not in request.headers:
                request.headers[name] = value
        return request

    def accepted(self) -> None:
        """SAP let us in: nothing to remember, as the source knows that its secret is good."""

    def refused(self) -> bool:
        """Whether there is other access by now than what SAP has just refused: one more is fetched.

        The same again, such as the password of a destination, is not worth a second try: it would
        be another failed logon.
        """
        refused = self.signed
        if refused is None:
            return False
        self._cache.drop(self._key, refused)
        renewed = self.current()
        is_other = _opens_with(renewed) != _opens_with(refused)
        if is_other and renewed.usable_until is None:  # for one request: the one that comes now
            self._mine.renewed = renewed
        return is_other

    def refused_again(self) -> None:
        """The other access was refused, too: it is not kept."""
        if self.signed:
            self._cache.drop(self._key, self.signed)

    def _fetch(self) -> Access:
        return self._source.access(self._principal)

    def __repr__(self) -> str:
        return "AccessAuth(...)"


def _opens_with(access: Access) -> tuple[object, ...]:
    return access.headers, access.queries, access.certificate, access.key
