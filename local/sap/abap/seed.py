"""What the landscape holds at the start, from the key `abap` of a seed."""

from collections.abc import Mapping
from typing import Any

from local.sap.abap.dictionary import structure
from local.sap.abap.faults import AbapFault
from local.sap.abap.landscape import (
    CENTRAL,
    CLIENTS,
    Landscape,
    Role,
    System,
    Table,
    logical_system,
)
from local.sap.abap.users import FOREVER, STRUCTURES, Assigned, User, Users
from local.sap.abap.values import row_of

_KEYS = {"users", "roles", "profiles", "groups", "companies", "tables", "cua", "clients"}
_MAX_GENERATED = 1_000_000
_ROLES = {
    "SAP_ASR_EMPLOYEE": Role("HR Administrative Services: Employee"),
    "Z:FI_CLERK": Role("Accounts payable clerk"),
    "Z_FI_AP": Role("Accounts payable: invoices"),
    "Z_MM_BUYER": Role("Buyer"),
    "/SAPAPO/AMO_SUPERUSER": Role("Alert monitor"),
    "/SAPAPO/MD_SUPERUSER": Role("Master data"),
    "/SAPAPO/PPS_SUPERUSER": Role("Production planning"),
    "/SAPAPO/CIF_EXPERT": Role("Core interface"),
    "/SAPAPO/LINE_PLANNER": Role(
        "Line planner",
        (
            "/SAPAPO/AMO_SUPERUSER",
            "/SAPAPO/MD_SUPERUSER",
            "/SAPAPO/PPS_SUPERUSER",
            "/SAPAPO/CIF_EXPERT",
        ),
    ),
}
_PROFILES = {"SAP_ALL": "All authorizations", "SAP_NEW": "New ones", "S_A.SHOW": "Display only"}
_GROUPS = ["FINANCE", "IT", "PURCHASING", "SUPER"]
_COMPANIES = ["EXAMPLE", "EXAMPLE AG"]


def landscape_of(seed: Mapping[str, Any] | None = None) -> Landscape:
    """A landscape; ValueError names what does not fit.

    `{"users": 1000 or [user, ...], "roles": {name: text or {"text", "members"}}, "profiles": {name:
    text}, "groups": [...], "companies": [...], "tables": {name: {"columns": ["MANDT:3"], "rows":
    [...]}}, "cua": false, "clients": {"200": {"users": [...]}}}`. A user is `{"USERNAME": ...,
    "ADDRESS": {...}, "roles": [...], "profiles": [...], "groups": [...], "systems": [...]}`; what
    is left out stands as in `Default` below.
    """
    seed = seed or {}
    _check_keys(seed, _KEYS, "abap")
    elsewhere = seed.get("clients", {})
    for client in elsewhere:
        if client not in CLIENTS:
            raise ValueError(f"abap.clients.{client}: known are {', '.join(CLIENTS)}")
    systems = {}
    for client in CLIENTS:
        own = elsewhere.get(client, {})
        _check_keys(own, _KEYS - {"cua", "clients"}, f"abap.clients.{client}")
        base = {k: v for k, v in seed.items() if client == CENTRAL or k != "users"}
        systems[client] = _system(client, base | own)
    return Landscape(systems, cua=bool(seed.get("cua", False)))


def adopted(landscape: Landscape) -> None:
    """Let a central system know the users it has, and send them where their roles are.

    A role of a seed may say `S4HCLNT200:ROLE`; others are those of the central system itself.
    """
    central = landscape.systems[CENTRAL]
    if not landscape.cua:
        return
    for name in central.users.made():
        user = central.users.changeable(name)
        if user is None or user.system_roles or user.systems:
            continue
        user.system_roles = sorted(_placed(landscape, each) for each in user.roles)
        user.system_profiles = [(central.name, each) for each in user.profiles]
        user.roles = [each for where, each in user.system_roles if where == central.name]
        user.systems = sorted({central.name, *(where for where, _ in user.system_roles)})
        landscape.send(user, {each: True for each in user.systems if each != central.name})


def _placed(landscape: Landscape, assigned: Assigned) -> tuple[str, Assigned]:
    system, colon, role = assigned.name.partition(":")
    if colon and system in landscape.names:
        return system, Assigned(role, assigned.begins, assigned.ends)
    return logical_system(CENTRAL), assigned


def _check_keys(given: object, known: set[str], place: str) -> None:
    if not isinstance(given, Mapping):
        raise ValueError(f"{place}: must be a JSON object")
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"{place}.{unknown[0]}: unknown; known are {', '.join(sorted(known))}")


def _system(client: str, seed: Mapping[str, Any]) -> System:
    return System(
        client,
        _users(seed.get("users", 0)),
        _ROLES | {name: _role(given) for name, given in seed.get("roles", {}).items()},
        _PROFILES | dict(seed.get("profiles", {})),
        sorted({*_GROUPS, *seed.get("groups", ())}),
        sorted({*_COMPANIES, *seed.get("companies", ())}),
        {name: _table(given) for name, given in seed.get("tables", {}).items()},
    )


def _users(given: object) -> Users:
    if isinstance(given, int):
        if not 0 <= given <= _MAX_GENERATED:
            raise ValueError(f"abap.users: from 0 to {_MAX_GENERATED}")
        return Users(given)
    users = Users()
    if not isinstance(given, list):
        raise ValueError("abap.users: must be a number or a list of users")
    for n, each in enumerate(given):
        users.add(user_of(each, f"abap.users[{n}]"))
    return users


def user_of(given: Mapping[str, Any], place: str) -> User:
    """A user of a seed; ValueError with its place otherwise."""
    lists = {"roles", "profiles", "groups", "systems", "parameters", "locked", "modified"}
    known = {"USERNAME", "PASSWORD", *STRUCTURES, *lists}
    _check_keys(given, known, place)
    name = str(given.get("USERNAME", ""))
    if not name or name != name.upper() or len(name) > 12:
        raise ValueError(f"{place}.USERNAME: 1 to 12 characters in upper case")
    user = User(name, passwords=[given.get("PASSWORD", "Start-2026")])
    for each, kind in STRUCTURES.items():
        values = given.get(each, {})
        try:
            whole = row_of(structure(kind), values, f"{place}.{each}")
        except AbapFault as error:
            raise ValueError(f"{place}.{each}: {error.message}") from error
        user.values[each] = {field: whole[field] for field in values}
    user.values["LOGONDATA"] = {"USTYP": "A"} | user.values["LOGONDATA"]
    address = user.values["ADDRESS"]
    names = (address.get("FIRSTNAME", ""), address.get("LASTNAME", name))
    user.values["ADDRESS"] = {"LASTNAME": name, "FULLNAME": " ".join(filter(None, names))} | address
    user.roles = [_assigned(each) for each in given.get("roles", ())]
    user.profiles = list(given.get("profiles", ()))
    user.groups = list(given.get("groups", ()))
    user.systems = list(given.get("systems", ()))
    user.parameters = [
        {"PARID": key, "PARVA": value, "PARTXT": ""}
        for key, value in given.get("parameters", {}).items()
    ]
    user.locked = bool(given.get("locked", False))
    day, _, time = str(given.get("modified", "2026-01-01T08:00:00")).partition("T")
    user.modified = (day.replace("-", ""), time.replace(":", "") or "000000")
    return user


def _assigned(given: object) -> Assigned:
    """`ROLE`, or [ROLE, from, to] with days as YYYYMMDD."""
    if isinstance(given, str):
        return Assigned(given, "20260101", FOREVER)
    name, begins, *ends = given if isinstance(given, list | tuple) else ("", "", "")
    return Assigned(name, begins.replace("-", ""), *(each.replace("-", "") for each in ends))


def _role(given: Any) -> Role:
    if isinstance(given, str):
        return Role(given)
    return Role(given.get("text", ""), tuple(given.get("members", ())))


def _table(given: Mapping[str, Any]) -> Table:
    columns = [(n, int(size)) for n, _, size in (c.partition(":") for c in given["columns"])]
    return Table(columns, given.get("rows"))
