"""Signs requests with access that is made elsewhere: tokens, and whatever a destination says."""

import threading
from collections.abc import Hashable

from requests import PreparedRequest

from sapmatch.model.access import Access, AccessSource, LogonGuard, Principal
from sapmatch.model.errors import LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.admission import Admission, version_of
from sapmatch.sap.auth.tokens import AccessCache


class AccessAuth:
    """Keeps the access of one user and signs with it; thread-safe.

    `key` tells this access from every other one in the `cache`, `identity` its user from others.
    The `guard` is asked for a password, such as that of a destination; a token locks nobody.
    """

    def __init__(
        self,
        source: AccessSource,
        clock: Clock,
        key: Hashable,
        identity: str,
        principal: Principal | None = None,
        cache: AccessCache | None = None,
        guard: LogonGuard | None = None,
    ) -> None:
        self.identity = identity
        self._source = source
        self._key = key
        self._principal = principal
        self._cache = cache or AccessCache(clock)
        self._is_guarded = guard is not None
        self._admission = Admission(guard, clock)
        self._version: tuple[str, str] | None = None  # a password, and what it is called
        self._refused: set[str] = set()  # versions of passwords
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
        self._admit(access)
        self._mine.signed = access
        for name, value in access.headers.items():
            if name.lower() == "authorization" or name not in request.headers:
                request.headers[name] = value
        return request

    def accepted(self) -> None:
        """SAP let us in; that a token is good its source knows itself."""
        if version := self._version_of(self.signed):
            self._admission.accepted(version)

    def refused(self) -> bool:
        """Whether there is other access by now than what SAP has just refused: one more is fetched.

        The same again, such as the password of a destination, is not worth a second try: it would
        be another failed logon.
        """
        refused = self.signed
        if refused is None:
            return False
        self._note_refusal(refused)
        self._cache.drop(self._key, refused)
        renewed = self.current()
        is_other = _opens_with(renewed) != _opens_with(refused)
        if is_other and renewed.usable_until is None:  # for one request: the one that comes now
            self._mine.renewed = renewed
        return is_other

    def refused_again(self) -> None:
        """The other access was refused, too: it is not kept."""
        if self.signed:
            self._note_refusal(self.signed)
            self._cache.drop(self._key, self.signed)

    def _admit(self, access: Access) -> None:
        """LogonRefused for a password that SAP refused before: the next time may lock its user."""
        version = self._version_of(access)
        if version is None:
            return
        if not self._is_guarded and version in self._refused:
            raise LogonRefused(
                "the destination's password was refused before and is the same still; it is not "
                "tried again, so that the user does not get locked: set the right one there",
                "stopped",
            )
        self._admission.admit(version)

    def _note_refusal(self, access: Access) -> None:
        if version := self._version_of(access):
            self._refused.add(version)
            self._admission.refused(version)

    def _version_of(self, access: Access | None) -> str | None:
        """What the guard calls a password; None where there is none."""
        password = access.password if access else None
        if password is None:
            return None
        known = self._version
        if known is None or known[0] != password:
            known = self._version = password, version_of(password, self.identity)
        return known[1]

    def _fetch(self) -> Access:
        return self._source.access(self._principal)

    def __repr__(self) -> str:
        return "AccessAuth(...)"


def _opens_with(access: Access) -> tuple[object, ...]:
    return access.headers, access.queries, access.certificate, access.key
