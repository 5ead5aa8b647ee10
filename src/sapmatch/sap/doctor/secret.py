"""Whether the secrets of a connection can be read and hold what its way to log on needs."""

from collections.abc import Iterable
from datetime import datetime

from sapmatch.model.access import Access, Secret
from sapmatch.model.auth import Auth, Certificate, ClientCredentials, secret_of, type_of
from sapmatch.model.errors import InputRejected, LogonRefused, SapmatchError, TransientError
from sapmatch.sap.auth.expiry import endings
from sapmatch.sap.auth.keys import SOON, KeyPair, key_pair
from sapmatch.sap.doctor.finding import Finding, failed, failure, ok, skipped, warning
from sapmatch.sap.doctor.system import System
from sapmatch.sap.setup.secret import lacks, shapes

_MANAGER = (
    "{setting}: Secrets Manager must hold it in this account and region, this role needs "
    "secretsmanager:GetSecretValue on it and kms:Decrypt on its key, and it is JSON with {fields}; "
    "in a VPC the interface endpoint of Secrets Manager must admit us (port 443)"
)
_ENVIRONMENT = "export the variables that {setting} names: {variables}"
_RENEW = (
    "have it renewed, map the new one in SAP before the old one ends (CERTRULE, SAML2), then store "
    "it as a new version of the secret"
)
_STORE = (
    "store certificate, key and their password together as a new version of {setting}.auth.secret; "
    "one that is over is renewed, and mapped in SAP, first (CERTRULE; of assertions SAML2)"
)
_RENEW_AUTHORITY = "store the bundle anew, with the authority that signs SAP's certificate now"


def secret(system: System) -> Finding:
    """The logon secret is readable and has its fields; only their names are shown."""
    name = secret_of(system.connection.auth) or ""
    try:
        found = system.secrets.read(name)
    except SapmatchError as exc:
        return _unreadable(system, name, exc)
    missing = lacks(type_of(system.connection.auth), found.fields)
    if missing:
        return failed(
            f"secret {name} lacks {_named(missing)}: it holds {_named(found.fields) or 'nothing'}",
            _remedy(system, name),
        )
    system.secret = found
    version = f", version {found.version}" if not name.startswith("env:") else ""
    return ok(f"{name} holds {_named(sorted(found.fields))}{version}")


def certificate(system: System) -> Finding:
    """Our own certificate: its key fits, and for how long it is good."""
    assert system.secret is not None
    if not _is_used(system.connection.auth, system.secret):
        return skipped(
            f"{type_of(system.connection.auth)} by the password in the secret needs none"
        )
    now = system.clock.now()
    try:
        pair = key_pair(system.secret, now)
    except (InputRejected, LogonRefused) as exc:
        return failed(str(exc), _STORE.format(setting=system.setting))
    if isinstance(system.connection.auth, Certificate):
        system.shown = Access(certificate=pair.certificate, key=pair.key)
    days = pair.days_left(now)
    shown = f"{pair.subject}, {_chain(pair)}"
    if days < SOON:
        return warning(f"{shown}, ends in {days} days", _RENEW)
    return ok(f"{shown}, {days} days left")


def authorities(system: System) -> Finding:
    """The bundle that `ca` names."""
    name = system.connection.ca or ""
    try:
        found = system.secrets.read(name)
        ends = sorted(each.ends for each in endings(_bundle(found)))
        found.field("bundle")
    except TransientError as exc:
        return failed(str(exc), _MANAGER.format(setting=f"{system.setting}.ca", fields="`bundle`"))
    except InputRejected as exc:
        return failed(str(exc), f"{system.setting}.ca: {_bundle_of(name)}, authorities in PEM")
    return _valid(ends, system.clock.now())


def _is_used(auth: Auth, found: Secret) -> bool:
    if isinstance(auth, ClientCredentials) and found.fields.get("client_secret"):
        return False
    return bool({"p12", "certificate"} & found.fields.keys())


def _valid(ends: list[datetime], now: datetime) -> Finding:
    if not ends:
        return failed("`bundle` holds no certificate", _RENEW_AUTHORITY)
    over = [each for each in ends if each <= now]
    shown = f"{len(ends)} authorities" if len(ends) > 1 else "one authority"
    if len(over) == len(ends):
        return failed(f"{shown}, all over since {ends[-1]:%Y-%m-%d}", _RENEW_AUTHORITY)
    if over or (ends[0] - now).days < SOON:
        return warning(f"{shown}, the first ends on {ends[0]:%Y-%m-%d}", _RENEW_AUTHORITY)
    return ok(f"{shown}, the first ends on {ends[0]:%Y-%m-%d}")


def _bundle_of(name: str) -> str:
    if not name.startswith("env:"):
        return "a secret with `bundle`"
    variable = f"{name.removeprefix('env:')}_BUNDLE"
    return f"{variable} holds, or the file holds that {variable}_FILE names"


def _bundle(found: Secret) -> Secret:
    return Secret(name=found.name, version="", fields={"bundle": found.fields.get("bundle", "")})


def _chain(pair: KeyPair) -> str:
    return f"with {pair.issuers} of its authorities" if pair.issuers else "without its authorities"


def _named(fields: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in fields)


def _unreadable(system: System, name: str, exc: SapmatchError) -> Finding:
    if not isinstance(exc, InputRejected | TransientError):
        return failure(exc)
    remedy = _remedy(system, name)
    return failed(str(exc), remedy, unreachable=isinstance(exc, TransientError))


def _remedy(system: System, name: str) -> str:
    setting = f"{system.setting}.auth.secret"
    kind = type_of(system.connection.auth)
    if not name.startswith("env:"):
        return _MANAGER.format(setting=setting, fields=", or ".join(map(_quoted, shapes(kind))))
    prefix = name.removeprefix("env:")
    sets = (" and ".join(f"{prefix}_{f.upper()}" for f in fields) for fields in shapes(kind))
    return _ENVIRONMENT.format(setting=setting, variables=", or ".join(sets))


def _quoted(fields: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in fields)
