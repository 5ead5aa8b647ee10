"""BAPI_HELPVALUES_GET: what may stand in a field of a BAPI."""

from collections.abc import Iterable

from local.sap.abap.call import Call
from local.sap.abap.values import Row


def _values(call: Call) -> Row:
    if call["OBJTYPE"] not in ("USER", "") or call["OBJNAME"] not in ("USER", ""):
        return _wrong("Object type is not known")
    asked = (call["METHOD"].upper(), call["FIELD"].upper())
    system = call.system
    known: dict[tuple[str, str], Iterable[str]] = {
        ("PROFILESASSIGN", "BAPIPROF"): system.profiles,
        ("ACTGROUPSASSIGN", "AGR_NAME"): system.roles,
        ("CREATE1", "USERGROUP"): system.groups,
        ("CHANGE", "USERGROUP"): system.groups,
    }
    if asked not in known:
        return _wrong("No help values for this field")
    names = [name for name in sorted(known[asked]) if _is_selected(call, name)]
    limit = call["MAX_OF_ROWS"] or len(names)
    return {"VALUES_FOR_FIELD": [{"VALUES": name} for name in names[:limit]]}


def _is_selected(call: Call, name: str) -> bool:
    """Only EQ is understood here; rows are ORed."""
    rows = [row for row in call["SELECTION_FOR_HELPVALUES"] if row["OPTION"] == "EQ"]
    return not rows or any(row["LOW"] == name for row in rows)


def _wrong(text: str) -> Row:
    return {"RETURN": {"TYPE": "E", "CODE": "BF001", "MESSAGE": text}}


MODULES = {"BAPI_HELPVALUES_GET": _values}
