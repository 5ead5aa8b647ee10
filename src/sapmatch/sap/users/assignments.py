"""Steps that replace a whole assignment of a user: roles, profiles, systems of a CUA."""

from collections.abc import Collection, Iterable, Iterator

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.rfc import Rfc, RfcStructure, RfcTransport
from sapmatch.model.users import ProfileAssignment, RoleAssignment, SapUser, UserChange
from sapmatch.sap.rfc.messages import judged, require_whole
from sapmatch.sap.users.cua import Landscape
from sapmatch.sap.users.effects import Effect, Lack, module
from sapmatch.sap.users.role_rows import same
from sapmatch.sap.users.roles import OneSystem, not_applied, rows_to_send
from sapmatch.sap.users.rows import text

_PROFILE = 12
_DETAIL = "BAPI_USER_GET_DETAIL"


def role_effects(
    user: str, wanted: tuple[RoleAssignment, ...] | None, found: SapUser | None, rfc: Rfc
) -> Iterator[Effect]:
    """Assign them, unless the same ones are assigned already (CO-T41).

    The module takes a table that is empty for a user without any role.
    """
    if wanted is None or same(wanted, found.direct_roles if found else ()):
        return

    def lacks(now: SapUser | None) -> Lack | None:
        words = not_applied(wanted, now.roles if now else ())
        return Lack(words) if words else None

    local = "LOC" if rfc.cua_enabled else ""
    yield Effect(
        name="roles",
        send=module(
            f"BAPI_USER_{local}ACTGROUPS_ASSIGN",
            {"USERNAME": user},
            rfc,
            {"ACTIVITYGROUPS": rows_to_send(wanted)},
            non_fatal=rfc.non_fatal_error_codes,
        ),
        lacks=lacks,
        code="ROLE_NOT_APPLIED",
    )


def profile_effects(
    user: str,
    wanted: frozenset[tuple[str, str]] | None,
    found: SapUser | None,
    rfc: Rfc,
    generated: frozenset[str],
) -> Iterator[Effect]:
    """Assign profiles by system and name; those `generated` of roles go with their roles."""
    before = frozenset(each for each in _held(found) if each[1] not in generated)
    if wanted is None or wanted == before:
        return

    def lacks(now: SapUser | None) -> Lack | None:
        have = _held(now)
        parts = []
        if missing := sorted(wanted - have):
            parts.append(f"not assigned: {', '.join(_shown(*each) for each in missing)}")
        if still := sorted((before - wanted) & have):
            parts.append(f"still assigned: {', '.join(_shown(*each) for each in still)}")
        return Lack("; ".join(parts)) if parts else None

    local, column = ("LOC", "PROFILE") if rfc.cua_enabled else ("", "BAPIPROF")
    rows: list[RfcStructure] = [
        {"SUBSYSTEM": system, column: name} if system else {column: name}
        for system, name in sorted(wanted)
    ]
    yield Effect(
        name="profiles",
        send=module(
            f"BAPI_USER_{local}PROFILES_ASSIGN",
            {"USERNAME": user},
            rfc,
            {"PROFILES": rows},
            non_fatal=rfc.non_fatal_error_codes,
        ),
        lacks=lacks,
        code="PROFILE_NOT_APPLIED",
    )


def system_effects(
    user: str, wanted: frozenset[str] | None, found: SapUser | None, rfc: Rfc
) -> Iterator[Effect]:
    """Assign systems; one that is left out loses the user's roles and profiles there."""
    if wanted is None or wanted == frozenset(found.systems if found else ()):
        return

    def lacks(now: SapUser | None) -> Lack | None:
        have = frozenset(now.systems if now else ())
        parts = []
        if wanted - have:
            parts.append(f"not assigned: {', '.join(sorted(wanted - have))}")
        if have - wanted:
            parts.append(f"still assigned: {', '.join(sorted(have - wanted))}")
        return Lack("; ".join(parts)) if parts else None

    yield Effect(
        name="systems",
        send=module(
            "BAPI_USER_SYSTEM_ASSIGN",
            {"USERNAME": user},
            rfc,
            {"SYSTEMS": [{"SUBSYSTEM": name} for name in sorted(wanted)]},
            non_fatal=rfc.non_fatal_error_codes,
        ),
        lacks=lacks,
        code="SYSTEM_NOT_APPLIED",
    )


def generated_profiles(transport: RfcTransport, user: str, rfc: Rfc) -> frozenset[str]:
    """Profiles that SAP made of the user's roles (unconfirmed: BAPITYPE G says so).

    They stand among those assigned by hand, and BAPI_USER_PROFILES_ASSIGN leaves them alone.
    """
    asked = {"USERNAME": user, "CACHE_RESULTS": " "}
    answer = transport.call(_DETAIL, asked, want=("PROFILES", "RETURN"))
    judged(_DETAIL, answer, fail_when_warning=rfc.fail_when_warning)
    require_whole(_DETAIL, answer, "PROFILES")
    rows = answer.tables.get("PROFILES", ())
    return frozenset(text(row, "BAPIPROF") for row in rows if text(row, "BAPITYPE") == "G")


def profiles_of(
    profiles: Iterable[ProfileAssignment] | None,
    splits: OneSystem | Landscape,
    problems: list[Problem],
) -> frozenset[tuple[str, str]] | None:
    """System and name of each, `SYSTEM:PROFILE` in one name too; what is wrong goes to problems."""
    if profiles is None:
        return None
    found = set()
    for profile in profiles:
        try:
            system, name = splits.split(profile.name)
            if profile.system:
                system, name = splits.system(profile.system), profile.name.strip().upper()
        except InputRejected as exc:
            problems += exc.problems
            continue
        if not 0 < len(name) <= _PROFILE:
            message = f"PROFILES.BAPIPROF: a profile has 1 to {_PROFILE} characters"
            problems.append(Problem(code="TOO_LONG", message=message, field="PROFILES.BAPIPROF"))
        found.add((system, name))
    return frozenset(found)


def systems_of(
    change: UserChange,
    splits: OneSystem | Landscape,
    used: Collection[str],
    problems: list[Problem],
) -> frozenset[str] | None:
    """The systems that a change names; those `used` by its roles and profiles are among them."""
    if change.systems is None:
        return None
    if isinstance(splits, OneSystem):
        problems.append(_system_problem("only a central user administration has systems"))
        return None
    found = set()
    for name in change.systems:
        try:
            found.add(splits.system(name))
        except InputRejected as exc:
            problems += exc.problems
    for system in sorted(set(used) - found):
        words = f"{system} is left out, and roles or profiles of the change are to be there"
        problems.append(_system_problem(words))
    return frozenset(found)


def _system_problem(words: str) -> Problem:
    field = "SYSTEMS.SUBSYSTEM"
    return Problem(code="SYSTEMS", message=f"{field}: {words}", field=field)


def _held(user: SapUser | None) -> frozenset[tuple[str, str]]:
    return frozenset((each.system, each.name) for each in user.profiles) if user else frozenset()


def _shown(system: str, name: str) -> str:
    return f"{system}:{name}" if system else name
