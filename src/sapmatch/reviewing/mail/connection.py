"""Mails about the way into a SAP system: a logon that is stopped, a certificate that ends."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from sapmatch.reviewing.mail import text, words
from sapmatch.reviewing.mail.text import Mail, Section

LOGON_STOPPED = "LOGON_STOPPED"
CERTIFICATE_EXPIRES = "CERTIFICATE_EXPIRES"
_ENDED = "a certificate has ended"
_RELEASE = (
    "Where the secret is right, and the user was mended in SAP: release it with the command below."
)
_WHO_STOPPED = (
    "SAP basis (the user in SAP); the platform team (the secret in AWS, and the command that "
    "releases it)."
)
_WHO_EXPIRES = (
    "SAP basis, or the owner of the tenant in BTP (the new certificate is known there); the "
    "platform team (the secret in AWS)."
)


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

    `place` is where it lies; `before` the number of days before its end for which this is told;
    `waiting` names what will stand still, as of a stopped logon.
    """

    connection: str
    place: str
    ends: date
    days: int
    before: int
    waiting: Sequence[str] = ()


def logon_stopped_mail(stop: StoppedLogon, stage: str) -> Mail:
    """About a connection that nobody uses any more, lest SAP locks the user."""
    name, at = stop.connection, f"--stage {stage}"
    what = (
        f"SAP refused the logon of connection {name} twice with the same version of its secret. "
        f"Nothing is sent to this system since {stop.since:%Y-%m-%d %H:%M} UTC, so that SAP does "
        "not lock the user."
    )
    age = [_age(stop.stored, stop.since)] if stop.stored else []
    sections: list[Section] = [
        ("What", [what, *age]),
        ("What stands still", _waiting(stop.waiting)),
        (
            "What to do",
            [
                f"1. In SAP: {stop.remedy}.",
                f"2. {_put(stop.secret)}",
                f"3. {_RELEASE}",
                "More: docs/operations/logon-stopped.md",
            ],
        ),
        ("Who", [_WHO_STOPPED]),
        ("How", [f"sapmatch release {name} {at}", _doctor(name, at)]),
    ]
    return _mail(words.title(LOGON_STOPPED), name, sections)


def expiry_mail(expiry: Expiry, stage: str) -> Mail:
    """About a certificate that ends soon, or ended."""
    name, ended = expiry.connection, expiry.days < 0
    what = f"Connection {name}: {expiry.place} {_when(expiry.days)} {expiry.ends:%Y-%m-%d}."
    remedy = words.remedy(CERTIFICATE_EXPIRES) or ""
    more = "More: docs/operations/certificate-expiry.md"
    still = "What may stand still" if ended else "What may stand still then"
    sections: list[Section] = [
        ("What", [what]),
        (still, _waiting(expiry.waiting)),
        ("What to do", [remedy, more]),
        ("Who", [_WHO_EXPIRES]),
        ("How", [_doctor(name, f"--stage {stage}")]),
    ]
    title = _ENDED if ended else words.title(CERTIFICATE_EXPIRES)
    return _mail(title, name, sections)


def _age(stored: datetime, since: datetime) -> str:
    days = _days((since - stored).days)
    return f"The secret was changed last on {stored:%Y-%m-%d}, {days} before."


def _when(days: int) -> str:
    if days < 0:
        return "ended on"
    return f"ends in {_days(days)}, on" if days else "ends today,"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _waiting(names: Sequence[str]) -> list[str]:
    return text.bounded(names) or ["nothing that has a schedule"]


def _put(secret: str) -> str:
    return (
        f"Where the secret is wrong: put the right one into {secret}. Within five minutes one "
        "caller tries it, and all go on where SAP takes it. The command for Secrets Manager is in "
        "the runbook."
    )


def _doctor(name: str, at: str) -> str:
    return f"sapmatch doctor {name} {at}"


def _mail(title: str, connection: str, sections: Sequence[Section]) -> Mail:
    headline = title[:1].upper() + title[1:]
    return Mail(subject=text.subject(headline, f"({connection})"), body=text.body(sections))
