"""Rules for `[connections.NAME.auth]` and for the names of secrets."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from sapmatch.model.auth import (
    Auth,
    BtpDestination,
    Certificate,
    ClientCredentials,
    SamlBearer,
    secret_of,
    type_of,
)
from sapmatch.model.connection import LOOPBACK, Connection
from sapmatch.model.errors import Problem
from sapmatch.settings.blocks import mistake

_LONGEST_ASSERTION = 300  # seconds
_SHORTEST_ASSERTION = 30  # SAP's clock and ours may differ, and the call takes a while
# ARN, or what Secrets Manager takes as a name; on a laptop the prefix of variables.
_SECRET = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]{0,100}|arn:[\w-]+:secretsmanager:\S{1,600}|[\w/+=.@-]{1,512}",
    re.ASCII,
)
_BLANK = re.compile(r"\s")
_HOST = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63}){0,126}\.?")
_A_VALUE = "takes the name of a secret, such as sapmatch/prod/s4 or env:S4, never its value"


def check_logon(path: str, connection: Connection) -> Iterator[Problem]:
    """What `auth` says, and whether it fits the rest of the connection."""
    auth = connection.auth
    secret = secret_of(auth)
    if secret is not None:
        yield from check_secret(f"{path}.secret", secret)
    yield from _check_empty(path, auth)
    match auth:
        case ClientCredentials(token_url=url):
            yield from _check_token_url(f"{path}.token_url", url)
        case SamlBearer():
            yield from _check_assertion(path, auth)
        case BtpDestination():
            yield from _check_destination(path, auth, connection)
    yield from _check_way(path, connection)


def check_secret(path: str, secret: str) -> Iterator[Problem]:
    """The name of a secret; a value that was written in its place is not repeated."""
    if not secret.removeprefix("env:"):
        yield mistake(path, "is empty: name a secret, or env:NAME")
    elif not _SECRET.fullmatch(secret):
        yield mistake(path, _A_VALUE)


def names_host(url: str) -> bool:
    """Whether a host can be called so: `urlsplit` takes anything. ValueError as that raises it."""
    host = urlsplit(url).hostname or ""
    return not _BLANK.search(url) and (":" in host or _HOST.fullmatch(host) is not None)


def check_address(path: str, url: str) -> Iterator[Problem]:
    """An https address with a host (http: loopback only), without user and password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield mistake(path, "is no address")
        return
    is_local = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or is_local):
        yield mistake(path, "must begin with https:// (http:// for loopback hosts only)")
    elif "@" in parts.netloc:
        yield mistake(path, "must be without user and password; they are in the secret")
    elif not names_host(url):
        yield mistake(path, "names no host; write it like https://sap.example.com")


def _check_empty(path: str, auth: Auth) -> Iterator[Problem]:
    """A name that is there and says nothing; `secret` and addresses have rules of their own."""
    for name in auth.__struct_fields__:
        value = getattr(auth, name)
        if name != "secret" and not name.endswith("_url") and value is not None and value == "":
            yield mistake(f"{path}.{name}", "is empty")
        if name == "scope" and any(not each or re.search(r"\s", each) for each in value):
            yield mistake(f"{path}.scope", "must be a list of scopes, each without spaces")


def _check_token_url(path: str, url: str) -> Iterator[Problem]:
    yield from check_address(path, url)
    if "#" in url:
        yield mistake(path, "must be without fragment (#)")


def _check_assertion(path: str, auth: SamlBearer) -> Iterator[Problem]:
    if auth.token_url is not None:
        yield from _check_token_url(f"{path}.token_url", auth.token_url)
    if not _SHORTEST_ASSERTION <= auth.lifetime_seconds <= _LONGEST_ASSERTION:
        yield mistake(
            f"{path}.lifetime_seconds",
            f"must be from {_SHORTEST_ASSERTION} to {_LONGEST_ASSERTION}: an assertion is used at "
            "once, and SAP takes none that lives longer",
        )
    if auth.name_id == "email" and "@" not in auth.user:
        yield mistake(f"{path}.user", 'must be an e-mail address, as name_id is "email"')


def _check_destination(
    path: str, auth: BtpDestination, connection: Connection
) -> Iterator[Problem]:
    for name in ("destination", "for_people"):
        value = getattr(auth, name)
        level = value.rpartition("@")[2] if value and "@" in value else None
        if level is not None and level not in ("instance", "subaccount"):
            yield mistake(f"{path}.{name}", "may end in @instance or @subaccount, and in no other")
    for issuer, keys in auth.issuers.items():
        if not issuer:
            yield mistake(f"{path}.issuers", "names an empty issuer (claim `iss` of the tokens)")
        yield from check_address(f'{path}.issuers."{issuer}"', keys)
    if auth.trust_all and urlsplit(connection.url).hostname not in LOOPBACK:
        yield mistake(
            f"{path}.trust_all",
            "is for loopback hosts only: upload SAP's authority as TrustStoreLocation of the "
            "destination, or name its bundle in `ca`",
        )


def _check_way(path: str, connection: Connection) -> Iterator[Problem]:
    """A client certificate needs TLS with SAP itself."""
    if not isinstance(connection.auth, Certificate) or not connection.url.startswith("http:"):
        return
    remedy = (
        "take btp-destination with principal propagation, or leave out proxy"
        if connection.proxy
        else "let url begin with https://"
    )
    yield mistake(
        f"{path}.type", f"{type_of(connection.auth)} is shown in TLS, and url has none: {remedy}"
    )
