"""Mails about the way into a SAP system: a logon that is stopped, a certificate that ends."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from sapmatch.reviewing.mail import text, words
from sapmatch.reviewing.mail.text import Mail, Section

LOGON_STOPPED = "LOGON_STOPPED"
CERTIFICATE_EXPIRES = "CERTIFICATE_EXPIRES"


class StoppedLogon(Struct, frozen=True, kw_only=True):
    """A connection whose secret SAP refused twice; `remedy` is what to look at in SAP.

    `waiting` names what stands still: "extraction orders", "write-back supplier_invoice". The
    secret was `stored` last: passwords may end after a while.
    """

    connection: str
    secret: str
    remedy: str
    since: datetime
    stored: datetime | None = None
    waiting: Sequence[str] = ()


class Expiry(Struct, frozen=True, kw_only=True):
    """A certificate and its last day (UTC).

    `place` is where it lies; `before` the number of days before its end for which this is told.
    """

    connection: str
    place: str
    ends: date
    days: int
    before: int


def logon_stopped_mail(stop: StoppedLogon, stage: str) -> Mail:
    """About a connection that nobody uses any more, lest SAP locks the user."""
    name = stop.connection
    what = (
        f"SAP refused the logon of connection {name} twice with the same version of its secret. "
        f"Nothing is sent to this system since {stop.since:%Y-%m-%d %H:%M} UTC, so that SAP does "
        "not lock the user."
    )
    age = (
        f"The secret was changed last on {stop.stored:%Y-%m-%d}, "
        f"{(stop.since - stop.stored).days} days before."
        if stop.stored
        else ""
    )
    mend = (
        f"2. Where the secret is wrong: put the right one into {stop.secret}. Within five minutes "
        "one caller tries it, and all go on where SAP takes it."
    )
    release = (
        "3. Where the secret is right, and the user was mended in SAP: "
        f"sapmatch release {name} --stage {stage}"
    )
    more = "More: docs/operations/logon-stopped.md"
    sections: list[Section] = [
        ("What", [what, age] if age else [what]),
        ("What stands still", text.bounded(stop.waiting) or ["nothing that has a schedule"]),
        ("What to do", [f"1. In SAP: {stop.remedy}.", mend, release, more]),
    ]
    return _mail(LOGON_STOPPED, name, sections)


def expiry_mail(expiry: Expiry) -> Mail:
    """About a certificate that ends soon, or ended."""
    when = "ended on" if expiry.days < 0 else f"ends in {expiry.days} days, on"
    what = f"Connection {expiry.connection}: {expiry.place} {when} {expiry.ends:%Y-%m-%d}."
    remedy = words.remedy(CERTIFICATE_EXPIRES) or ""
    more = "More: docs/operations/certificate-expiry.md"
    sections: list[Section] = [("What", [what]), ("What to do", [remedy, more])]
    return _mail(CERTIFICATE_EXPIRES, expiry.connection, sections)


def _mail(state: str, connection: str, sections: Sequence[Section]) -> Mail:
    headline = f"{state}: {words.title(state)}"
    return Mail(subject=text.subject(headline, f"({connection})"), body=text.body(sections))
