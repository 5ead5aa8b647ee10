"""The way in: what a request shows, whom it is for, what it may call, its session."""

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

from local.sap import errors
from local.sap.errors import LogonFailed, Refusal, TokenRequired
from local.sap.exchange import Request, Response
from local.sap.logon import oauth
from local.sap.logon.certificates import certificate_user
from local.sap.logon.oauth import OAuthError
from local.sap.logon.passwords import check_admitted, password_user
from local.sap.logon.sessions import CLIENT, Session, Sessions
from local.sap.logon.settings import Settings, User, merged
from local.sap.logon.tokens import Tokens

_CLOUDS = ("c4c", "byd")
_READING = frozenset({"GET", "HEAD"})
_INCONSISTENT = "Inconsistent Authorization: Re-activate Communication Arrangement"
_TKSTATUS = "Matl master maintenance not possible for transaction chosen (TKSTATUS)"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls; `scope` are the services of his token, None without one."""

    user: str
    scope: frozenset[str] | None = None


class Logon:
    """Who may call, and which sessions are open; the caller holds a lock.

    `services` are all services by their names with version, as S_SERVICE and scopes call them.
    """

    def __init__(
        self, settings: Settings, services: Collection[str], session_seconds: float
    ) -> None:
        self._start = merged(settings, {})
        self._services = services
        self._tokens = Tokens()
        self.sessions = Sessions(session_seconds)
        self.settings = settings

    def reset(self) -> None:
        """Settings, locks and tokens as at the start; sessions stay open."""
        self.settings = merged(self._start, {})
        self._tokens = Tokens()

    def configure(self, wanted: object) -> None:
        """A JSON merge patch of the settings; ValueError where it does not fit."""
        self.settings = merged(self.settings, wanted)

    def revoke(self) -> None:
        """Let no token count any more."""
        self._tokens.revoke()

    def given(self) -> list[str]:
        """What was given to those let in and nobody else may see: tokens, cookies, assertions."""
        return [*self._tokens.given(), *self.sessions.given()]

    def users(self) -> dict[str, dict[str, object]]:
        """Every user's lock, without anything secret."""
        return {
            name: {
                "failed_logons": user.failed_logons,
                "locked": user.locked or user.failed_logons >= self.settings.failures_of(user),
            }
            for name, user in self.settings.users.items()
        }

    def token(self, request: Request) -> tuple[Response, str]:
        """The answer of the token endpoint, and whom the token is for; LogonFailed as for all."""
        self._check_client(request)
        client = self._user_at_the_door(request)
        try:
            return oauth.token_answer(request, client, self.settings, self._tokens, self._services)
        except OAuthError as error:
            return oauth.error_answer(error), client

    def caller(self, request: Request) -> Caller:
        """Who calls; LogonFailed where nobody is let in."""
        self._check_client(request)
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return Caller(self._user_at_the_door(request))
        token = self._tokens.of(value.strip())
        check_admitted(self._user(token.user))
        return Caller(token.user, token.scope)

    def session(self, request: Request, user: str) -> tuple[Session, list[str]]:
        """The session of the request's cookie, or a new one with the cookies to set."""
        return self.sessions.of(request, user, xsrf_cookie=self._is_cloud)

    @property
    def gives_tokens(self) -> bool:
        """Whether there are CSRF tokens: not for technical users of C4C and ByD."""
        return not (self._is_cloud and self.settings.csrf == "inconsistent")

    def check_service(self, request: Request, caller: Caller, service: str) -> None:
        """Refusal 403 where SICF, the token, S_SERVICE or the arrangement says no."""
        if service in self.settings.inactive_services:
            raise errors.no_service(service.removesuffix("_0001"))
        user = self._user(caller.user)
        open_to_user = user.services is None or service in user.services
        if not open_to_user or (caller.scope is not None and service not in caller.scope):
            text = f"No authorization to access Service '{service[:80]}'"
            raise Refusal(HTTPStatus.FORBIDDEN, errors.NO_AUTHORISATION, text)
        if self._is_cloud and self._is_inconsistent(request, service):
            raise Refusal(HTTPStatus.FORBIDDEN, errors.INCONSISTENT, _INCONSISTENT)

    def check_write(self, request: Request, session: Session) -> None:
        """TokenRequired or Refusal where a modifying request is not taken."""
        if self.gives_tokens:
            self._check_token(request, session)
        if self._user(session.user).read_only:
            raise errors.ours(99, _TKSTATUS)

    def _user(self, name: str) -> User:
        user = self.settings.users.get(name)
        if user is None:
            raise LogonFailed(f"User {name} does not exist any more")
        return user

    def _check_token(self, request: Request, session: Session) -> None:
        try:
            self.sessions.check_token(request, session, xsrf_cookie=self._is_cloud)
        except TokenRequired as error:
            raise TokenRequired(says_so=not self._is_cloud) from error

    def _is_inconsistent(self, request: Request, service: str) -> bool:
        fetches = request.headers.get("x-csrf-token", "").lower() == "fetch"
        unseen = service in self.settings.services_without_view
        return request.method in _READING and ((fetches and not self.gives_tokens) or unseen)

    @property
    def _is_cloud(self) -> bool:
        return self.settings.profile in _CLOUDS

    def _check_client(self, request: Request) -> None:
        """Only S/4HANA on premise has clients to choose from."""
        given = _client(request)
        if (self.settings.profile == "s4hana" or given) and given != CLIENT:
            raise LogonFailed(f"Client {given[:3] or '(none)'} is not available in this system")

    def _user_at_the_door(self, request: Request) -> str:
        """By password where one is shown, else by the certificate."""
        scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
        if scheme == "basic":
            return password_user(request, self.settings)
        if request.certificate is not None and not scheme:
            return certificate_user(request.certificate, self.settings)
        raise LogonFailed("No logon data was sent")


def _client(request: Request) -> str:
    given = parse_qs(request.query).get("sap-client", [])
    return given[-1] if given else request.headers.get("sap-client", "")
