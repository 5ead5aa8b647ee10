"""SAP in good health, its ailments, and what the doctor finds."""

from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

from sapmatch.model.access import AccessSource, Secret, Secrets
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.doctor import Entry, Finding, Target, examine
from sapmatch.sap.odata.client import ODataClient
from tests.builders.edmx import v2_document
from tests.builders.memory import START, MemoryClock
from tests.builders.sap_server import (
    COOKIE,
    PASSWORD,
    SERVICE,
    TOKEN,
    Received,
    Reply,
    Script,
    data,
    rows,
)

CHECKS = [
    *("secret", "dns", "route", "tls", "logon", "client", "service", "metadata", "authorisation"),
    *("csrf", "paging", "delta", "clock", "answer_time"),
]
USER = "user-canary"
SECRETS = (USER, PASSWORD, TOKEN, COOKIE, "Basic ", "row-canary")
NOW = format_datetime(START, usegmt=True)
Ailments = Mapping[str, Reply | Script]


class Unreadable:
    """Port Secrets where none can be read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, name: str) -> Secret:
        raise self._error


def healthy(ailments: Ailments | None = None, *, date: str | None = NOW) -> Script:
    """A service with Orders; `ailments` answer in its place to `root`, `metadata`, `rows`."""
    answers: dict[str, Reply | Script] = {
        "root": greeting,
        "metadata": Reply(body=v2_document(), type="application/xml"),
        "rows": orders,
        **(ailments or {}),
    }

    def script(request: Received) -> Reply:
        last = request.path.rstrip("/").removeprefix(SERVICE)
        part = {"": "root", "/$metadata": "metadata"}.get(last, "rows")
        found = answers[part]
        reply = found if isinstance(found, Reply) else found(request)
        return with_header(reply, "Date", date) if date else reply

    return script


def greeting(request: Received) -> Reply:
    """The service document, with a session of client 100 and its token."""
    reply = data({"d": {"EntitySets": ["Orders"]}}, DataServiceVersion="2.0")
    if COOKIE not in request.headers.get("cookie", ""):
        cookie = f"SAP_SESSIONID_S4H_100={COOKIE}; path=/; HttpOnly"
        reply = with_header(reply, "Set-Cookie", cookie)
    return with_header(reply, "x-csrf-token", TOKEN) if request.fetches_token else reply


def orders(request: Received) -> Reply:
    """Two orders, in pages of the size that is asked for."""
    found = [{"ID": "row-canary-1"}, {"ID": "row-canary-2"}]
    if "$top=1" in request.query:
        return rows(found[0])
    if request.headers.get("prefer") == "odata.maxpagesize=1":
        return rows(found[0], __next=f"{SERVICE}/Orders?$top=2&$skiptoken=1")
    return rows(*found)


def with_header(reply: Reply, name: str, text: str) -> Reply:
    """The reply with one header more."""
    headers = [*reply.headers, (name, text)]
    return Reply(reply.status, reply.body, headers, reply.type, delay=reply.delay)


def connection_to(url: str, **settings: Any) -> Connection:
    """Client 100 of the SAP at the URL, with short times."""
    usual = {"connect_timeout": 5.0, "read_timeout": 5.0, "total_timeout": 10.0}
    auth = Basic(secret="env:T")
    return Connection(url=url, **{"client": "100", "auth": auth, **usual, **settings})


def findings(
    url: str,
    *targets: Target,
    clock: MemoryClock | None = None,
    secrets: Secrets | None = None,
    **settings: Any,
) -> list[Finding]:
    """All findings; they hold nothing secret."""
    clock = clock or MemoryClock()
    connection = connection_to(url, **settings)

    secrets = secrets or Given({"user": USER, "password": PASSWORD})

    def open_client(source: AccessSource | None) -> ODataClient:
        return connect("s4", connection, secrets, clock=clock, broker=source)

    entry = Entry(secrets=secrets, connect=open_client)
    chosen = targets or (Target(SERVICE),)
    found = list(examine("s4", connection, chosen, entry, clock=clock))
    assert not [secret for secret in SECRETS if secret in repr(found)]
    assert all(each.remedy for each in found if each.status in ("failed", "warning"))
    return found


def by_check(found: list[Finding]) -> dict[str, Finding]:
    """The findings by the names of their checks."""
    assert [each.check for each in found] == CHECKS
    return {each.check: each for each in found}


def statuses(found: list[Finding], status: str) -> list[str]:
    """Names of the checks that ended so."""
    return [each.check for each in found if each.status == status]
