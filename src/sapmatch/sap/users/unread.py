"""What of a user a change has to know, before it is written and when it is read back."""

from sapmatch.model.errors import SapUnavailable
from sapmatch.model.users import SapUser, UserChange
from sapmatch.sap.users.changes import Wanted


def needed(change: UserChange, wanted: Wanted) -> frozenset[str]:
    """The tables and structures that a change replaces, or that tell whether it is needed.

    A field that is to be empty needs its structure, or it would count as empty already.
    """
    tables = {
        "ACTIVITYGROUPS": change.roles is not None or change.role_names is not None,
        "PROFILES": change.profiles is not None,
        "GROUPS": change.groups is not None,
        "PARAMETER": change.parameters is not None,
        "SYSTEMS": change.systems is not None,
        "ISLOCKED": change.locked is not None or change.clear_lockout,
    }
    structures = {name.partition(".")[0] for name, value in wanted.fields.items() if not value}
    return frozenset(structures) | {name for name, is_needed in tables.items() if is_needed}


def require_read(place: str, user: SapUser, needs: frozenset[str]) -> None:
    """SapUnavailable where SAP did not send all that the change has to know."""
    missing = ", ".join(sorted(needs & set(user.unread)))
    if missing:
        raise SapUnavailable(
            f"{place}: SAP's answer is not complete: {missing} is missing, or SAP warned of it, "
            "and the change is about it; nothing was changed by what was read"
        )
