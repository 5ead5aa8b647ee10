"""Rules for flows that write in the name of who decided, and of the people whom they name."""

from collections.abc import Iterator, Mapping

from sapmatch.model.auth import SamlBearer
from sapmatch.model.connection import Connection
from sapmatch.model.errors import Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.review import Reviewing
from sapmatch.settings.blocks import mistake

_ROLE = ":role/"
_SHARED = (
    "would name one SAP user for whoever may assume this role, and write_backs.{flow} writes in "
    "the name of who decided: name each person by their session "
    "(arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, with a trust policy that fixes "
    "sts:RoleSessionName) or by their user, or leave sap_user out here"
)
_NOBODY = (
    "names nobody: no entry of [reviewing.people] has a sap_user; add one for each person who "
    "decides, or leave run_as out"
)


def check_run_as(
    flows: Mapping[str, WriteBack], connections: Mapping[str, Connection], reviewing: Reviewing
) -> Iterator[Problem]:
    """Our own assertion names the SAP user of one person, never of all who share a role."""
    asserting = [
        name
        for name, flow in flows.items()
        if flow.run_as == "decider"
        and flow.source == "match"
        and _asserts(connections.get(flow.connection))
    ]
    if not asserting:
        return
    named = [caller for caller, person in reviewing.people.items() if person.sap_user]
    for caller in named:
        if _ROLE in caller:
            yield mistake(f"reviewing.people.{caller}.sap_user", _SHARED.format(flow=asserting[0]))
    if not named:
        for name in asserting:
            yield mistake(f"write_backs.{name}.run_as", _NOBODY)


def _asserts(connection: Connection | None) -> bool:
    return connection is not None and isinstance(connection.auth, SamlBearer)
