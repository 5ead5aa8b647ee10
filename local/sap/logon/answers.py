"""What SAP answers to those who are not let in: pages of its ICF, and the logon page of its SSO."""

from html import escape
from http import HTTPStatus
from urllib.parse import parse_qs

from local.sap.errors import LogonFailed, TokenRequired
from local.sap.exchange import Request, Response
from local.sap.logon.settings import Settings

_HTML = "text/html; charset=utf-8"
_PAGE = """<!DOCTYPE html>
<html><head><title>Logon Error Message</title></head>
<body><h1>Logon failed</h1><p class="errorTextHeader">{text}</p>
<p class="detailText">What has happened? You are not authorized to view the requested resource.</p>
</body></html>
"""
_SSO_PAGE = """<!DOCTYPE html>
<html><head><title>SAML2 Logon</title></head>
<body onload="document.forms[0].submit()"><form method="post" action="https://idp.example.com/sso">
<input type="hidden" name="SAMLRequest" value="PHNhbWxwOkF1dGhuUmVxdWVzdC8+"/></form></body></html>
"""


def logon_failed(error: LogonFailed) -> Response:
    """401 with SAP's HTML page, whatever the client asked for (OD-P13)."""
    page = _PAGE.format(text=escape(error.text)).encode()
    response = Response(HTTPStatus.UNAUTHORIZED, page, _HTML)
    response.headers["www-authenticate"] = error.challenge
    return response


def token_required(error: TokenRequired) -> Response:
    """403; Gateway says in a header that the token is what it wants, C4C in the text alone."""
    body = b"CSRF token validation failed"
    response = Response(HTTPStatus.FORBIDDEN, body, "text/plain;charset=utf-8")
    if error.says_so:
        response.headers["x-csrf-token"] = "Required"
    return response


def sso_logon(request: Request, settings: Settings) -> Response | None:
    """The identity provider's logon in place of an answer; None where saml2=disabled keeps it off.

    It comes before any logon, and so even to a request with the right password.
    """
    off = parse_qs(request.query).get("saml2", [""])[-1] == "disabled"
    if settings.sso == "off" or off:
        return None
    if settings.sso == "redirect":
        place = "https://idp.example.com/sso?SAMLRequest=PHNhbWxwOkF1dGhuUmVxdWVzdC8%2B"
        return Response(HTTPStatus.FOUND, headers={"location": place})
    return Response(HTTPStatus.OK, _SSO_PAGE.encode(), _HTML)
