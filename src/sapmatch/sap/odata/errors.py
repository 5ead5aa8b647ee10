"""What an answer of SAP means: the typed error, by whether it was a read or a write."""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    RecordLocked,
    SapmatchError,
    SapMessage,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.profiles import PROFILES, Profile
from sapmatch.sap.odata.messages import Refusal, from_body, from_header, refusal_of
from sapmatch.sap.session import Answer

NO_SERVICE = "/IWFND/MED/170"
# A repeated RequestID whose first answer SAP no longer holds: that call was executed (OD-P77).
REQUEST_OUTDATED = "/IWBEP/CM_COS/005"
# The service is not set up to recognise request ids, or knows this one from elsewhere (OD-P76).
NOT_IDEMPOTENT = "/IWBEP/CM_COS/001"
# Somebody edits the record: SAP's general enqueue message, and one of its OData services (OD-P87).
LOCKED = frozenset({"MC/601", "/CPD/PWS_ODATA_MSG/002"})
# SAP's text keeps the name of the material status that the user would need (SAP_COM_0077).
_STATUS_MISSING = "(TKSTATUS)"
_INCONSISTENT = re.compile(r"inconsistent authori[sz]ation", re.IGNORECASE)
_GATEWAY: Final = PROFILES["s4hana"]
_DENIED = frozenset({"unsupported", "rejected"})
_MARKUP = re.compile(r"<[^>]*>|\s+")
_TITLE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)


def check_read(answer: Answer, place: str, kind: Profile = _GATEWAY) -> None:
    """Raise what the answer to a read means, unless it is data.

    A page of HTML with status 200 is a logon page (OD-P13); a message of severity error beside
    data means that the data is not what was asked for (OD-P86). `place` names the settings block,
    `kind` knows the remedies.
    """
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise refused(answer, place, kind)
    if is_html(answer):
        raise LogonRefused(
            f"{place}: SAP answered with a web page instead of data ({_title(answer)}); "
            "single sign-on or a logon page is in the way of user and password",
            reason="sso",
        )
    errors = [message for message in from_header(answer.headers) if message.is_error]
    if errors:
        raise _rejected(answer, refusal_of(errors[0], errors[1:]))


def check_write(
    answer: Answer, place: str, locked: Collection[str] = (), kind: Profile = _GATEWAY
) -> tuple[SapMessage, ...]:
    """Raise what the answer to a write means, or return the messages beside its success.

    Certain that nothing happened: 4xx other than 408, and 501, unless SAP cannot tell whether it
    had the request before. Everything else that is no plain success may have happened:
    OutcomeUnknown (OD-P75; reliability.md 3.3), 503 with Retry-After included, because whoever
    answers it may stand behind the one who executed. `locked` are message codes of this system
    that mean a lock, beside LOCKED.
    """
    if answer.status == HTTPStatus.NOT_IMPLEMENTED:
        raise _write_refused(answer, place, LOCKED.union(locked), kind)
    if (
        answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or answer.status == HTTPStatus.REQUEST_TIMEOUT
    ):
        raise OutcomeUnknown(f"{place}: SAP answered {_said(answer)} to a write; read it back")
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise _write_refused(answer, place, LOCKED.union(locked), kind)
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES or is_html(answer):
        raise OutcomeUnknown(f"{place}: a write was answered by a web page or redirect")
    found = from_header(answer.headers)
    for message in found:
        if message.is_error:
            raise OutcomeUnknown(f"{place}: SAP answered success beside {message}; read it back")
    return found


def _write_refused(
    answer: Answer, place: str, locked: Collection[str], kind: Profile
) -> SapmatchError:
    found = from_body(answer.body)
    codes = _codes(found) if found else frozenset()
    if REQUEST_OUTDATED in codes or repeatability_of(answer.headers) in _DENIED:
        return OutcomeUnknown(
            f"{place}: SAP may have executed this request before and does not hold its answer "
            f"({_said(answer)}); read it back"
        )
    if answer.status == HTTPStatus.LOCKED or codes & set(map(_number, locked)):
        return RecordLocked(f"{place}: somebody is editing the record in SAP ({_said(answer)})")
    return record_refused(answer, place, kind)


def _codes(found: Refusal) -> frozenset[str]:
    return frozenset(_number(one) for one in (found.code, *(each.code for each in found.details)))


def _number(code: str) -> str:
    """`ME 006` as OData writes it: `ME/006`."""
    return code.strip().replace(" ", "/")


def repeatability_of(headers: Mapping[str, str]) -> str:
    """What SAP makes of a request id, by either protocol version; empty where it says nothing."""
    said = headers.get("RepeatabilityResult") or headers.get("Repeatability-Result") or ""
    return said.strip().lower()


def denies_repeatability(answer: Answer) -> bool:
    """Whether SAP says that it does not recognise a request that comes again."""
    if repeatability_of(answer.headers) in _DENIED:
        return True
    if answer.status < HTTPStatus.BAD_REQUEST:
        return False
    found = from_body(answer.body)
    return found is not None and NOT_IDEMPOTENT in _codes(found)


def record_refused(answer: Answer, place: str, kind: Profile = _GATEWAY) -> SapmatchError:
    """As `refused`, of one record: a 404 without an error body says nothing about its service."""
    if answer.status != HTTPStatus.NOT_FOUND or from_body(answer.body):
        return refused(answer, place, kind)
    text = (
        f"{place}: the record is gone, or the service's path is wrong or not active: "
        f"{kind.remedies.service} ({_title(answer)})"
    )
    return _rejected(answer, Refusal(code=f"HTTP {answer.status}", text=text))


def refused(answer: Answer, place: str, kind: Profile = _GATEWAY) -> SapmatchError:
    """The typed error of a status from 400 on."""
    found = from_body(answer.body)
    if is_inconsistent(answer):
        return _inconsistent(answer, place)
    missing = found is None and answer.status == HTTPStatus.NOT_FOUND
    if missing or (found and found.code == NO_SERVICE):
        return ServiceNotActivated(
            f"{place}: SAP does not know the OData service ({_said(answer)}); "
            f"{kind.remedies.service}"
        )
    match answer.status:
        case HTTPStatus.UNAUTHORIZED:
            return answer.refusal or logon_refused(place, kind)
        case HTTPStatus.FORBIDDEN:
            return AuthorizationMissing(
                f"{place}: the user may not do this ({_said(answer)}); "
                f"{kind.remedies.authorisation}"
            )
        case HTTPStatus.PRECONDITION_FAILED | HTTPStatus.PRECONDITION_REQUIRED:
            return PreconditionFailed(
                f"{place}: the record changed since it was read, or SAP wants its ETag and got "
                f"none ({_said(answer)}); read it again"
            )
    nothing = Refusal(code=f"HTTP {answer.status}", text=_title(answer))
    return _rejected(answer, _explained(found or nothing))


def logon_refused(place: str, kind: Profile = _GATEWAY) -> LogonRefused:
    """What a 401 means."""
    return LogonRefused(f"{place}: SAP refused the logon; {kind.remedies.logon}", reason="password")


def is_inconsistent(answer: Answer) -> bool:
    """Whether a technical user of Sales and Service Cloud was refused for his arrangement."""
    found = from_body(answer.body)
    text = found.text if found else answer.body[:4000].decode("utf-8", "replace")
    return bool(_INCONSISTENT.search(text))


def _inconsistent(answer: Answer, place: str) -> AuthorizationMissing:
    """The three remedies in the order in which they help (CO-T21)."""
    return AuthorizationMissing(
        f"{place}: SAP finds the authorisation of this technical user inconsistent "
        f'({_said(answer)}). First: no CSRF token may be fetched, so set csrf = "never" '
        "(accounthierarchylist and businesspartnerrelationship are known to refuse so). "
        "Second: in the OData Service Explorer assign a work centre view to the service at its "
        "header, not at properties alone. Third: re-activate the communication arrangement"
    )


def _explained(found: Refusal) -> Refusal:
    """A business authorisation behind a message that names none: refused for good, not repeated."""
    if _STATUS_MISSING not in found.text:
        return found
    remedy = (
        "the user may only read here: changes need a business authorisation of this object, which "
        "the communication scenario must grant; ask SAP where it has none"
    )
    return replace(found, text=f"{found.text}: {remedy}")


def is_html(answer: Answer) -> bool:
    """Whether the body is a web page."""
    start = answer.body[:100].lstrip().lower()
    declared = answer.headers.get("Content-Type", "").lower()
    return declared.startswith("text/html") or start.startswith((b"<!doctype html", b"<html"))


def _rejected(answer: Answer, found: Refusal) -> SapRejected:
    return SapRejected(
        found.code,
        found.text,
        details=found.details,
        severity=found.severity,
        target=found.target,
        timestamp=found.timestamp,
        transaction_id=found.transaction_id,
        http_status=answer.status,
    )


def _said(answer: Answer) -> str:
    """Status, and SAP's own code and text where the body holds them."""
    found = from_body(answer.body)
    return f"HTTP {answer.status}" + (f", {found.code}: {found.text}" if found else "")


def _title(answer: Answer) -> str:
    """What a web page calls itself, in one short line."""
    page = answer.body[:20_000].decode("utf-8", "replace")
    found = _TITLE.search(page)
    words = _MARKUP.sub(" ", found[2] if found else "").split()
    return " ".join(words)[:200] or "no text"
