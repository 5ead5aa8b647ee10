"""Every error that may cross a border between two rooms of the house.

    SapmatchError
    ├── InputRejected          a document, file or setting is wrong: says which, where, what to do
    ├── TransientError         nothing happened; the same call may be tried again
    │   ├── SapUnavailable     SAP was not reached, or answered 502, 503, 504 to a read
    │   ├── SapThrottled       SAP answered 429, or 503 with Retry-After
    │   ├── PoolExhausted      all connections of this process were in use for too long
    │   ├── RecordLocked       somebody is editing the record in SAP
    │   └── Throttled          an AWS service asked for fewer calls
    ├── OutcomeUnknown         a write may have happened: read it back, never send it again
    ├── SapRejected            SAP said no: code, text, details, transaction id
    ├── PreconditionFailed     somebody else changed the record (ETag, version, claim)
    ├── LogonRefused           the secret is wrong or the user is locked: never tried again with it
    ├── AuthorizationMissing   logged on, but SAP refuses: names the authorisation object
    ├── ServiceNotActivated    the OData service is not active in SAP
    └── ResyncRequired         SAP no longer knows the delta token

Step Functions matches class names as text and knows no inheritance: its machines name these
leaves, and a test compares both.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True):
    """One mistake in an input: `field` is a path into it (`lines[2].net`, `[alerts].emails`).

    `values` are the values that disagree, by who says them ({"XML": "119.00", "page": "1589.80"}).
    They are for the people who decide, in a mail or a table; `message` never holds them, because
    messages are logged.
    """

    code: str
    message: str
    field: str | None = None
    values: dict[str, str] = {}


class SapMessage(Struct, frozen=True, kw_only=True):
    """One message of SAP; `target` names the field it is about, `content_id` the batch operation.

    `severity` is error, warning, info or success.
    """

    code: str
    text: str
    severity: str = ""
    target: str = ""
    content_id: str = ""

    @property
    def is_error(self) -> bool:
        """Whether SAP calls it an error."""
        return self.severity.lower() in ("error", "abort", "fatal")

    def __str__(self) -> str:
        shown = " ".join(part for part in (self.severity, self.code) if part)
        return f"{shown}: {self.text}" + (f" ({self.target})" if self.target else "")


class SapmatchError(Exception):
    """Base of all errors that sapmatch raises on purpose; never raised itself."""


class InputRejected(SapmatchError):
    """The input is wrong and will be wrong again; `problems` lists every mistake found."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class TransientError(SapmatchError):
    """Nothing happened, and the same call may work later; only its leaves are raised."""


class SapUnavailable(TransientError):
    """SAP was not reached, or could not answer a read; `repeated`: several times already."""

    def __init__(self, message: str, *, repeated: bool = False) -> None:
        super().__init__(message)
        self.repeated = repeated


class SapThrottled(TransientError):
    """SAP asks for fewer calls; `retry_after` in seconds, None where SAP named no time."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecordLocked(TransientError):
    """SAP refused because somebody is editing the record; nothing happened."""


class PoolExhausted(TransientError):
    """All connections that this process may have to SAP were in use for too long; nothing left."""


class Throttled(TransientError):
    """An AWS service asks for fewer calls."""


class OutcomeUnknown(SapmatchError):
    """A write left us and its answer is missing or unreadable: SAP may have executed it."""


class SapRejected(SapmatchError):
    """SAP refused the call for good.

    `code` as SAP sent it (`M8/186`), `text` in the logon language (never decide on it), `details`
    the further messages, `transaction_id` SAP's own id of the call (transaction /IWFND/ERROR_LOG),
    `timestamp` when SAP says it happened, as it wrote it.
    """

    def __init__(
        self,
        code: str,
        text: str,
        *,
        details: Sequence[SapMessage] = (),
        severity: str = "",
        target: str = "",
        transaction_id: str | None = None,
        timestamp: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(f"SAP refused: {code}: {text}")
        self.code = code
        self.text = text
        self.details = tuple(details)
        self.severity = severity
        self.target = target
        self.transaction_id = transaction_id
        self.timestamp = timestamp
        self.http_status = http_status


class PreconditionFailed(SapmatchError):
    """The record changed since it was read (HTTP 412 and 428, or a conditional write of ours)."""


LogonReason: TypeAlias = Literal[
    "password",  # user, password or client
    "locked",  # the user is locked in SAP
    "stopped",  # refused too often with this secret: nobody tries it again
    "certificate",  # of ours: refused, over, or its password is wrong
    "unmapped",  # certificate or assertion are good, and belong to no user of SAP
    "token",  # the token endpoint gave none
    "user-token",  # of a person: over, of a foreign issuer, or not accepted
    "assertion",  # our SAML assertion, the scopes of who it names, or the token that it gave
    "destination",  # of BTP: missing, unusable, or its own logon failed
    "proxy",  # the connectivity proxy or the Cloud Connector
    "csrf",
    "sso",  # a logon page instead of data
    "other",
]


class LogonRefused(SapmatchError):
    """SAP, or who logs on for us, refused (HTTP 401, a logon page, no token); `reason` says what.

    The message names the remedy; it is never tried again with the same secret.
    """

    def __init__(self, message: str, reason: LogonReason = "other") -> None:
        super().__init__(message)
        self.reason: LogonReason = reason


class AuthorizationMissing(SapmatchError):
    """The user is logged on and lacks an authorisation (HTTP 403); the message names the remedy."""


class ServiceNotActivated(SapmatchError):
    """The OData service is unknown to the Gateway: activate it in /IWFND/MAINT_SERVICE."""


class ResyncRequired(SapmatchError):
    """The delta token is no longer known to SAP; a full load has to be asked for explicitly."""
