"""Which kinds of objects there are, and what is known of each attribute: for those who map them."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from sapmatch.model.rfc import Rfc
from sapmatch.sap.users.attributes import ALL_ROWS, ROWS
from sapmatch.sap.users.fields import USERNAME, fields_of


class Attribute(Struct, frozen=True, kw_only=True):
    """One attribute; `length` in characters, 0: any. `create_only`: never changed afterwards."""

    name: str
    type: str
    length: int = 0
    key: bool = False
    readable: bool = True
    writable: bool = False
    create_only: bool = False
    multi_valued: bool = False
    searchable: bool = False  # SAP itself can select by it


class ObjectClass(Struct, frozen=True, kw_only=True):
    """USER, PROFILE, or the alias of a table."""

    name: str
    attributes: tuple[Attribute, ...]


def schema(rfc: Rfc, tables: Mapping[str, Iterable[str]]) -> tuple[ObjectClass, ...]:
    """All kinds of objects of a connection; `tables` are columns by alias, keys first."""
    profile = Attribute(name="BAPIPROF", type="char", length=12, key=True)
    return (
        ObjectClass(name="USER", attributes=tuple(_user(rfc))),
        ObjectClass(name="PROFILE", attributes=(profile,)),
        *(
            ObjectClass(
                name=alias,
                attributes=tuple(Attribute(name=column, type="char") for column in columns),
            )
            for alias, columns in tables.items()
        ),
    )


def _user(rfc: Rfc) -> Iterator[Attribute]:
    for field in fields_of(rfc).values():
        if field.structure == "SYSTEMS" and not rfc.cua_enabled:
            continue
        yield Attribute(
            name=field.name,
            type=field.field.type,
            length=field.field.length,
            key=field.name == USERNAME,
            writable=field.is_writable,
            create_only=field.access == "create",
            multi_valued=field.many,
            searchable=field.selected is not None,
        )
    yield Attribute(name=ROWS, type="row", writable=True, multi_valued=True)
    if not rfc.include_indirect_activity_groups:
        yield Attribute(name=ALL_ROWS, type="row", multi_valued=True)
    yield from _others(rfc)


def _others(rfc: Rfc) -> Iterator[Attribute]:
    yield Attribute(name="PARAMETER", type="map", writable=True, multi_valued=True)
    for name in rfc.table_parameter_names:
        yield Attribute(name=name.upper(), type="row", multi_valued=True)
    if rfc.also_read_login_info:
        yield Attribute(name="USER_LOGIN_INFO.LAST_LOGON_DATE", type="date")
        yield Attribute(name="USER_LOGIN_INFO.LOCK_STATUS", type="char")
        yield Attribute(name="USER_LOGIN_INFO.PASSWORD_STATUS", type="char")
    yield Attribute(name="password", type="password", readable=False, writable=True)
    yield Attribute(name="enabled", type="bool", writable=True)
    yield Attribute(name="locked_out", type="bool", writable=True)
