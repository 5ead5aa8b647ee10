"""What an HTTP answer to a call means: the reply, or the typed error."""

import re
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    OutcomeUnknown,
    SapmatchError,
    SapRejected,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.profiles import Profile
from sapmatch.model.rfc import AbapException, Flavour
from sapmatch.sap.logon import SSO, is_logon_page
from sapmatch.sap.masking import NOTHING, Mask
from sapmatch.sap.rfc.groups import group_of
from sapmatch.sap.rfc.hidden import hidden_in
from sapmatch.sap.rfc.module import Module
from sapmatch.sap.rfc.reply import Fault, Reply, Unreadable, fault_of, read_reply
from sapmatch.sap.session import Answer

# Keys of SAP's own machinery, not of any module: what it did before that is not known.
_BROKEN: Final = re.compile(
    r"SYSTEM_FAILURE|COMMUNICATION_FAILURE|RESOURCE_FAILURE|RFC_ERROR_|TIME_OUT|.*_DUMP"
)
_NO_S_RFC: Final = frozenset(
    {"RFC_NO_AUTHORITY", "RFC_NO_AUTHORIZATION", "NO_RFC_AUTHORITY", "RFC_AUTHORIZATION_FAILURE"}
)
# Where it stands in a text alone: what the remedy is depends on it, and nothing else.
_SAYS_S_RFC = re.compile(r"\bS_RFC\b|\bRFC[ -]authori[sz]ation|\bRFC-Berechtigung", re.IGNORECASE)
_DUMP = "transaction ST22 of the day and user shows the short dump"
_XML = ("text/xml", "application/xml", "application/soap+xml")


def reply_of(
    answer: Answer,
    module: Module,
    flavour: Flavour,
    place: str,
    path: str,
    kind: Profile,
    *,
    changes: bool,
    own: Mask = NOTHING,
) -> Reply:
    """The reply; else what `RfcTransport.call` raises. `own` hides the passwords of the call.

    Of a change everything that is no plain refusal may have happened: OutcomeUnknown (CO-T27).
    """
    at = f"{place}: {module.name}"
    hidden = own + answer.hidden
    if answer.status != HTTPStatus.OK:
        raise _refused(answer, module, at, path, kind, hidden, changes=changes)
    if not _is_xml(answer):
        raise _no_soap(answer, at, path, changes=changes)
    try:
        found = read_reply(answer.body, module, flavour)
    except Unreadable as exc:
        # From None: the first one may repeat what stood there.
        raise _unreadable(exc, hidden.text(str(exc)), at, changes=changes) from None
    if isinstance(found, Fault):
        raise _faulty(_without(found, hidden), module.name, at, changes=changes)
    return Reply(*hidden_in(found.exports, found.tables, own, answer.hidden))


def is_whole(answer: Answer) -> bool:
    """Whether the end of the envelope has come, where the answer is one."""
    if answer.status != HTTPStatus.OK or not _is_xml(answer):
        return True
    return answer.body[-100:].rstrip().endswith(b"Envelope>")


def _refused(
    answer: Answer,
    module: Module,
    at: str,
    path: str,
    kind: Profile,
    hidden: Mask,
    *,
    changes: bool,
) -> SapmatchError:
    status = answer.status
    if status == HTTPStatus.UNAUTHORIZED:
        return answer.refusal or LogonRefused(f"{at}: SAP refused the logon", "password")
    fault = fault_of(answer.body) if _is_xml(answer) else None
    if fault:
        return _faulty(_without(fault, hidden), module.name, at, changes=changes)
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return not_active(at, path, status, kind)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST and not changes:
        return LogonRefused(f"{at}: SAP redirects instead of answering; {SSO}", "sso")
    sure = status == HTTPStatus.NOT_IMPLEMENTED or (
        HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        and status != HTTPStatus.REQUEST_TIMEOUT
    )
    if changes and not sure:
        return OutcomeUnknown(
            f"{at}: SAP answered {status} to a change, which may have been made; read it back "
            f"({_DUMP})"
        )
    text = f"{at}: SAP answered {status} without a SOAP fault"
    hint = _DUMP if status >= HTTPStatus.INTERNAL_SERVER_ERROR else f"check the path {path}"
    return SapRejected(f"HTTP {status}", f"{text}; {hint}", http_status=status)


def not_active(at: str, path: str, status: int, kind: Profile) -> ServiceNotActivated:
    """What a 403 or 404 of the node means."""
    if not kind.client:
        remedy = (
            "SAP's cloud has no BAPIs: users are managed there by SCIM (SAP_COM_0465) or by the "
            "business user service (SAP_COM_0193)"
        )
    else:
        remedy = (
            f"activate the node /default_host{path} in transaction SICF and grant S_ICF to the "
            "user, or set rfc.flavour and rfc.services to bindings of SOAMANAGER; S/4HANA Cloud "
            "Public Edition has no BAPIs: there it is SCIM (SAP_COM_0465) or SAP_COM_0193"
        )
    return ServiceNotActivated(f"{at}: {path} answers {status}; {remedy}")


def _no_soap(answer: Answer, at: str, path: str, *, changes: bool) -> SapmatchError:
    """Status 200 with something else than SOAP."""
    said = answer.headers.get("Content-Type", "").partition(";")[0].strip() or "no type"
    is_page = said.lower() == "text/html"
    if is_page and (not changes or is_logon_page(answer.body)):
        return LogonRefused(f"{at}: SAP answered with a web page instead of data; {SSO}", "sso")
    if changes:
        return OutcomeUnknown(f"{at}: a change was answered with {said}, not SOAP; read it back")
    return SapRejected(
        "HTTP 200", f"{at}: {path} answers {said}, not SOAP; check rfc.services", http_status=200
    )


def _unreadable(exc: Unreadable, why: str, at: str, *, changes: bool) -> SapmatchError:
    if changes:
        return OutcomeUnknown(f"{at}: the answer to a change {why}; read it back")
    if exc.is_cut:
        return SapUnavailable(f"{at}: the answer {why}; its end is missing")
    return SapRejected("XML", f"{at}: the answer {why}")


def _without(fault: Fault, hidden: Mask) -> Fault:
    """A fault without secrets; one that stands for its key is no key."""
    is_key = hidden.text(fault.key) == fault.key
    key = fault.key if is_key else ""
    return replace(fault, key=key, text=hidden.text(fault.text), code=hidden.text(fault.code))


def _faulty(fault: Fault, function: str, at: str, *, changes: bool) -> SapmatchError:
    text = fault.text[:500]
    if _lacks_s_rfc(fault, function, changes=changes):
        return AuthorizationMissing(
            f"{at}: the user may not call it: S_RFC with RFC_TYPE FUNC and RFC_NAME {function}, or "
            f"FUGR and its function group{group_of(function)}, ACTVT 16, is missing in the user's "
            "roles (PFCG); SU53 of the user shows the check"
        )
    if fault.key and not _BROKEN.match(fault.key):
        return AbapException(fault.key, _said(fault, text))
    if changes:
        return OutcomeUnknown(
            f"{at}: a change ended in {fault.key or 'a SOAP fault'}; it may have been made: read "
            f"it back ({_DUMP})"
        )
    code = fault.key or fault.code or "SOAP fault"
    return SapRejected(code, f"{_said(fault, text)}; {_DUMP}")


def _lacks_s_rfc(fault: Fault, function: str, *, changes: bool) -> bool:
    """Whether the user may not call the module at all.

    A change may itself have called others that the user may not call: then it has begun.
    """
    if fault.key in _NO_S_RFC:
        return True
    group = group_of(function).strip(" ()")
    is_named = function in fault.text or bool(group and group in fault.text)
    return bool(_SAYS_S_RFC.search(fault.text)) and (is_named or not changes)


def _said(fault: Fault, text: str) -> str:
    number = f" ({fault.id}/{fault.number})" if fault.id and fault.number else ""
    return f"{text}{number}"


def _is_xml(answer: Answer) -> bool:
    said = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return said in _XML
