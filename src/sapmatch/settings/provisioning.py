"""Rules of [provisioning.CONNECTION], and of the child systems that a connection names."""

from collections.abc import Iterator

from sapmatch.model.errors import Problem
from sapmatch.model.provisioning import Provisioning
from sapmatch.model.rfc import Rfc
from sapmatch.settings.blocks import Settings, mistake
from sapmatch.settings.reviewing import MOST_DAYS, is_caller

_MOST_MINUTES = 24 * 60
_MOST_USERS = 100_000
_NUMBERS = {
    "roles_removed_at_most": (0, 1_000_000),
    "users_locked_at_most": (0, _MOST_USERS),
    "approve_within_days": (1, MOST_DAYS),
    "verify_minutes": (0, _MOST_MINUTES),
    "max_users": (1, _MOST_USERS),
}


def check_provisioning(settings: Settings) -> Iterator[Problem]:
    """A connection that can change users, people that AWS can name, numbers in their range."""
    for name, block in settings.provisioning.items():
        path = f"provisioning.{name}"
        connection = settings.connections.get(name)
        if connection is None:
            yield mistake(path, "names no [connections.*] block of this file")
        elif connection.rfc is None:
            yield mistake(path, f"needs [connections.{name}.rfc]: users are changed by BAPIs")
        yield from _check_block(path, block)


def _check_block(path: str, block: Provisioning) -> Iterator[Problem]:
    for name, (least, most) in _NUMBERS.items():
        if not least <= getattr(block, name) <= most:
            yield mistake(f"{path}.{name}", f"must be from {least} to {most}")
    for n, approver in enumerate(block.approvers):
        if not is_caller(approver):
            yield mistake(
                f"{path}.approvers[{n}]",
                "is no caller; name a user, a role or one session by its ARN, as `aws sts "
                "get-caller-identity` shows it (on the local stage: the user of the operating "
                "system)",
            )


def check_systems(settings: Settings) -> Iterator[Problem]:
    """Child systems of a central one are looked at over connections of their own."""
    for name, connection in settings.connections.items():
        for system, child in connection.rfc.systems.items() if connection.rfc else ():
            path = f"connections.{name}.rfc.systems.{system}"
            if not child:
                continue
            found = settings.connections.get(child)
            if found is None:
                yield mistake(path, "names no [connections.*] block of this file")
            elif found.rfc is None:
                yield mistake(path, f"needs [connections.{child}.rfc] to look there")
            elif found.rfc.cua_enabled and not _is_itself(connection.rfc, system, name, child):
                yield mistake(path, "names a central system, and a child is none (cuaEnabled)")


def _is_itself(rfc: Rfc | None, system: str, name: str, child: str) -> bool:
    """The central system may be a child of its own."""
    return rfc is not None and child == name and system == rfc.destination_name


def remarks_on_provisioning(settings: Settings) -> Iterator[Problem]:
    """Approvers that nobody named, and child systems that a run cannot look at."""
    for name, block in settings.provisioning.items():
        if not block.approvers:
            yield mistake(
                f"provisioning.{name}.approvers",
                "names nobody: on a stage whoever may invoke approve-provisioning decides",
            )
        connection = settings.connections.get(name)
        if connection is None or connection.rfc is None or not connection.rfc.cua_enabled:
            continue
        for system, child in connection.rfc.systems.items():
            if not child:
                yield mistake(
                    f"connections.{name}.rfc.systems.{system}",
                    "names no connection, so nobody looks whether a change arrived there",
                )
        if not connection.rfc.systems:
            yield mistake(
                f"connections.{name}.rfc.systems",
                "names no child system, so a change stays accepted_by_central and is not verified",
            )
