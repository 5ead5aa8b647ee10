"""Who gets the mails, and how many of them."""

import re
from collections.abc import Iterator

from msgspec.structs import asdict

from sapmatch.model.errors import Problem
from sapmatch.settings.blocks import Alerts, mistake

_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{1,63}")
_MOST_MAILS = 1_000  # an hour; SNS delivers ten a second


def check_alerts(alerts: Alerts) -> Iterator[Problem]:
    """Addresses that can be one, each in one place: SNS keeps one subscription for each."""
    for n, email in enumerate(alerts.emails):
        yield from _check_address(f"alerts.emails[{n}]", email)
    for owner, emails in asdict(alerts.owners).items():
        for n, email in enumerate(emails):
            path = f"alerts.owners.{owner}[{n}]"
            yield from _check_address(path, email)
            if email in alerts.emails:
                yield mistake(path, "gets all mails already (alerts.emails): leave one of them out")
    if not 0 <= alerts.mails_per_hour <= _MOST_MAILS:
        yield mistake("alerts.mails_per_hour", f"must be from 0 (digests only) to {_MOST_MAILS}")


def _check_address(path: str, email: str) -> Iterator[Problem]:
    if not _ADDRESS.fullmatch(email):
        yield mistake(path, "is no e-mail address")
