"""Opens connections of PyRFC: a secret that SAP refused is never tried again."""

import logging
from collections.abc import Mapping
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from sapmatch.model.access import LogonGuard, Secret, Secrets
from sapmatch.model.auth import Basic, NoAuth, type_of
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, LogonRefused, SapUnavailable
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import Rfc
from sapmatch.sap.auth.basic import BasicAuth
from sapmatch.sap.auth.certificate import Anonymous
from sapmatch.sap.auth.credentials import Credentials
from sapmatch.sap.logon import Logon, password_refused
from sapmatch.sap.ports import ports_of
from sapmatch.sap.sources import credentials_of

_log = logging.getLogger(__name__)
_SNC_AHEAD = 1500  # 48NN, where the gateway without SNC has 33NN
_ANY_GROUP = "SPACE"  # the logon group that every system has


class Line:
    """One connection to SAP: for one thread at a time, and not usable after it broke."""

    def __init__(self, raw: Any, secret: Secret | None) -> None:
        self.raw = raw
        self.secret = secret
        self.is_usable = True

    def close(self) -> None:
        """End it, as the gateway bears 100 of a process that nobody ended."""
        self.is_usable = False
        try:
            self.raw.close()
        except Exception as exc:  # noqa: BLE001 (it is over in any case, and the SDK has no words)
            _log.debug("a connection was not closed: %s", type(exc).__name__)


class PyRfcLogon:
    """Logs on with the secret of one connection, or by SNC alone; thread-safe."""

    def __init__(
        self,
        name: str,
        connection: Connection,
        secrets: Secrets,
        clock: Clock,
        guard: LogonGuard | None,
        module: Any,
    ) -> None:
        self.place = f"[connections.{name}]"
        self._connection = connection
        self._module = module
        self._credentials = _credentials(name, connection, secrets, clock, guard)
        self._auth = BasicAuth(self._credentials) if self._credentials else None
        self._logon = Logon(self.place, connection, self._auth or Anonymous(), clock)

    def open(self) -> Line:
        """A connection; once more where there is a newer secret than the one that SAP refused.

        Raises LogonRefused, SapUnavailable; nothing has been called by then.
        """
        line = self._opened(again=False)
        if line is None:
            line = self._opened(again=True)
        assert line is not None  # the second one raises
        return line

    def refused(self, line: Line) -> None:
        """SAP refused the logon that PyRFC repeated by itself after this connection broke."""
        if self._credentials and line.secret:
            self._credentials.refused(line.secret)

    def _opened(self, *, again: bool) -> Line | None:
        with self._logon.passing() as number:
            secret = self._auth.secret() if self._auth else None
            config = {"rstrip": True, "timeout": ceil(self._connection.total_timeout)}
            try:
                raw = self._module.Connection(config=config, **self._parameters(secret))
            except self._module.LogonError as exc:
                if self._logon.is_renewed(number, again=again) and not again:
                    return None
                # From None: the SDK's text names the user.
                raise self._refusal(exc) from None
            except self._module.RFCError as exc:
                shown = getattr(exc, "key", None) or type(exc).__name__
                raise SapUnavailable(
                    f"{self.place}: {_host(self._connection)}: no connection over RFC ({shown}); "
                    "is the port open from here, and systemNumber or messageServer right?"
                ) from None
            self._logon.proved(number)
        return Line(raw, secret)

    def _parameters(self, secret: Secret | None) -> dict[str, str]:
        rfc = self._connection.rfc
        assert rfc is not None
        given = {
            **_target(rfc, _host(self._connection)),
            "client": rfc.client or self._connection.client,
            "lang": rfc.lang or self._connection.language,
            "trace": str(rfc.trace) if rfc.trace else "",
            **(_snc(rfc, has_password=secret is not None) if rfc.snc_mode else {}),
        }
        if secret:
            given |= {"user": secret.field("user"), "passwd": secret.field("password")}
        return {name: value for name, value in given.items() if value}

    def _refusal(self, exc: Exception) -> LogonRefused:
        said = str(getattr(exc, "message", None) or "").encode()
        why, remedy = password_refused(self._connection.kind, said)
        return LogonRefused(f"{self.place}: SAP refused the logon over RFC; {remedy}", why)


def first_stop(connection: Connection) -> tuple[str, int]:
    """Host and port that PyRFC goes to first: the gateway, or the message server that knows it."""
    rfc = connection.rfc
    assert rfc is not None
    ports = ports_of(rfc.system_number)
    if rfc.load_balancing:
        named = rfc.message_server
        return _host(connection), int(named) if named.isdecimal() else ports.message_server
    return _host(connection), ports.gateway + (_SNC_AHEAD if rfc.snc_mode else 0)


def _target(rfc: Rfc, host: str) -> Mapping[str, str]:
    if not rfc.load_balancing:
        return {"ashost": host, "sysnr": rfc.system_number}
    server = {"msserv": rfc.message_server} if rfc.message_server else {"r3name": rfc.system_id}
    return {"mshost": host, "group": rfc.logon_group or _ANY_GROUP, **server}


def _snc(rfc: Rfc, *, has_password: bool) -> Mapping[str, str]:
    return {
        "snc_qop": rfc.snc_qop,
        "snc_myname": rfc.snc_my_name,
        "snc_partnername": rfc.snc_partner_name,
        "snc_lib": rfc.snc_library,
        "x509cert": rfc.x509_cert,
        # Else the SDK logs on as whom SNC names, and leaves user and password alone.
        "snc_sso": "0" if has_password else "",
    }


def _host(connection: Connection) -> str:
    rfc = connection.rfc
    return (rfc.host if rfc else "") or urlsplit(connection.url).hostname or ""


def _credentials(
    name: str, connection: Connection, secrets: Secrets, clock: Clock, guard: LogonGuard | None
) -> Credentials | None:
    auth = connection.auth
    if isinstance(auth, Basic):
        return credentials_of(name, auth.secret, secrets, clock, guard)
    if isinstance(auth, NoAuth) and connection.rfc and connection.rfc.snc_mode:
        return None
    raise InputRejected(
        f'[connections.{name}].auth: rfc.transport "pyrfc" logs on with auth.type "basic", or with '
        f'"none" and sncMode; {type_of(auth)} opens no RFC connection'
    )
