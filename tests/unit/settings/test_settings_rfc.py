"""Mistakes in [connections.NAME.rfc] are named with their path; what does nothing is remarked."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Rfc
from sapmatch.settings import Settings, parse, remarks
from sapmatch.settings.network import sap_ports

BASIC = 'auth = { type = "basic", secret = "s4" }'
HEAD = ('url = "https://sap.example.com:44300"', 'client = "100"', BASIC)
SYSTEM = 'systemId = "S4H"'
PYRFC = 'transport = "pyrfc"'
CUA = 'cuaEnabled = true\ndestinationName = "S4HCLNT100"'


def text(*rfc: str, head: tuple[str, ...] = HEAD) -> bytes:
    return "\n".join(["[connections.s4]", *head, "[connections.s4.rfc]", *rfc]).encode()


def settings(*rfc: str, head: tuple[str, ...] = HEAD) -> Settings:
    return parse(text(*rfc, head=head), "sapmatch.toml")


def rfc_of(*rfc: str) -> Rfc:
    found = settings(*rfc).connections["s4"].rfc
    assert found is not None
    return found


def mistakes(*rfc: str, head: tuple[str, ...] = HEAD) -> dict[str, str]:
    """Path below the connection -> what is wrong there."""
    try:
        settings(*rfc, head=head)
    except InputRejected as exc:
        return {str(p.field).removeprefix("connections.s4."): p.message for p in exc.problems}
    return {}


def test_the_settings_of_the_connector_that_many_know_can_be_taken_over() -> None:
    found = rfc_of(
        'host = "sap.example.com"',
        'client = "100"',
        "loadBalancing = true",
        'logonGroup = "SPACE"',
        'messageServer = "sapmsS4H"',
        SYSTEM,
        'systemNumber = "00"',
        'destinationName = "S4HCLNT100"',
        'lang = "DE"',
        'poolCapacity = "3"',
        'peakLimit = "5"',
        "changePasswordAtNextLogon = true",
        "alsoReadLoginInfo = true",
        "includeIndirectActivityGroups = true",
        "preserveActivityGroupsMetadataOnUpdate = false",
        'tables = ["USGRP as GROUP=MANDT:3:IGNORE,USERGROUP:12:KEY"]',
        'subTables = ["AGR_TEXTS for AGR_DEFINE as TEXTS=MANDT:3:IGNORE,AGR_NAME:30:MATCH"]',
        'nonFatalErrorCodes = ["025", "01:410"]',
        'baseAccountQuery = "EQ,LOGONDATA.USTYP,A"',
        "considerGlobalLock = true",
        "cuaEnabled = true",
        "failWhenTruncating = false",
        "failWhenWarning = false",
        "testBapiFunctionPermission = false",
        'readOnlyParams = ["SNC"]',
        'tableParameterNames = ["EXTIDHEAD"]',
    )
    assert (found.kept, found.most, found.lang) == (3, 5, "DE")
    assert found.cua_enabled
    assert not found.preserve_activity_groups_metadata_on_update


def test_what_nobody_wrote_is_as_that_connector_has_it() -> None:
    found = rfc_of(SYSTEM)
    assert (found.system_number, found.kept, found.most) == ("00", 1, 0)
    assert found.fail_when_truncating
    assert found.fail_when_warning
    assert found.test_bapi_function_permission
    assert found.preserve_activity_groups_metadata_on_update
    assert not found.change_password_at_next_logon
    assert not found.include_indirect_activity_groups
    assert not found.also_read_login_info
    assert not found.consider_global_lock
    assert not found.cua_enabled
    assert [each.split("=")[0] for each in found.tables] == [
        "AGR_DEFINE as ACTIVITYGROUP",
        "USGRP as GROUP",
    ]


@pytest.mark.parametrize(
    ("lines", "field", "word"),
    [
        (['host = "https://sap"', SYSTEM], "rfc.host", "without scheme"),
        (['host = "other.example.com"', SYSTEM], "rfc.host", "another host"),
        (['client = "200"', SYSTEM], "rfc.client", "a connection of its own"),
        (['lang = "english"', SYSTEM], "rfc.lang", "two capital letters"),
        ([], "rfc.systemId", "is missing"),
        (['systemId = "s4h"'], "rfc.systemId", "capital letter"),
        (['systemId = "4HS"'], "rfc.systemId", "capital letter"),
        (['systemNumber = "0"', SYSTEM], "rfc.systemNumber", "two digits"),
        (["systemNumber = 0", SYSTEM], "rfc.systemNumber", "quotes"),
        (['logonGroup = "A B"', SYSTEM], "rfc.logonGroup", "SMLG"),
        (['messageServer = "3600"'], "rfc.systemId", "is missing"),
        (['systemnumber = "00"', SYSTEM], "rfc.systemnumber", "did you mean systemNumber?"),
        (["pool_capacity = 3", SYSTEM], "rfc.pool_capacity", "did you mean poolCapacity?"),
        (
            ["loadBalancing = true", 'messageServer = "ms.example.com"', SYSTEM],
            "rfc.messageServer",
            "sapmsS4H",
        ),
        (['destinationName = "A B"', SYSTEM], "rfc.destinationName", "without blanks"),
        (["cuaEnabled = true", SYSTEM], "rfc.destinationName", "is missing"),
        (
            ["cuaEnabled = true", 'destinationName = "s4h-100"', SYSTEM],
            "rfc.destinationName",
            "logical system",
        ),
        (['systems = { S4HCLNT200 = "" }', SYSTEM], "rfc.systems", "cuaEnabled = true"),
        (
            [CUA, SYSTEM, 'systems = { "bad system" = "" }'],
            "rfc.systems.bad system",
            "logical system",
        ),
        (['poolCapacity = "many"', SYSTEM], "rfc.poolCapacity", "0 to 9999"),
        (["poolCapacity = -1", SYSTEM], "rfc.poolCapacity", "0 to 9999"),
        (["peakLimit = -1", SYSTEM], "rfc.peakLimit", "0 to 9999"),
        (['nonFatalErrorCodes = ["no such user"]', SYSTEM], "rfc.nonFatalErrorCodes[0]", '"025"'),
        (['readOnlyParams = ["snc"]', SYSTEM], "rfc.readOnlyParams[0]", "capital letters"),
        (['tableParameterNames = ["A B"]', SYSTEM], "rfc.tableParameterNames[0]", "PARAM.FIELD"),
        (['tables = ["USGRP"]', SYSTEM], "rfc.tables[0]", "must look like"),
        (['tables = ["A=B:1:KEY", "A=C:1:KEY"]', SYSTEM], "rfc.tables", "names A twice"),
        (['subTables = ["AGR_TEXTS=A:1"]', SYSTEM], "rfc.subTables[0]", "for AGR_DEFINE"),
        (['tableReadFunction = "zread"', SYSTEM], "rfc.tableReadFunction", "capital letters"),
        (['tableReadFunction = "RODPS_X"', SYSTEM], "rfc.tableReadFunction", "3255746"),
        (['functions = ["bapi_x"]', SYSTEM], "rfc.functions[0]", "capital letters"),
        (['functions = ["SXPG_COMMAND_EXECUTE"]', SYSTEM], "rfc.functions[0]", "never called"),
        (['functions = ["RODPS_REPL_ODP_OPEN"]', SYSTEM], "rfc.functions[0]", "barred by SAP"),
        (['services = { A = "/sap/x" }', SYSTEM], "rfc.services", "soamanager"),
        (['flavour = "soamanager"', SYSTEM], "rfc.services", "is missing"),
        (
            ['flavour = "soamanager"', 'services = { A = "sap/x" }', SYSTEM],
            'rfc.services."A"',
            "SOAMANAGER",
        ),
        (["sncMode = true", SYSTEM], "rfc.sncMode", 'transport = "pyrfc"'),
        (['x509Cert = "MII"', SYSTEM], "rfc.x509Cert", "certificate"),
        ([PYRFC, 'x509Cert = "MII"', SYSTEM], "rfc.x509Cert", "sncMode = true"),
        ([PYRFC, "sncMode = true", SYSTEM], "rfc.sncPartnerName", "is missing"),
        (
            [PYRFC, "sncMode = true", 'sncPartnerName = "p:CN=S"', 'sncQop = "4"', SYSTEM],
            "rfc.sncQop",
            "1, 2, 3, 8 or 9",
        ),
        (["trace = 4", SYSTEM], "rfc.trace", "0 (none) to 3"),
        ([PYRFC, 'flavour = "mc_style"', SYSTEM], "rfc.flavour", "does nothing"),
        ([PYRFC, 'soapAction = "wsdl"', SYSTEM], "rfc.soapAction", "does nothing"),
        (['pool_capacity = "1"', SYSTEM], "rfc.pool_capacity", "not known"),
    ],
)
def test_a_mistake_is_named_with_its_path_and_a_remedy(
    lines: list[str], field: str, word: str
) -> None:
    found = mistakes(*lines)
    assert list(found) == [field]
    assert word in found[field]


@pytest.mark.parametrize("key", ["user", "userName", "password", "passwd"])
def test_what_opens_the_door_stands_in_the_secret_and_is_never_repeated(key: str) -> None:
    found = mistakes(SYSTEM, f'{key} = "Geheim-1!"')
    assert list(found) == [f"rfc.{key}"]
    assert "secret" in found[f"rfc.{key}"]
    assert "Geheim" not in str(found)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("EQ,LOGONDATA.USTYP", "three parts"),
        ("EQ,ADDRESS.LASTNAME,Doe, John", "no comma in the value"),
        ("BT,USERNAME,A", "begin with one of EQ, NE"),
        ("EQ,user name,A", "capital letters"),
        ("EQ,USERNAME,", "end in a value"),
    ],
)
def test_a_base_query_has_three_parts_and_no_comma_in_its_value(query: str, word: str) -> None:
    """CO-T55."""
    found = mistakes(SYSTEM, f'baseAccountQuery = "{query}"')
    assert list(found) == ["rfc.baseAccountQuery"]
    assert word in found["rfc.baseAccountQuery"]


@pytest.mark.parametrize(
    "query", ["EQ,LOGONDATA.USTYP,A", "CP,USERNAME,RFC*", "NE,LOGONDATA.CLASS,SUPER"]
)
def test_a_base_query_with_parameter_or_field_is_taken(query: str) -> None:
    """CO-T55."""
    assert rfc_of(SYSTEM, f'baseAccountQuery = "{query}"').base_account_query == query


def test_host_and_number_make_the_address_where_the_connection_has_none() -> None:
    """CO-T68."""
    found = settings(
        'host = "sap.example.com"',
        'client = "400"',
        'systemNumber = "07"',
        SYSTEM,
        head=(BASIC,),
    )
    connection = found.connections["s4"]
    assert (connection.url, connection.client) == ("https://sap.example.com:44307", "400")


@pytest.mark.parametrize(
    ("host", "client", "number", "field"),
    [
        ('host = "sap.example.com"', "client = 100", 'systemNumber = "00"', "rfc.client"),
        ('host = "sap.example.com"', 'client = "100"', "systemNumber = 0", "rfc.systemNumber"),
        ('host = "sap.example.com"', 'client = "100"', 'systemNumber = "7"', "rfc.systemNumber"),
        ('host = "sap.example.com"', 'client = "100"', 'systemnumber = "00"', "rfc.systemnumber"),
        ('Host = "sap.example.com"', 'client = "100"', 'systemNumber = "00"', "rfc.Host"),
        ('host = "sap example"', 'client = "100"', 'systemNumber = "00"', "rfc.host"),
    ],
)
def test_one_mistake_in_the_address_is_told_once(
    host: str, client: str, number: str, field: str
) -> None:
    """What is derived of a wrong value is no mistake of its own."""
    assert list(mistakes(host, client, number, SYSTEM, head=(BASIC,))) == [field]


def test_without_any_host_the_address_is_missing() -> None:
    assert "url" in mistakes(SYSTEM, head=(BASIC, 'client = "100"'))


def test_over_pyrfc_the_application_server_may_have_another_name_than_the_address() -> None:
    assert mistakes(PYRFC, 'host = "app1.example.com"', SYSTEM) == {}


@pytest.mark.parametrize(
    ("auth", "rfc"),
    [
        ('{ type = "certificate", secret = "s4" }', ()),
        ('{ type = "none" }', ()),
    ],
)
def test_a_way_to_log_on_that_pyrfc_does_not_know_is_a_contradiction(
    auth: str, rfc: tuple[str, ...]
) -> None:
    found = mistakes(PYRFC, SYSTEM, *rfc, head=(*HEAD[:2], f"auth = {auth}"))
    assert list(found) == ["rfc.transport"]
    assert "opens no RFC connection" in found["rfc.transport"]


def test_snc_alone_may_log_on() -> None:
    snc = ("sncMode = true", 'sncPartnerName = "p:CN=S4H"', 'sncQop = "9"', 'x509Cert = "MII"')
    assert mistakes(PYRFC, SYSTEM, *snc, head=(*HEAD[:2], 'auth = { type = "none" }')) == {}


def test_without_a_system_id_the_message_server_has_to_be_named() -> None:
    assert mistakes("loadBalancing = true", 'messageServer = "3600"') == {}


@pytest.mark.parametrize(
    ("lines", "field", "word"),
    [
        (['logonGroup = "BATCH"', SYSTEM], "logonGroup", "does nothing"),
        (['messageServer = "3600"', SYSTEM], "messageServer", "does nothing"),
        (["loadBalancing = true", SYSTEM], "loadBalancing", "Web Dispatcher"),
        (
            [PYRFC, "loadBalancing = true", 'messageServer = "sapmsS4H"', SYSTEM],
            "messageServer",
            "systemId does not",
        ),
        (["poolCapacity = 5", 'peakLimit = "3"', SYSTEM], "poolCapacity", "at most 3"),
    ],
)
def test_what_gives_way_is_remarked_and_no_mistake(lines: list[str], field: str, word: str) -> None:
    (remark,) = remarks(settings(*lines))
    assert remark.field == f"connections.s4.rfc.{field}"
    assert word in remark.message


def test_plain_settings_are_not_remarked_on() -> None:
    assert remarks(settings(SYSTEM)) == ()


@pytest.mark.parametrize(
    ("lines", "ports"),
    [
        ([], [44300]),
        ([PYRFC, 'systemNumber = "07"'], [3307, 44300]),
        ([PYRFC, "sncMode = true", 'sncPartnerName = "p:CN=S4H"'], [4800, 44300]),
        ([PYRFC, "loadBalancing = true"], [3300, 3600, 44300]),
        ([PYRFC, "loadBalancing = true", 'messageServer = "3699"'], [3300, 3699, 44300]),
        ([PYRFC, "loadBalancing = true", 'messageServer = "sapmsS4H"'], [3300, 3600, 44300]),
    ],
)
def test_the_ports_of_rfc_are_open_for_functions_that_call_by_it(
    lines: list[str], ports: list[int]
) -> None:
    """CO-T68."""
    assert sap_ports(settings(SYSTEM, *lines)) == ports
