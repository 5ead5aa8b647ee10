"""zeep reads the stand-in's WSDLs and calls it; our client gets the same, field by field."""

from collections.abc import Iterator
from typing import Any

import pytest

from sapmatch.model.rfc import Flavour, RfcTransport
from sapmatch.sap.rfc.open import open_rfc
from tests.builders.abap import AbapServer, abap_server
from tests.builders.zeep_peer import ZeepPeer, as_plain, zeep_peer

READS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ("STFC_CONNECTION", {"REQUTEXT": "Grüße & <so> \U0001f600"}, {}, ()),
    ("BAPI_USER_GETLIST", {"MAX_ROWS": 3, "WITH_USERNAME": "X"}, {}, ("USERLIST", "RETURN")),
    ("BAPI_USER_GETLIST", {"MAX_ROWS": 1}, {}, ("USERLIST",)),
    (
        "BAPI_USER_GETLIST",
        {"MAX_ROWS": 5, "WITH_USERNAME": "X"},
        {
            "SELECTION_RANGE": [
                {"PARAMETER": "USERNAME", "SIGN": "I", "OPTION": "GT", "LOW": "MEIER"},
                {
                    "PARAMETER": "ADDRESS",
                    "FIELD": "LASTNAME",
                    "SIGN": "I",
                    "OPTION": "CP",
                    "LOW": "kr*",
                },
            ]
        },
        ("USERLIST", "RETURN"),
    ),
    (
        "BAPI_USER_GET_DETAIL",
        {"USERNAME": "MEIER", "CACHE_RESULTS": " "},
        {},
        ("ACTIVITYGROUPS", "PROFILES", "GROUPS", "PARAMETER1", "SYSTEMS", "RETURN"),
    ),
    ("BAPI_USER_GET_DETAIL", {"USERNAME": "MEIER"}, {}, ("ACTIVITYGROUPS",)),
    ("BAPI_USER_GET_DETAIL", {"USERNAME": "NOBODY"}, {}, ("ACTIVITYGROUPS", "RETURN")),
    ("BAPI_USER_EXISTENCE_CHECK", {"USERNAME": "MEIER"}, {}, ()),
    ("SUSR_GET_ADMIN_USER_LOGIN_INFO", {"USERID": "MEIER"}, {}, ()),
    ("BAPI_USER_LOCACTGROUPS_READ", {"USERNAME": "MEIER"}, {}, ("ACTIVITYGROUPS", "RETURN")),
    ("RFC_GET_TABLE_ENTRIES", {"TABLE_NAME": "AGR_DEFINE"}, {}, ("ENTRIES",)),
    (
        "RFC_READ_TABLE",
        {"QUERY_TABLE": "AGR_AGRS", "DELIMITER": "|", "ROWCOUNT": 2},
        {
            "OPTIONS": [{"TEXT": "AGR_NAME = '/SAPAPO/LINE_PLANNER'"}],
            "FIELDS": [{"FIELDNAME": "AGR_NAME"}, {"FIELDNAME": "CHILD_AGR"}],
        },
        ("DATA",),
    ),
]
NAMES = [f"{n} {function}" for n, (function, *_) in enumerate(READS)]


@pytest.fixture(scope="module")
def sap() -> Iterator[AbapServer]:
    meier = {
        "USERNAME": "MEIER",
        "ADDRESS": {"FIRSTNAME": "Änne", "LASTNAME": "Meier & Söhne", "E_MAIL": "m@example.com"},
        "LOGONDATA": {"GLTGV": "2026-01-15", "GLTGB": "2027-12-31", "CLASS": "IT"},
        "roles": ["Z:FI_CLERK", ["/SAPAPO/LINE_PLANNER", "2026-01-13", "2026-12-31"]],
        "profiles": ["SAP_NEW"],
        "groups": ["IT", "FINANCE"],
        "parameters": {"BUK": "1010", "WRK": " 100"},
    }
    others = [
        {"USERNAME": f"OTHER{n}", "ADDRESS": {"FIRSTNAME": "Jo", "LASTNAME": f"Krüger {n}"}}
        for n in range(4)
    ]
    with abap_server([meier, *others]) as server:
        yield server


@pytest.fixture(scope="module", params=["soap_rfc", "soamanager", "mc_style"])
def pair(
    sap: AbapServer, request: pytest.FixtureRequest
) -> Iterator[tuple[ZeepPeer, RfcTransport]]:
    flavour: Flavour = request.param
    transport = open_rfc("s4", sap.connection(flavour), sap.secrets)
    with zeep_peer(sap, flavour) as peer:
        yield peer, transport
    transport.close()


@pytest.mark.parametrize(("function", "imports", "tables", "want"), READS, ids=NAMES)
def test_zeep_and_our_client_read_the_same(
    pair: tuple[ZeepPeer, RfcTransport],
    function: str,
    imports: dict[str, Any],
    tables: dict[str, Any],
    want: tuple[str, ...],
) -> None:
    """CO-T28, CO-T29, CO-T30, CO-T32, CO-T33: by another reader of the same answers."""
    peer, transport = pair
    theirs = peer.call(function, imports, tables, want=want)
    ours = as_plain(function, transport.call(function, imports, tables, want=want))
    asked_always = {"RETURN"} - theirs.keys()  # our client never goes without
    assert {name: ours[name] for name in ours.keys() - asked_always} == theirs


def test_zeep_and_our_client_create_change_and_read_alike(
    sap: AbapServer, pair: tuple[ZeepPeer, RfcTransport]
) -> None:
    """CO-T42, CO-T43: the same steps by two clients leave two users that differ in name only."""
    peer, transport = pair

    def ours(function: str, imports: dict[str, Any], **tables: Any) -> None:
        result = transport.call(function, imports, tables, want=("RETURN",), changes=True)
        assert [each.type for each in result.messages] == ["S"]

    def theirs(function: str, imports: dict[str, Any], **tables: Any) -> None:
        returned = peer.call(function, imports, tables, want=("RETURN",))["RETURN"]
        assert [row["TYPE"] for row in returned] == ["S"]

    for name, call in (("OURS", ours), ("THEIRS", theirs)):
        user = {"USERNAME": name}
        call(
            "BAPI_USER_CREATE1",
            user
            | {
                "ADDRESS": {"FIRSTNAME": "Jo", "LASTNAME": "Doe & Söhne", "DEPARTMENT": "D 1"},
                "PASSWORD": {"BAPIPWD": "Abcdef-12"},
                "LOGONDATA": {"GLTGV": "2026-02-01"},
            },
            GROUPS=[{"USERGROUP": "IT"}],
        )
        call(
            "BAPI_USER_CHANGE",
            user
            | {
                "ADDRESS": {"FIRSTNAME": "not taken", "DEPARTMENT": ""},
                "ADDRESSX": {"DEPARTMENT": "X"},
            },
        )
        roles = [{"AGR_NAME": "Z_FI_AP", "FROM_DAT": "2026-03-01", "TO_DAT": "9999-12-31"}]
        call("BAPI_USER_ACTGROUPS_ASSIGN", user, ACTIVITYGROUPS=roles)
        call("BAPI_USER_LOCK", user)
    want = ("ACTIVITYGROUPS", "GROUPS", "RETURN")
    shown = [
        peer.call("BAPI_USER_GET_DETAIL", {"USERNAME": n}, want=want) for n in ("OURS", "THEIRS")
    ]
    for detail in shown:
        detail.pop("LASTMODIFIED")
    assert shown[0] == shown[1]
    assert (shown[0]["ADDRESS"]["FIRSTNAME"], shown[0]["ADDRESS"]["DEPARTMENT"]) == ("Jo", "")
    assert shown[0]["ISLOCKED"]["LOCAL_LOCK"] == "L"
    assert (
        as_plain(
            "BAPI_USER_GET_DETAIL",
            transport.call("BAPI_USER_GET_DETAIL", {"USERNAME": "OURS"}, want=want),
        )["ACTIVITYGROUPS"]
        == shown[1]["ACTIVITYGROUPS"]
    )
    sap.order(delete={"100": ["OURS", "THEIRS"]})
