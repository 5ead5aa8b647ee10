"""The next version of a logon secret: what it is made of, and one logon with it."""

from collections.abc import Mapping

from sapmatch.model.access import LogonGuard, Secret, Secrets
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock

NEXT = "next_"  # then the name of a field: what takes its place with the next rotation
_P12, _PEM = ("p12", "password"), ("certificate", "key", "key_password")


def next_version(secret: Secret) -> dict[str, str]:
    """Its fields, once those that were put beside them as `next_...` have taken their place.

    Where the user changes too, the one that goes stays as `next_user`: two take turns.
    InputRejected where nothing was put there.
    """
    coming = {
        name.removeprefix(NEXT): value
        for name, value in secret.fields.items()
        if name.startswith(NEXT) and value
    }
    if not coming.keys() - {"user"}:
        raise InputRejected(
            f"secret {secret.name}: holds nothing to rotate to; set the next password (or "
            "certificate) in SAP, then add it to the secret as `next_password` (`next_p12`, "
            "`next_certificate` and `next_key`, `next_client_secret`)"
        )
    stays = {n: v for n, v in secret.fields.items() if not n.startswith(NEXT)}
    for name in _replaced(coming):
        stays.pop(name, None)
    fields = {**stays, **coming}
    user = secret.fields.get("user")
    if user and fields["user"] != user:
        fields[f"{NEXT}user"] = user
    return fields


def log_on(
    name: str,
    connection: Connection,
    version: Secret,
    secrets: Secrets,
    clock: Clock,
    guard: LogonGuard,
    service: str,
) -> None:
    """Log on to `[connections.<name>]` with this version of its secret, once.

    What the version can do is read the document of `service`, as the one before could: raises what
    SAP answers else, SapUnavailable where it does not answer and nothing is known of the version.
    """
    from sapmatch.sap.connection import connect

    pinned = _Pinned(version, secrets)
    with connect(name, connection, pinned, clock=clock, guard=guard) as client:
        exchange = client.exchange(service)
        exchange.check_read(exchange.get(exchange.url(""), tries=1))


class _Pinned:
    """Port Secrets, where one secret has the version that is tried."""

    def __init__(self, version: Secret, others: Secrets) -> None:
        self._version = version
        self._others = others

    def read(self, name: str) -> Secret:
        """That version, else the newest one."""
        return self._version if name == self._version.name else self._others.read(name)


def _replaced(coming: Mapping[str, str]) -> tuple[str, ...]:
    """A certificate comes as a file or as PEM, and the other form of it goes."""
    if "p12" in coming:
        return _PEM
    return _P12 if "certificate" in coming else ()
