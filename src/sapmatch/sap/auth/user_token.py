"""Tokens of people (JWT): whose they are counts only once issuer and signature are known good.

An unchecked `iss`, or the `jku` that XSUAA puts into a header, would let the token itself choose
the keys that verify it: both are read from the settings alone (CO-T9).
"""

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from msgspec import Struct

from sapmatch.model.errors import LogonRefused
from sapmatch.model.ports import Clock

if TYPE_CHECKING:
    from jwt import PyJWK, PyJWKSet

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
LEEWAY: Final = timedelta(seconds=60)  # between the issuer's clock and ours
KEYS_AGE: Final = timedelta(minutes=10)
RENEWED: Final = timedelta(seconds=60)  # a key that is unknown is looked for again after so long

_LONGEST: Final = 16_384  # characters; a header of HTTP takes hardly more
_JWT: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)  # a header carries it
_USER_CLAIMS: Final = ("user_uuid", "user_id", "sub")
_TENANT_CLAIMS: Final = ("zid", "app_tid", "tid")

Fetch = Callable[[str], bytes]


class User(Struct, frozen=True, kw_only=True):
    """Whose token it is: `issuer`, `tenant` and `id` together are nobody else's."""

    issuer: str
    tenant: str
    id: str
    ends: datetime

    def __repr__(self) -> str:
        return f"User(ends={self.ends})"


class UserTokens:
    """Verifies tokens of the `issuers` (each with the address of its keys); thread-safe.

    `fetch` reads an address; `setting` is where the settings name the issuers.
    """

    def __init__(
        self, setting: str, issuers: Mapping[str, str], fetch: Fetch, clock: Clock
    ) -> None:
        self._setting = setting
        self._issuers = issuers
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[datetime, PyJWKSet]] = {}

    def user(self, token: str) -> User:
        """Whose it is; LogonRefused ("user-token") for a token that must not be used.

        SapUnavailable where the issuer's keys are out of reach.
        """
        issuer, header = self._looked_into(token)
        key = self._key(issuer, header)
        claims = self._verified(token, key, header["alg"])
        ends = self._end(claims)
        return User(
            issuer=issuer,
            tenant=_first(claims, _TENANT_CLAIMS),
            id=_first(claims, _USER_CLAIMS) or self._refuse("names nobody (claim `sub`)"),
            ends=ends,
        )

    def _looked_into(self, token: str) -> tuple[str, Mapping[str, Any]]:
        """Issuer and header, of which nothing is believed yet but that they are allowed."""
        import jwt

        if len(token) > _LONGEST:
            self._refuse(f"is longer than {_LONGEST} characters")
        if not _JWT.fullmatch(token):
            self._refuse("is no JWT of three parts")
        try:
            header = jwt.get_unverified_header(token)
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (jwt.InvalidTokenError, ValueError):
            self._refuse("is no JWT of three parts")  # the cause may show a part of it
        if not isinstance(issuer, str) or issuer not in self._issuers:
            self._refuse(
                f"is of an issuer that {self._setting} does not name; add it with the address of "
                "its keys only if people of that issuer may call SAP"
            )
        if header.get("alg") not in ALGORITHMS:
            self._refuse(f"must be signed with one of {', '.join(ALGORITHMS)}")
        return issuer, header

    def _key(self, issuer: str, header: Mapping[str, Any]) -> "PyJWK":
        with self._lock:
            keys = self._kept(issuer, KEYS_AGE) or self._fetched(issuer)
            found = _fitting(keys, header)
            if found is None and not self._kept(issuer, RENEWED):
                found = _fitting(self._fetched(issuer), header)  # the issuer has a new key
        return found or self._refuse(f"is signed with no key at {self._issuers[issuer]}")

    def _kept(self, issuer: str, age: timedelta) -> "PyJWKSet | None":
        kept = self._keys.get(issuer)
        return kept[1] if kept and self._clock.now() - kept[0] < age else None

    def _fetched(self, issuer: str) -> "PyJWKSet":
        import jwt

        url = self._issuers[issuer]
        try:
            keys = jwt.PyJWKSet.from_json(self._fetch(url).decode())
        except (jwt.PyJWTError, ValueError, AttributeError, TypeError) as exc:
            raise LogonRefused(
                f"{self._setting}: {url} answers no keys (JWKS, RFC 7517); check the address",
                "user-token",
            ) from exc
        self._keys[issuer] = (self._clock.now(), keys)
        return keys

    def _verified(self, token: str, key: "PyJWK", algorithm: str) -> Mapping[str, Any]:
        import jwt

        # Times are ours to check, by the clock of the house; the audience is checked by BTP.
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        options |= {"verify_aud": False, "verify_sub": False, "verify_jti": False}
        try:
            return jwt.decode(token, key, algorithms=[algorithm], options=options)
        except (jwt.PyJWTError, ValueError, TypeError):
            self._refuse("is not signed by its issuer")

    def _end(self, claims: Mapping[str, Any]) -> datetime:
        now = self._clock.now()
        end, begin = _time(claims.get("exp")), _time(claims.get("nbf", 0))
        if end is None or begin is None:
            self._refuse("does not say until when it holds (claim `exp`)")
        ends = datetime.fromtimestamp(end, UTC)
        if ends + LEEWAY <= now:
            self._refuse(f"ended at {ends:%Y-%m-%d %H:%M:%S} UTC; log on again for a new one")
        if begin > (now + LEEWAY).timestamp():
            self._refuse("is not valid yet; check the clock of this machine")
        return ends

    def _refuse(self, why: str) -> NoReturn:
        raise LogonRefused(f"{self._setting}: the user token {why}", "user-token") from None


def _fitting(keys: "PyJWKSet", header: Mapping[str, Any]) -> "PyJWK | None":
    """The key that the header names; where it names none, the only one."""
    known = [key for key in keys.keys if key.public_key_use in (None, "sig")]
    wanted = header.get("kid")
    if wanted is None:
        return known[0] if len(known) == 1 else None
    return next((key for key in known if key.key_id == wanted), None)


def _first(claims: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(claims[name]) for name in names if claims.get(name)), "")


def _time(value: Any) -> float | None:
    """Seconds since 1970, where a date can hold them."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 2**36 else None
