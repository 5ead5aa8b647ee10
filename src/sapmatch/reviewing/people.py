"""Who may decide: callers of AWS and the people that the settings name."""

import re
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Person, Reviewing, Verdict

_SESSION = re.compile(r"(arn:aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]{1,64})/([^/]{1,64})")
_ROLE_PATH = re.compile(r":role/.*/")


class Decider(Struct, frozen=True, kw_only=True):
    """A caller who may decide.

    `caller` is what AWS answers; `identity` is the name by which two callers are told apart;
    `limit` in the company code's currency, None without one.
    """

    caller: str
    identity: str
    sap_user: str | None = None
    limit: Decimal | None = None


def decider(caller: str, rules: Reviewing) -> Decider:
    """The person that calls, by exact ARN, then by the role of a session.

    With no people in the settings anybody is one whom IAM lets call. Raises InputRejected where
    there are people, and this is none of them.
    """
    identity = _identity(caller, rules.people)
    person = _by_role(rules.people).get(identity)
    if person is None and rules.people:
        raise InputRejected(
            f"{caller}: may not decide; an administrator adds it, or its role, to "
            "[reviewing.people] in the settings"
        )
    person = person or Person()
    return Decider(caller=caller, identity=identity, sap_user=person.sap_user, limit=person.limit)


def is_same(one: Decider, other: Verdict, rules: Reviewing) -> bool:
    """Whether a decision was this person's: two sessions of one role cannot be told apart.

    Who assumes a role may choose the name of the session, so only names in the settings count. Who
    has two roles keeps that name as a rule: the same one in another role is the same person.
    """
    if one.sap_user is not None and one.sap_user == other.sap_user:
        return True
    sessions = _SESSION.fullmatch(one.caller), _SESSION.fullmatch(other.by)
    if all(sessions) and len({found[4].lower() for found in sessions if found}) == 1:
        return True
    return one.caller == other.by or one.identity == _identity(other.by, rules.people)


def _identity(caller: str, people: Mapping[str, Person]) -> str:
    session = None if caller in people else _SESSION.fullmatch(caller)
    return f"{session[1]}:iam::{session[2]}:role/{session[3]}" if session else caller


def _by_role(people: Mapping[str, Person]) -> dict[str, Person]:
    """People by ARN; a role's without its path, which the ARN of a session does not show."""
    return {_ROLE_PATH.sub(":role/", arn): person for arn, person in people.items()}
