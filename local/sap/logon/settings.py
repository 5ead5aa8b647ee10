"""What decides about a logon, as SU01, CERTRULE, SOAUTH2 and SAML2 keep it in SAP."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

ProfileName = Literal["s4hana", "s4hana-cloud", "c4c", "byd"]
_COMMUNICATION_FAILURES = 3  # KBA 2806979


class User(Struct, forbid_unknown_fields=True):
    """A user of SU01.

    `services` are those that S_SERVICE lets him call, `scopes` those of S_SCOPE, by the name with
    its version (`API_SALES_ORDER_SRV_0001`); null: all. `locked`: by an administrator; wrong
    passwords lock by `failed_logons`. `read_only`: SAP refuses each change, as TKSTATUS does.
    """

    password: str = ""
    kind: Literal["dialog", "system", "communication"] = "system"
    state: Literal["productive", "initial", "expired"] = "productive"
    email: str = ""
    locked: bool = False
    failed_logons: int = 0
    services: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None
    read_only: bool = False


class CertificateRule(Struct, forbid_unknown_fields=True):
    """A rule of CERTRULE: subject and issuer with `*`; the user `*` is what a star stood for."""

    subject: str
    user: str = "*"
    issuer: str = "*"


class OAuthClient(Struct, forbid_unknown_fields=True):
    """A client of SOAUTH2: a user of the same name; null scopes: all that there are."""

    scopes: tuple[str, ...] | None = None
    grants: tuple[Literal["client_credentials", "saml2-bearer"], ...] = (
        "client_credentials",
        "saml2-bearer",
    )


class Settings(Struct, forbid_unknown_fields=True, kw_only=True):
    """All of it.

    `trusted_providers` are certificates (PEM) by the issuer's name; `local_provider` is the
    audience. `sso`: what a request without `saml2=disabled` gets instead of an answer.
    `csrf` counts for c4c and byd: `inconsistent` refuses the fetch and takes writes without a
    token, `required` refuses the writes. `services_without_view` are refused to technical users.
    """

    profile: ProfileName = "s4hana"
    fails_to_user_lock: int = 5
    users: dict[str, User] = {}
    certificate_rules: tuple[CertificateRule, ...] = ()
    oauth_clients: dict[str, OAuthClient] = {}
    trusted_providers: dict[str, str] = {}
    local_provider: str = "S4H100"
    clock_skew_seconds: int = 0
    assertion_encoding: Literal["base64url", "base64"] = "base64url"
    token_seconds: float = 3600
    expires_in: Literal["number", "text", "absent"] = "number"
    sso: Literal["off", "page", "redirect"] = "off"
    csrf: Literal["inconsistent", "required"] = "inconsistent"
    services_without_view: tuple[str, ...] = ()
    inactive_services: tuple[str, ...] = ()

    def failures_of(self, user: User) -> int:
        """How many wrong passwords lock the user."""
        if user.kind == "communication":
            return min(_COMMUNICATION_FAILURES, self.fails_to_user_lock)
        return self.fails_to_user_lock


def merged(settings: Settings, wanted: object) -> Settings:
    """New settings after a JSON merge patch (RFC 7396); ValueError names what does not fit."""
    if not isinstance(wanted, Mapping):
        raise ValueError("expected an object with logon settings")
    patched = _patched(msgspec.to_builtins(settings), wanted)
    try:
        return msgspec.convert(patched, Settings)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _patched(target: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    kept = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        # Where null is a value of its own, it is one here: services and scopes of everybody.
        if value is None and name not in ("services", "scopes"):
            kept.pop(name, None)
        else:
            kept[name] = _patched(kept.get(name), value)
    return kept
