"""Rules for `[connections.NAME.rfc]`: how function modules are called (rows B1 to B20)."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from sapmatch.model.auth import Basic, NoAuth, type_of
from sapmatch.model.connection import Connection
from sapmatch.model.errors import Problem
from sapmatch.model.rfc import Rfc
from sapmatch.settings.blocks import mistake

# Keys of connectors whose settings are taken over, and where their values belong here.
ELSEWHERE: Final[Mapping[str, str]] = dict.fromkeys(
    ("user", "userName", "username", "password", "passwd"),
    "belongs into the secret that auth.secret of the connection names, never into this file",
)
HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
SYSTEM: Final = re.compile(r"[A-Z0-9_]{1,10}")  # logical system
_SYSTEM_ID = re.compile(r"[A-Z][A-Z0-9]{2}")
_NUMBER = re.compile(r"[0-9]{2}")
_MESSAGE_SERVER = re.compile(r"[0-9]{1,5}|sapms[A-Za-z0-9]{3}")
_GROUP = re.compile(r"[!-~]{1,20}")
_COUNT = re.compile(r"[0-9]{1,4}")
_CODE = re.compile(r"([A-Z0-9/_-]{1,20}:)?[0-9]{1,3}")
_FUNCTION = re.compile(r"[A-Z0-9_/]{1,30}")
_PARAMETER = re.compile(r"[A-Z0-9_]{1,30}(\.[A-Z0-9_]{1,30})?")
_PATH = re.compile(r"/[^\s?#\\]*")
_TABLE = re.compile(r"[A-Z0-9_/]{1,30}(\s+as\s+[A-Za-z0-9_]{1,30})?\s*=\s*\S.*", re.I | re.S)
_SUB_TABLE = re.compile(
    r"[A-Z0-9_/]{1,30}\s+for\s+[A-Za-z0-9_/]{1,30}(\s+format\s+(XML|TSV))?"
    r"(\s+as\s+[A-Za-z0-9_]{1,30})?\s*=\s*\S.*",
    re.I | re.S,
)
_OPTIONS = ("EQ", "NE", "LT", "LE", "GT", "GE", "CP", "NP")
_PARTS = 3  # of a base query
_SNC: Final[Mapping[str, str]] = {  # as the file writes them
    "snc_my_name": "sncMyName",
    "snc_partner_name": "sncPartnerName",
    "snc_qop": "sncQop",
    "snc_library": "sncLibrary",
    "x509_cert": "x509Cert",
}
_MOST_TRACE = 3
_NOWHERE, _NO_CLIENT = "sap.invalid", "000"  # beside a mistake, so that checking goes on
# What no setting opens: programs and commands of others, logons that count as failures, and what
# SAP bars for everybody but itself (Note 3255746).
_NEVER = re.compile(
    r"RODPS_\w*|RFC_ABAP_INSTALL_AND_RUN|SXPG_\w*|RFC_REMOTE_EXEC|SUSR_LOGIN_CHECK_RFC"
)


def check_rfc(path: str, connection: Connection) -> Iterator[Problem]:
    """Whatever would fail, or mean something else, only when SAP is called."""
    rfc = connection.rfc
    if rfc is None:
        return
    yield from _check_place(path, connection, rfc)
    yield from _check_balancing(path, rfc)
    yield from _check_system(path, rfc)
    yield from _check_pool(path, rfc)
    yield from _check_way(path, connection, rfc)
    yield from _check_snc(path, rfc)
    yield from _check_users(path, rfc)
    yield from _check_base_query(f"{path}.baseAccountQuery", rfc.base_account_query)
    yield from _check_tables(path, rfc)
    yield from _check_functions(path, rfc)


def remarks_on_rfc(path: str, rfc: Rfc) -> Iterator[Problem]:
    """What does nothing, or gives way to something else: no mistake, but worth a look."""
    if rfc.load_balancing and rfc.message_server and rfc.system_id:
        yield mistake(
            f"{path}.messageServer", "decides which message server is asked; systemId does not"
        )
    for name, value in (("messageServer", rfc.message_server), ("logonGroup", rfc.logon_group)):
        if value and not rfc.load_balancing:
            yield mistake(f"{path}.{name}", "does nothing as long as loadBalancing is false")
    if rfc.load_balancing and rfc.transport == "soap":
        yield mistake(
            f"{path}.loadBalancing",
            "does nothing over SOAP: the Web Dispatcher or load balancer at url chooses a server",
        )
    if rfc.pool_capacity is not None and rfc.most and int(rfc.pool_capacity) > rfc.most:
        yield mistake(
            f"{path}.poolCapacity",
            f"is larger than peakLimit, so at most {rfc.most} connections are kept",
        )


def rfc_ports(rfc: Rfc) -> frozenset[int]:
    """Ports beside that of `url` on which function modules are called: none over SOAP.

    Behind a message server every application server has the port of its own number; the network
    setting `sap_port` adds one that differs from `systemNumber`.
    """
    if rfc.transport != "pyrfc":
        return frozenset()
    number = int(rfc.system_number)
    gateway = {4800 + number if rfc.snc_mode else 3300 + number}
    if not rfc.load_balancing:
        return frozenset(gateway)
    named = rfc.message_server
    return frozenset({*gateway, int(named) if named.isdecimal() else 3600 + number})


def completed(table: dict[str, Any]) -> dict[str, Any]:
    """The file with `url` and `client` of connections that name them in `rfc` only."""
    connections = table.get("connections")
    if not isinstance(connections, dict):
        return table
    filled = {name: _completed(block) for name, block in connections.items()}
    return {**table, "connections": filled}


def _completed(block: Any) -> Any:
    """What is named wrongly in `rfc` is told there, and is no second mistake here."""
    rfc = block.get("rfc") if isinstance(block, dict) else None
    if not isinstance(rfc, dict):
        return block
    given = {name.lower(): value for name, value in rfc.items()}
    added: dict[str, Any] = {}
    if "url" not in block and given.get("host"):
        host, number = given["host"], given.get("systemnumber", "00")
        named = host if isinstance(host, str) and HOST.fullmatch(host) else _NOWHERE
        digits = number if isinstance(number, str) and _NUMBER.fullmatch(number) else "00"
        added["url"] = f"https://{named}:443{digits}"
    if "client" not in block and given.get("client"):
        client = given["client"]
        added["client"] = client if isinstance(client, str) else _NO_CLIENT
    return {**block, **added}


def _check_place(path: str, connection: Connection, rfc: Rfc) -> Iterator[Problem]:
    if rfc.host and not HOST.fullmatch(rfc.host):
        yield mistake(f"{path}.host", "must be a host name or an address, without scheme and port")
    elif rfc.host and rfc.transport == "soap" and _other_host(rfc.host, connection.url):
        yield mistake(
            f"{path}.host",
            "is another host than that of url, and SOAP goes to url; leave one of the two out",
        )
    if rfc.client and rfc.client != connection.client:
        yield mistake(
            f"{path}.client",
            "is another one than the connection's client; leave it out here, or name a connection "
            "of its own for that client",
        )
    if rfc.lang and not re.fullmatch(r"[A-Z]{2}", rfc.lang):
        yield mistake(f"{path}.lang", 'must be two capital letters, such as "EN"')
    if not _NUMBER.fullmatch(rfc.system_number):
        yield mistake(f"{path}.systemNumber", 'must be two digits in quotes, such as "00"')


def _other_host(host: str, url: str) -> bool:
    try:
        return (urlsplit(url).hostname or host.lower()) != host.lower()
    except ValueError:
        return False  # told at url


def _check_balancing(path: str, rfc: Rfc) -> Iterator[Problem]:
    if rfc.logon_group and not _GROUP.fullmatch(rfc.logon_group):
        yield mistake(f"{path}.logonGroup", "must be the name of a logon group (SMLG)")
    server = rfc.message_server
    if server and not _MESSAGE_SERVER.fullmatch(server):
        yield mistake(
            f"{path}.messageServer", 'must be a port or its name, such as "3600" or "sapmsS4H"'
        )


def _check_system(path: str, rfc: Rfc) -> Iterator[Problem]:
    if not rfc.system_id and not (rfc.load_balancing and rfc.message_server):
        yield mistake(f"{path}.systemId", 'is missing; it is the three letters such as "S4H"')
    elif rfc.system_id and not _SYSTEM_ID.fullmatch(rfc.system_id):
        yield mistake(
            f"{path}.systemId", 'must be a capital letter and two more or digits, such as "S4H"'
        )
    name = rfc.destination_name
    if name and not re.fullmatch(r"[!-~]{1,64}", name):
        yield mistake(f"{path}.destinationName", "must be without blanks, at most 64 characters")
    if not rfc.cua_enabled:
        if rfc.systems:
            yield mistake(f"{path}.systems", "needs cuaEnabled = true, or leave it out")
        return
    if not name:
        yield mistake(
            f"{path}.destinationName",
            "is missing: with cuaEnabled it is the logical system of the central system, such as "
            '"S4HCLNT400"',
        )
    for each in (*rfc.systems, *([name] if name else [])):
        if not SYSTEM.fullmatch(each):
            where = "destinationName" if each == name else f"systems.{each}"
            yield mistake(f"{path}.{where}", 'must be a logical system, such as "S4HCLNT200"')


def _check_pool(path: str, rfc: Rfc) -> Iterator[Problem]:
    for name, value in (("poolCapacity", rfc.pool_capacity), ("peakLimit", rfc.peak_limit)):
        if value is not None and not _COUNT.fullmatch(str(value)):
            yield mistake(f"{path}.{name}", "must be a whole number from 0 to 9999")


def _check_way(path: str, connection: Connection, rfc: Rfc) -> Iterator[Problem]:
    if rfc.services and rfc.flavour == "soap_rfc":
        yield mistake(
            f"{path}.services",
            'needs flavour = "soamanager" or "mc_style": /sap/bc/soap/rfc has one path for all',
        )
    for function, service in rfc.services.items():
        if not _FUNCTION.fullmatch(function) or not _PATH.fullmatch(service):
            yield mistake(
                f'{path}.services."{function}"',
                "must be a function module and the path of its binding (transaction SOAMANAGER)",
            )
    if rfc.transport == "soap":
        if rfc.flavour != "soap_rfc" and not rfc.services:
            yield mistake(
                f"{path}.services",
                f'is missing: flavour = "{rfc.flavour}" has a path for each function module',
            )
        return
    if rfc.flavour != "soap_rfc" or rfc.soap_action != "empty":
        name = "flavour" if rfc.flavour != "soap_rfc" else "soapAction"
        yield mistake(f"{path}.{name}", 'does nothing with transport = "pyrfc"; leave it out')
    if connection.proxy is not None:
        yield mistake(
            f"{path}.transport",
            '"pyrfc" speaks no HTTP, and the connectivity proxy nothing else; set "soap"',
        )
    auth = connection.auth
    if not (isinstance(auth, Basic) or (isinstance(auth, NoAuth) and rfc.snc_mode)):
        yield mistake(
            f"{path}.transport",
            f'"pyrfc" logs on with auth.type = "basic", or "none" and sncMode = true; '
            f"{type_of(auth)} opens no RFC connection",
        )


def _check_snc(path: str, rfc: Rfc) -> Iterator[Problem]:
    given = [name for field, name in _SNC.items() if getattr(rfc, field)]
    if rfc.transport == "soap" and (rfc.snc_mode or given):
        first = "sncMode" if rfc.snc_mode else given[0]
        yield mistake(
            f"{path}.{first}",
            'needs transport = "pyrfc"; over SOAP, TLS encrypts and auth.type = "certificate" '
            "logs on by certificate",
        )
    elif given and not rfc.snc_mode:
        yield mistake(f"{path}.{given[0]}", "needs sncMode = true, or leave it out")
    elif rfc.snc_mode and not rfc.snc_partner_name:
        yield mistake(
            f"{path}.sncPartnerName",
            'is missing: the SNC name of the server, such as "p:CN=S4H" (profile snc/identity/as)',
        )
    if rfc.snc_qop and rfc.snc_qop not in ("1", "2", "3", "8", "9"):
        yield mistake(f"{path}.sncQop", "must be 1, 2, 3, 8 or 9 in quotes")
    if not 0 <= rfc.trace <= _MOST_TRACE:
        yield mistake(f"{path}.trace", "must be from 0 (none) to 3 (everything, values included)")


def _check_users(path: str, rfc: Rfc) -> Iterator[Problem]:
    for n, code in enumerate(rfc.non_fatal_error_codes):
        if not _CODE.fullmatch(code):
            yield mistake(
                f"{path}.nonFatalErrorCodes[{n}]",
                'must be the number of a message, such as "025", or with its class "01:025"',
            )
    lists = (
        ("readOnlyParams", rfc.read_only_params),
        ("tableParameterNames", rfc.table_parameter_names),
    )
    for name, listed in lists:
        for n, each in enumerate(listed):
            if not _PARAMETER.fullmatch(each):
                yield mistake(
                    f"{path}.{name}[{n}]", "must be a parameter in capital letters, or PARAM.FIELD"
                )


def _check_base_query(path: str, query: str) -> Iterator[Problem]:
    if not query:
        return
    parts = query.split(",")
    if len(parts) != _PARTS:
        yield mistake(
            path,
            'must have three parts, such as "EQ,LOGONDATA.USTYP,A", and no comma in the value',
        )
        return
    option, parameter, value = (part.strip() for part in parts)
    if option not in _OPTIONS:
        yield mistake(path, f"must begin with one of {', '.join(_OPTIONS)}")
    elif not _PARAMETER.fullmatch(parameter):
        yield mistake(path, "must name PARAMETER or PARAMETER.FIELD in capital letters")
    elif not value:
        yield mistake(path, "must end in a value")


def _check_tables(path: str, rfc: Rfc) -> Iterator[Problem]:
    """The outline; columns, keys and what may be read are checked where tables are read."""
    rows = (("tables", rfc.tables, _TABLE), ("subTables", rfc.sub_tables, _SUB_TABLE))
    for name, listed, shape in rows:
        for n, each in enumerate(listed):
            if not shape.fullmatch(each.strip()):
                example = "USGRP as GROUP=MANDT:3:IGNORE,USERGROUP:12:KEY"
                below = "AGR_TEXTS for AGR_DEFINE as TEXTS=MANDT:3:IGNORE,AGR_NAME:30:MATCH"
                yield mistake(
                    f"{path}.{name}[{n}]",
                    f'must look like "{below if name == "subTables" else example}"',
                )
    aliases = sorted(_alias(each) for each in rfc.tables)
    for one, other in pairwise(aliases):
        if one == other:
            yield mistake(f"{path}.tables", f"names {one} twice; each needs an alias of its own")


def _alias(table: str) -> str:
    head = table.partition("=")[0].split()
    return head[-1] if head else ""


def _check_functions(path: str, rfc: Rfc) -> Iterator[Problem]:
    for n, function in enumerate(rfc.functions):
        if not _FUNCTION.fullmatch(function):
            yield mistake(f"{path}.functions[{n}]", "must be a function module in capital letters")
        elif _NEVER.fullmatch(function):
            yield mistake(
                f"{path}.functions[{n}]",
                f"{function} runs what nobody named, counts as a wrong logon, or is barred by SAP "
                "for others; it is never called",
            )
    reader = rfc.table_read_function
    if not _FUNCTION.fullmatch(reader):
        yield mistake(f"{path}.tableReadFunction", "must be a function module in capital letters")
    elif reader.startswith("RODPS_"):
        yield mistake(
            f"{path}.tableReadFunction",
            "must be none of RODPS_*, which SAP bars for others (Note 3255746)",
        )
