"""The token endpoint of AS ABAP: client credentials (RFC 6749) and SAML bearer (RFC 7522)."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qs

from local.sap.exchange import Request, Response
from local.sap.logon.assertion import (
    Assertion,
    AssertionBroken,
    AssertionRefused,
    Trust,
    checked,
    decoded,
)
from local.sap.logon.settings import OAuthClient, Settings
from local.sap.logon.tokens import Tokens

PATH = "/sap/bc/sec/oauth2/token"
_SAML = "urn:ietf:params:oauth:grant-type:saml2-bearer"
_GRANTS = {"client_credentials": "client_credentials", _SAML: "saml2-bearer"}
_REFUSED = (
    "Provided authorization grant is invalid. Exception was {reason}. For more information, "
    "consult the kernel traces or the OAuth 2.0 trouble shooting SAP note 1688545"
)


class OAuthError(Exception):
    """An error answer of the endpoint (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


def token_answer(
    request: Request, client_id: str, settings: Settings, tokens: Tokens, services: Collection[str]
) -> tuple[Response, str]:
    """The answer to a client that has logged on, and whom the token is for.

    `services` are all scopes that there are. Raises OAuthError; never LogonFailed.
    """
    form = _form(request)
    client = settings.oauth_clients.get(client_id)
    if client is None:
        raise OAuthError("invalid_client", f"OAuth 2.0 client {client_id} is not registered")
    if form.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "client_id is not the client that logged on")
    grant = _GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise OAuthError("unsupported_grant_type", "grant_type is not supported")
    if grant not in client.grants:
        raise OAuthError("unauthorized_client", "Grant type is not allowed for this client")
    scope = _scope(form, client, services)
    user = client_id if grant == "client_credentials" else ""
    user = user or _saml_user(request, form, client_id, settings, tokens)
    _check_user_scope(settings, user, scope)
    value = tokens.give(user, scope, settings.token_seconds)
    return _granted(value, scope, settings), user


def error_answer(error: OAuthError) -> Response:
    """The error as JSON."""
    return _json(error.status, {"error": error.error, "error_description": error.description})


def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "Send the parameters as a form by POST")
    try:
        given = parse_qs(request.body.decode("ascii"), strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise OAuthError("invalid_request", "The form is malformed") from error
    if any(len(values) > 1 for values in given.values()):
        raise OAuthError("invalid_request", "A parameter stands twice")
    return {name: values[0] for name, values in given.items()}


def _scope(form: dict[str, str], client: OAuthClient, services: Collection[str]) -> frozenset[str]:
    """What is asked for, else all that the client may ask for."""
    allowed = frozenset(services if client.scopes is None else client.scopes)
    asked = frozenset(form.get("scope", "").split())
    if not asked <= allowed:
        names = ", ".join(sorted(asked - allowed))[:200]
        raise OAuthError("invalid_scope", f"Scope {names} is not assigned to the client")
    return asked or allowed


def _check_user_scope(settings: Settings, user: str, scope: frozenset[str]) -> None:
    """S_SCOPE of the user."""
    own = settings.users[user].scopes
    if own is not None and not scope <= frozenset(own):
        raise OAuthError("invalid_scope", f"User {user} has no authorization (S_SCOPE)")


def _saml_user(
    request: Request, form: dict[str, str], client_id: str, settings: Settings, tokens: Tokens
) -> str:
    trust = Trust(
        providers=settings.trusted_providers,
        audience=settings.local_provider,
        recipient=f"{request.origin}{PATH}",
        skew=timedelta(seconds=settings.clock_skew_seconds),
        now=datetime.now(UTC),
    )
    try:
        document = decoded(form.get("assertion", ""), settings.assertion_encoding)
        assertion = checked(document, trust)
        return _user_of(assertion, client_id, settings, tokens)
    except AssertionBroken as error:
        raise OAuthError(
            "server_error",
            f"Error while parsing an XML stream: {error}",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        ) from error
    except AssertionRefused as error:
        raise OAuthError("invalid_grant", _REFUSED.format(reason=error)) from error


def _user_of(assertion: Assertion, client_id: str, settings: Settings, tokens: Tokens) -> str:
    if assertion.client_id not in (None, client_id):
        raise AssertionRefused("attribute client_id is not the client that logged on")
    name = assertion.name_id
    if assertion.is_email:
        by_email = (each for each, user in settings.users.items() if user.email == name)
        name = next(by_email, "")
    user = settings.users.get(name)
    if user is None:
        raise AssertionRefused("no user is assigned to the NameID of the Assertion")
    if user.locked:
        raise AssertionRefused(f"user {name} is locked")
    if not tokens.first_use(assertion.id):
        raise AssertionRefused("Assertion was used before")
    return name


def _granted(value: str, scope: frozenset[str], settings: Settings) -> Response:
    reply: dict[str, object] = {"access_token": value, "token_type": "Bearer"}
    if settings.expires_in != "absent":
        seconds = int(settings.token_seconds)
        reply["expires_in"] = seconds if settings.expires_in == "number" else str(seconds)
    return _json(HTTPStatus.OK, reply | {"scope": " ".join(sorted(scope))})


def _json(status: int, value: dict[str, object]) -> Response:
    response = Response(status, json.dumps(value).encode(), "application/json;charset=utf-8")
    response.headers.update({"cache-control": "no-store", "pragma": "no-cache"})
    return response
