"""What one OData service lets us do; every request is a GET or a HEAD."""

from collections.abc import Iterator
from itertools import islice

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapRejected,
)
from sapmatch.model.query import Query
from sapmatch.sap import csrf as tokens
from sapmatch.sap.doctor.finding import Finding, failed, failure, ok, skipped, warning
from sapmatch.sap.doctor.system import Visit
from sapmatch.sap.odata.catalog import Catalog, said_version
from sapmatch.sap.odata.codec import UNREADABLE, Codec, Feed
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.odata.reading import Reading

_TRIED = 5  # entity sets, where the settings name none
_SHOWN = 5
_DOCUMENT = (
    "/IWFND/CACHE_CLEANUP drops the metadata that the Gateway keeps, /IWFND/ERROR_LOG says why it "
    "cannot make it; look at it in /IWFND/GW_CLIENT"
)
_MISSING = (
    "compare the settings with `sapmatch metadata {name} --service {service}`; another version of "
    "the service may be active (/IWFND/MAINT_SERVICE)"
)
_NONE_GIVEN = (
    "where writes are refused then: something between us and SAP drops the header x-csrf-token; "
    'where SAP really wants none, say so with {setting}.csrf = "never"'
)
_COOKIES = (
    "SAP's session gets lost between two calls: switch on sticky sessions (cookies) at the load "
    "balancer, let no proxy drop Set-Cookie, and see SICF_SESSIONS for security sessions"
)
_SIZE = (
    "page_size has no effect here, SAP's own size holds: filter large sets, or page by $skip "
    "(paging = skip of a query); in a service of your own implement $skiptoken (SEGW)"
)
_LINKS = (
    "SAP makes its links from another host name: add it to {setting}.aliases, or let SAP know "
    "the name that we use (table HTTPURLLOC, the Host header at web dispatcher or load balancer)"
)


def service(visit: Visit) -> Finding:
    """The service answers, so it is active and this user may start it."""
    answer = visit.get(visit.exchange.url(""), "service document")
    visit.exchange.check_read(answer)
    version = said_version(answer)
    return ok(f"is active and speaks OData {version}" if version else "is active")


def metadata(visit: Visit) -> Finding:
    """$metadata can be read and holds the entity sets that the settings use."""
    answer = visit.get(visit.exchange.url("$metadata"), "$metadata", {"Accept": "application/xml"})
    visit.exchange.check_read(answer)
    try:
        visit.metadata = parse_metadata(answer.body)
    except InputRejected as exc:
        return failed(str(exc), _DOCUMENT)
    return _described(visit, visit.metadata, len(answer.body))


def _described(visit: Visit, found: Metadata, size: int) -> Finding:
    missing = [name for name in visit.target.entity_sets if name not in found.entity_sets]
    if missing:
        return failed(
            f"has no entity set {_listed(missing)}",
            _MISSING.format(name=visit.system.name, service=visit.target.service),
        )
    shown = f"OData {found.version}, {len(found.entity_sets)} entity sets, {size} bytes"
    problems = len(found.problems)
    return ok(f"{shown}; {problems} parts are unreadable" if problems else shown)


def authorisation(visit: Visit) -> Finding:
    """One row of each entity set in use can be read; of any one where the settings name none."""
    read: dict[str, int] = {}
    refused: dict[str, SapmatchError] = {}
    for name, url in islice(_urls(visit), len(visit.target.entity_sets) or _TRIED):
        try:
            read[name] = len(_page(visit, name, url).rows)
        except (AuthorizationMissing, SapRejected, InputRejected) as exc:
            refused[name] = exc
        if read and not visit.target.entity_sets:
            break
    visit.readable = max(read, key=lambda name: read[name], default=None)
    return _allowed(visit, list(read), refused)


def _urls(visit: Visit) -> Iterator[tuple[str, str]]:
    """The URLs of one row each; sets that cannot be listed without a filter are left out."""
    reading = _reading(visit)
    for name in visit.target.entity_sets or _known(visit).entity_sets:
        try:
            yield name, reading.start(name, Query(top=1))
        except InputRejected:  # what $metadata rules out proves nothing about the user
            continue


def _allowed(visit: Visit, read: list[str], refused: dict[str, SapmatchError]) -> Finding:
    if refused and (visit.target.entity_sets or not read):
        found = failure(next(iter(refused.values())))
        return failed(f"{_listed(list(refused))}: {found.detail}", found.remedy)
    if not read:
        return skipped("no entity set can be listed without a filter or a key")
    untried = [name for name in visit.target.entity_sets if name not in read]
    more = f"; {_listed(untried)} want a filter and were not tried" if untried else ""
    return ok(f"rows of {_listed(read)} can be read{more}")


def csrf(visit: Visit) -> Finding:
    """A token is given, and the session that it belongs to is kept."""
    mode = visit.system.connection.csrf_mode
    if mode == "never":
        return skipped(f'{visit.system.setting}.csrf is "never": writes carry no token')
    remedy = _NONE_GIVEN.format(setting=visit.system.setting)
    try:
        given = visit.exchange.prepare(tries=1)
    except LogonRefused as exc:
        return failed(str(exc), remedy)
    if not given:
        return warning("SAP gives no token; writes are sent without one", remedy)
    if not _session_is_kept(visit):
        return warning("SAP gives a token, and another one with every call", _COOKIES)
    return ok("SAP gives a token and keeps its session")


def _session_is_kept(visit: Visit) -> bool:
    """Whether two fetches give the same token; a root that gives none on GET proves nothing."""
    url = visit.exchange.url("")
    given = [
        visit.get(url, "token", {tokens.HEADER: "Fetch"}).headers.get(tokens.HEADER)
        for _ in range(2)
    ]
    return None in given or given[0] == given[1]


def paging(visit: Visit) -> Finding:
    """SAP keeps to the page size that we ask for, and links to the next page at our address."""
    name = visit.readable
    if name is None:
        return skipped("no entity set can be listed")
    url = _reading(visit).start(name, Query(top=2))
    page = _page(visit, name, url, {"Prefer": "odata.maxpagesize=1"})
    if len(page.rows) > 1:
        return warning(f"{name}: SAP ignores the page size that is asked for", _SIZE)
    if page.next is None:
        return skipped(f"{name} has not the two rows that it takes to see")
    try:
        visit.exchange.resolve(page.next, against=url)
    except InputRejected as exc:
        return failed(str(exc), _LINKS.format(setting=visit.system.setting))
    return ok(f"{name}: SAP keeps to the page size and links to the next page")


def delta(visit: Visit) -> Finding:
    """Which entity sets track changes, by $metadata: to try it would take a subscription away."""
    sets = _known(visit).entity_sets
    tracked = [
        name for name, each in sets.items() if each.tracks_changes or f"DeltaLinksOf{name}" in sets
    ]
    if not tracked:
        return ok("no entity set tracks changes: they are read in full, or by a time of change")
    return ok(f"changes of {_listed(tracked)} are tracked")


def _page(visit: Visit, name: str, url: str, more: dict[str, str] | None = None) -> Feed:
    codec = _codec(visit)
    answer = visit.get(url, name, {"Accept": codec.ACCEPT, **(more or {})})
    visit.exchange.check_read(answer)
    try:
        return codec.feed(answer.body)
    except UNREADABLE as exc:
        raise InputRejected(f"{name}: {len(answer.body)} bytes are no rows of OData") from exc


def _known(visit: Visit) -> Metadata:
    assert visit.metadata is not None  # the checks that need it come after it
    return visit.metadata


def _codec(visit: Visit) -> Codec:
    return Catalog(visit.exchange, visit.metadata).codec()


def _reading(visit: Visit) -> Reading:
    return Reading(visit.exchange, Catalog(visit.exchange, visit.metadata))


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
