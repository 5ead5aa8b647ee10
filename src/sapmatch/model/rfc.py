"""Function modules of SAP: what goes in, what comes out, who carries it, how it is set."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, time
from decimal import Decimal
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from sapmatch.model.errors import SapMessage, SapRejected

# What stands in one field, whatever carried it: CHAR without blanks at its end, NUMC with its
# zeros, an initial date is None, RAW are bytes.
RfcScalar: TypeAlias = str | int | float | Decimal | date | time | bytes | None
RfcStructure: TypeAlias = Mapping[str, RfcScalar]
RfcTable: TypeAlias = Sequence[RfcStructure]
RfcInput: TypeAlias = RfcScalar | RfcStructure

FieldType = Literal["char", "numc", "date", "time", "int", "decimal", "float", "raw", "string"]
Direction = Literal["import", "export", "changing", "tables"]
Flavour = Literal["soap_rfc", "soamanager", "mc_style"]

_NO_INPUT: Final[Mapping[str, RfcInput]] = {}
_NO_TABLES: Final[Mapping[str, RfcTable]] = {}


class BapiMessage(Struct, frozen=True, kw_only=True):
    """One row of a RETURN table (BAPIRET2); decided on by class and number, never by its text.

    `type` is S, I, W, E, A or X; `id` the message class, `number` its three digits.
    """

    type: str
    id: str
    number: str
    text: str = ""
    variables: tuple[str, ...] = ()
    parameter: str = ""
    row: int = 0
    field: str = ""
    system: str = ""

    @property
    def code(self) -> str:
        """`01/124`, as SapRejected names it."""
        return f"{self.id}/{self.number}"

    @property
    def is_error(self) -> bool:
        """E, A and X: the function module did not do what it was asked for.

        So does any type that nobody knows: only S, I and W are known to be none.
        """
        return self.type not in ("S", "I", "W")


class RfcResult(Struct, frozen=True, kw_only=True):
    """What a function module returned.

    `exports` holds scalars and structures by parameter, `tables` lists of rows; a table that was
    asked for and did not come is empty, and named by `absent`: who would act on its being empty
    has to look there. `messages` are those of RETURN, in their order. `raw_size` in bytes of the
    answer, 0 where nothing counts them.
    """

    exports: dict[str, RfcInput] = {}
    tables: dict[str, list[RfcStructure]] = {}
    messages: tuple[BapiMessage, ...] = ()
    raw_size: int = 0
    absent: tuple[str, ...] = ()


class Field(Struct, frozen=True, kw_only=True):
    """A field of a structure, or a scalar; `length` in characters (RAW: bytes), 0: any."""

    name: str
    type: FieldType = "char"
    length: int = 0
    decimals: int = 0


class Parameter(Struct, frozen=True, kw_only=True):
    """A parameter of a function module: a scalar has one field, named as itself."""

    name: str
    direction: Direction
    kind: Literal["scalar", "structure", "table"]
    fields: tuple[Field, ...]  # in their order in the data dictionary


class FunctionInterface(Struct, frozen=True, kw_only=True):
    """What a function module takes and gives."""

    name: str
    parameters: tuple[Parameter, ...]


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a transport can do: `stateful`, one LUW over several calls; `metadata`, interfaces of
    function modules that nobody described; `snc`, encrypted without TLS."""

    stateful: bool
    metadata: bool
    snc: bool


class RfcTransport(Protocol):
    """Calls function modules of one SAP system; thread-safe."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def call(
        self,
        function: str,
        imports: Mapping[str, RfcInput] = _NO_INPUT,
        tables: Mapping[str, RfcTable] = _NO_TABLES,
        *,
        want: Collection[str] = (),
        changes: bool = False,
    ) -> RfcResult:
        """Call once; what is wanted of TABLES parameters must be named (SOAP returns no others).

        A call that `changes` nothing may be repeated while SAP is busy; one that does is on the
        wire at most once. RETURN is not judged here. Raises InputRejected (a value that is too
        long or cannot be sent: nothing left), SapUnavailable and SapThrottled (nothing happened),
        OutcomeUnknown (a change that may have happened, a short dump of one included),
        LogonRefused, AuthorizationMissing (S_RFC), ServiceNotActivated (SICF), AbapException.
        """
        ...

    def interface(self, function: str) -> FunctionInterface | None:
        """What the module takes and gives, None where nobody can say."""
        ...

    def unit(self) -> "AbstractContextManager[RfcTransport]":
        """One connection for several calls where the transport is stateful, else itself."""
        ...

    def ping(self) -> None:
        """Whether SAP answers this user; raises as `call` does."""
        ...

    def close(self) -> None:
        """End all connections."""
        ...


class AbapException(SapRejected):
    """A function module raised an exception of its interface; `key` as TABLE_EMPTY."""

    def __init__(self, key: str, text: str = "") -> None:
        super().__init__(key, text or key)
        self.key = key


class BapiFailed(SapRejected):
    """RETURN holds a failure; `messages` are all of its rows, the first failure names it."""

    def __init__(self, function: str, messages: Sequence[BapiMessage], first: BapiMessage) -> None:
        shown = [SapMessage(code=m.code, text=m.text, severity=m.type) for m in messages]
        super().__init__(first.code, first.text, details=shown, severity=first.type)
        self.function = function
        self.messages = tuple(messages)


TABLES: Final = (
    "AGR_DEFINE as ACTIVITYGROUP=MANDT:3:IGNORE,AGR_NAME:30:KEY,PARENT_AGR:30",
    "USGRP as GROUP=MANDT:3:IGNORE,USERGROUP:12:KEY",
)


class Rfc(Struct, frozen=True, kw_only=True, rename="camel"):
    """`[connections.<name>.rfc]`: how function modules are called, and users managed by them.

    The keys are those of the connector that many know, so that its settings can be taken over; the
    logon itself (`url`, `client`, `auth`) is that of the connection. `services` are the paths of
    SOAMANAGER bindings by function module. `systems` are the child systems of a central user
    administration: logical system -> connection that looks whether a change arrived there, or
    empty. `functions` may be called by `sapmatch call`. `pool_capacity`: None, one connection over
    PyRFC, and as many as `limits` say over SOAP. Each setting: docs/rfc.md.
    """

    transport: Literal["soap", "pyrfc"] = "soap"
    flavour: Flavour = "soap_rfc"
    services: dict[str, str] = {}
    soap_action: Literal["empty", "wsdl"] = "empty"
    host: str = ""
    client: str = ""
    lang: str = ""
    load_balancing: bool = False
    logon_group: str = ""
    message_server: str = ""
    system_id: str = ""
    system_number: str = "00"
    destination_name: str = ""
    pool_capacity: int | str | None = None
    peak_limit: int | str = 0
    change_password_at_next_logon: bool = False
    also_read_login_info: bool = False
    include_indirect_activity_groups: bool = False
    preserve_activity_groups_metadata_on_update: bool = True
    tables: tuple[str, ...] = TABLES
    sub_tables: tuple[str, ...] = ()
    table_read_function: str = "RFC_GET_TABLE_ENTRIES"
    any_table: bool = False
    non_fatal_error_codes: tuple[str, ...] = ()
    base_account_query: str = ""
    consider_global_lock: bool = False
    cua_enabled: bool = False
    systems: dict[str, str] = {}
    fail_when_truncating: bool = True
    fail_when_warning: bool = True
    test_bapi_function_permission: bool = True
    read_only_params: tuple[str, ...] = ()
    table_parameter_names: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    snc_mode: bool = False
    snc_my_name: str = ""
    snc_partner_name: str = ""
    snc_qop: str = ""
    snc_library: str = ""
    x509_cert: str = ""
    trace: int = 0

    @property
    def most(self) -> int:
        """`peakLimit`: connections in use and idle, 0 for any number."""
        return int(self.peak_limit)

    @property
    def kept(self) -> int:
        """`poolCapacity`: idle connections that are kept, never more than there may be."""
        kept = 1 if self.pool_capacity is None else int(self.pool_capacity)
        return min(kept, self.most) if self.most else kept
