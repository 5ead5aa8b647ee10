"""RFC_GET_TABLE_ENTRIES and RFC_READ_TABLE, with their pitfalls."""

from collections.abc import Iterator, Sequence

from local.sap.abap.call import Call
from local.sap.abap.faults import AbapFault
from local.sap.abap.landscape import System, Table
from local.sap.abap.modules.where import condition
from local.sap.abap.values import Row

_WIDTH = 512
_SEPARATOR = "\x1e"
_COLUMNS = {
    "AGR_DEFINE": "MANDT:3 AGR_NAME:30 PARENT_AGR:30 CREATE_USR:12 CREATE_DAT:8 CREATE_TIM:6",
    "AGR_TEXTS": "MANDT:3 AGR_NAME:30 SPRAS:1 LINE:5 TEXT:80",
    "AGR_AGRS": "MANDT:3 AGR_NAME:30 CHILD_AGR:30 ATTRIBUTES:10",
    "AGR_FLAGS": "MANDT:3 AGR_NAME:30 FLAG_TYPE:10 FLAG_VALUE:32",
    "AGR_USERS": "MANDT:3 AGR_NAME:30 UNAME:12 FROM_DAT:8 TO_DAT:8 EXCLUDE:1 CHANGE_DAT:8 "
    "CHANGE_TIM:6 CHANGE_TST:15 ORG_FLAG:1 COL_FLAG:1",
    "USGRP": "MANDT:3 USERGROUP:12",
    "USGRPT": "MANDT:3 LANGU:1 USERGROUP:12 TEXT:40",
    "USR02": "MANDT:3 BNAME:12 GLTGV:8 GLTGB:8 USTYP:1",
}
_STRUCTURES = ("BAPIADDR3", "BAPIRET2")  # they are in the dictionary, and hold nothing


def _table(call: Call, name: str) -> Table:
    name = name.upper()
    if name in _STRUCTURES:
        raise AbapFault("exception", "TABLE_WITHOUT_DATA", f"{name} holds no data")
    known = call.system.tables.get(name) or _own(call, name)
    if known is None:
        raise AbapFault("exception", "TABLE_NOT_AVAILABLE", f"{name} is not available")
    if known.rows is None:
        raise AbapFault("exception", "TABLE_WITHOUT_DATA", f"{name} holds no data")
    if call.lacks("S_TABU_NAM") or call.lacks(f"S_TABU_NAM:{name}"):
        raise AbapFault("exception", "NOT_AUTHORIZED", f"No display authorization for {name}")
    return known


def _own(call: Call, name: str) -> Table | None:
    if name not in _COLUMNS:
        return None
    columns = [(n, int(size)) for n, _, size in (c.partition(":") for c in _COLUMNS[name].split())]
    blank = dict.fromkeys((column for column, _ in columns), "")
    mandt = {"MANDT": call.system.client}
    return Table(columns, [blank | mandt | row for row in _rows(call.system, name)])


def _rows(system: System, name: str) -> Iterator[dict[str, str]]:
    if name.startswith("AGR_"):
        yield from _role_rows(system, name)
    elif name == "USGRP":
        yield from ({"USERGROUP": group} for group in system.groups)
    elif name == "USGRPT":
        yield from ({"LANGU": "E", "USERGROUP": g, "TEXT": g.title()} for g in system.groups)
    else:
        for user in system.users.names():
            yield {"BNAME": user}


def _role_rows(system: System, name: str) -> Iterator[dict[str, str]]:
    for role, about in system.roles.items():
        if name == "AGR_DEFINE":
            yield {"AGR_NAME": role, "CREATE_USR": "SAP", "CREATE_DAT": "20260101"}
        elif name == "AGR_TEXTS":
            yield {"AGR_NAME": role, "SPRAS": "E", "LINE": "00000", "TEXT": about.text}
            yield {"AGR_NAME": role, "SPRAS": "D", "LINE": "00000", "TEXT": f"{about.text} (DE)"}
        elif name == "AGR_AGRS":
            yield from ({"AGR_NAME": role, "CHILD_AGR": each} for each in about.members)
        elif name == "AGR_FLAGS" and about.members:
            yield {"AGR_NAME": role, "FLAG_TYPE": "COLL_AGR", "FLAG_VALUE": "X"}
        elif name == "AGR_USERS":
            yield from _users_of(system, role)


def _users_of(system: System, role: str) -> Iterator[dict[str, str]]:
    for name in system.users.names():
        user = system.users.get(name)
        assert user is not None
        for each in system.roles_of(user):
            if each["AGR_NAME"] == role:
                days = {"FROM_DAT": each["FROM_DAT"], "TO_DAT": each["TO_DAT"]}
                flag = {"ORG_FLAG": each["ORG_FLAG"], "COL_FLAG": "X" if each["ORG_FLAG"] else ""}
                yield {"AGR_NAME": role, "UNAME": name} | days | flag


def _line(columns: Sequence[tuple[str, int]], row: dict[str, str]) -> str:
    return "".join(row[name][:size].ljust(size) for name, size in columns)


def _get_entries(call: Call) -> Row:
    """GEN_KEY is the beginning of the key: a longer key fits as well."""
    table = _table(call, call["TABLE_NAME"])
    assert table.rows is not None
    lines = sorted(_line(table.columns, row)[:_WIDTH] for row in table.rows)
    lines = [line for line in lines if line.startswith(call["GEN_KEY"])]
    if call["FROM_KEY"]:
        lines = [line for line in lines if line >= call["FROM_KEY"]]
    if call["TO_KEY"]:
        lines = [line for line in lines if line[: len(call["TO_KEY"])] <= call["TO_KEY"]]
    if not lines:
        raise AbapFault("exception", "TABLE_EMPTY")
    entries = lines[: call["MAX_ENTRIES"] or len(lines)]
    return {"NUMBER_OF_ENTRIES": len(lines), "ENTRIES": [{"WA": line} for line in entries]}


def _read(call: Call) -> Row:
    table = _table(call, call["QUERY_TABLE"])
    columns = _wanted(call, table)
    fields, width = _described(columns, call["DELIMITER"])
    large = bool(call.inputs.get("USE_ET_DATA_4_RETURN"))
    if width > _WIDTH and not large:
        raise AbapFault("exception", "DATA_BUFFER_EXCEEDED", "Fields are wider than 512 bytes")
    if call["NO_DATA"]:
        return {"FIELDS": fields}
    rows = _chosen(call, table)
    if large:
        lines = [_SEPARATOR.join(row[name][:size] for name, size in columns) for row in rows]
        return {"FIELDS": fields, "ET_DATA": [{"LINE": line} for line in lines]}
    gap = call["DELIMITER"]
    data = [gap.join(row[name][:size].ljust(size) for name, size in columns) for row in rows]
    return {"FIELDS": fields, "DATA": [{"WA": line} for line in data]}


def _wanted(call: Call, table: Table) -> list[tuple[str, int]]:
    sizes = dict(table.columns)
    names = [row["FIELDNAME"].upper() for row in call["FIELDS"]] or list(sizes)
    unknown = [name for name in names if name not in sizes]
    if unknown:
        raise AbapFault("exception", "FIELD_NOT_VALID", f"{unknown[0]} is no field of the table")
    return [(name, sizes[name]) for name in names]


def _described(columns: Sequence[tuple[str, int]], delimiter: str) -> tuple[list[Row], int]:
    rows, offset = [], 0
    for name, size in columns:
        rows.append({"FIELDNAME": name, "OFFSET": offset, "LENGTH": size, "TYPE": "C"})
        offset += size + len(delimiter)
    return rows, offset - len(delimiter)


def _chosen(call: Call, table: Table) -> list[dict[str, str]]:
    """The rows in no order of their own, unless GET_SORTED asks for one."""
    test = condition([row["TEXT"] for row in call["OPTIONS"]], {name for name, _ in table.columns})
    assert table.rows is not None
    rows = [row for row in table.rows if test(row)]
    if call.inputs.get("GET_SORTED"):
        rows.sort(key=lambda row: _line(table.columns, row))
    start = call["ROWSKIPS"]
    return rows[start : start + call["ROWCOUNT"]] if call["ROWCOUNT"] else rows[start:]


MODULES = {
    "RFC_GET_TABLE_ENTRIES": _get_entries,
    "RFC_READ_TABLE": _read,
    "BBP_RFC_READ_TABLE": _read,
}
