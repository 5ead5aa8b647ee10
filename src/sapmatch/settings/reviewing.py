"""Rules of [reviewing]: who may decide, up to what, and by when."""

import re
from collections.abc import Iterator
from decimal import Decimal

from sapmatch.model.errors import Problem
from sapmatch.model.review import Person, Reviewing
from sapmatch.settings.blocks import mistake

MOST_DAYS = 90  # a workflow waits twice as long at most, and ends after a year
_CALLER = re.compile(
    r"arn:aws[a-z-]{0,16}:(?:iam::\d{12}:(?:user|role)/[\w+=,.@/-]{1,512}"
    r"|sts::\d{12}:(?:assumed-role/[\w+=,.@-]{1,64}|federated-user)/[\w+=,.@-]{1,64})"
)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")  # of the operating system
_SAP_USER = re.compile(r"[!-~]{1,12}")  # data element XUBNAME


def check_reviewing(reviewing: Reviewing) -> Iterator[Problem]:
    """Limits that are amounts, people that AWS can name, and two of them for four eyes."""
    if not 1 <= reviewing.decide_within_days <= MOST_DAYS:
        yield mistake("reviewing.decide_within_days", f"must be from 1 to {MOST_DAYS}")
    for caller, person in reviewing.people.items():
        yield from _check_person(f"reviewing.people.{caller}", caller, person)
    if reviewing.four_eyes_from != "off" and reviewing.people:
        yield from _check_pairs(reviewing, reviewing.four_eyes_from)


def is_caller(name: str) -> bool:
    """Whether AWS, or the operating system of the local stage, can call somebody so."""
    return bool(_CALLER.fullmatch(name) or _USER.fullmatch(name))


def _check_person(path: str, caller: str, person: Person) -> Iterator[Problem]:
    if not is_caller(caller):
        yield mistake(
            path,
            "is no caller; name a user, a role or one session by its ARN, as `aws sts "
            "get-caller-identity` shows it (on the local stage: the user of the operating system)",
        )
    if person.sap_user is not None and not _SAP_USER.fullmatch(person.sap_user):
        yield mistake(f"{path}.sap_user", "must be a user of SAP: at most 12 characters")


def _check_pairs(reviewing: Reviewing, four_eyes_from: Decimal) -> Iterator[Problem]:
    able = {
        person.sap_user or caller
        for caller, person in reviewing.people.items()
        if person.limit is None or person.limit >= four_eyes_from
    }
    if len(able) < 2:
        yield mistake(
            "reviewing.four_eyes_from",
            "needs two people in [reviewing.people], of two SAP users, who may decide on so much",
        )
