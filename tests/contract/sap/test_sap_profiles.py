"""Kinds of systems: what each is asked, and whom an error sends where."""

from collections.abc import Callable

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.profiles import PROFILES, ProfileName
from sapmatch.model.query import Query, field
from sapmatch.sap.odata.batch import Read
from sapmatch.sap.odata.service import Service
from tests.builders.batch_answers import BATCH, enclosed, error, http, part
from tests.builders.sap_server import (
    SERVICE,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    refusal,
    rows,
    with_token,
)

EACH = pytest.mark.parametrize("profile", PROFILES)
C4C = "/sap/c4c/odata/v1/businesspartnerrelationship"
INCONSISTENT = "Inconsistent Authorization: Re-activate Communication Arrangement"
READ_ONLY = "Matl master maintenance not possible for transaction chosen (TKSTATUS)"


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("s4hana", "S_SERVICE"),
        ("ecc", "PFCG"),
        ("s4hana-cloud", "SAP_COM_"),
        ("c4c", "work centre view"),
        ("byd", "communication arrangement"),
        ("successfactors", "Manage Permission Roles"),
    ],
)
def test_a_missing_authorisation_is_mended_where_this_kind_of_system_keeps_it(
    profile: ProfileName, said: str
) -> None:
    """A7: a plain 403 is never repeated."""
    with (
        SapServer(in_turn(refusal(403))) as server,
        client_of(server, profile=profile) as client,
        pytest.raises(AuthorizationMissing, match=said) as refused,
    ):
        client.find(SERVICE, "A_Order", Query())
    assert len(server.requests) == 1
    assert ("S_SERVICE" in str(refused.value)) == (profile in ("s4hana", "ecc"))


@pytest.mark.parametrize(
    "call",
    [
        lambda service: service.find("A_Order", Query()),
        lambda service: service.get("A_Order", {"ID": "1"}),
        lambda service: service.count("A_Order"),
        lambda service: service.metadata(),
        lambda service: service.create("A_Order", {}),
        lambda service: service.batch([Read("A_Order")]),
    ],
    ids=["rows", "record", "count", "metadata", "token", "batch"],
)
def test_every_call_knows_what_kind_of_system_it_is(call: Callable[[Service], object]) -> None:
    """A7: the fetch of a token included; nobody who has no PFCG is sent there."""
    with (
        SapServer(lambda request: refusal(403)) as server,
        client_of(server, profile="s4hana-cloud") as client,
        pytest.raises(AuthorizationMissing, match="Communication Arrangements"),
    ):
        call(client.service(SERVICE))


def test_a_refused_write_and_an_operation_of_a_batch_know_it_too() -> None:
    body = enclosed([part(http(403, error()))])
    refused = Reply(202, body, type=f"multipart/mixed; boundary={BATCH}")
    with (
        SapServer(with_token(in_turn(refusal(403), refused))) as server,
        client_of(server, profile="s4hana-cloud") as client,
    ):
        service = client.service(SERVICE)
        with pytest.raises(AuthorizationMissing, match="Communication Arrangements"):
            service.create("A_Order", {})
        (result,) = service.batch([Read("A_Order")])
    assert "Communication Arrangements" in str(result.error)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    ("profile", "said"),
    [("s4hana", "/IWFND/MAINT_SERVICE"), ("s4hana-cloud", "communication arrangement")],
)
def test_an_unknown_service_is_activated_where_this_kind_of_system_does_that(
    profile: ProfileName, said: str, status: int
) -> None:
    """A6: by SAP's message code, whatever the status."""
    unknown = refusal(status, "/IWFND/MED/170", "No service found")
    with (
        SapServer(in_turn(unknown)) as server,
        client_of(server, profile=profile) as client,
        pytest.raises(ServiceNotActivated, match=said),
    ):
        client.find(SERVICE, "A_Order", Query())


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("s4hana", "SU01"),
        ("s4hana-cloud", "KBA 2806979"),
        ("c4c", "Edit Credentials"),
        ("successfactors", "user@company"),
    ],
)
def test_a_refused_logon_is_sent_once_and_says_where_its_user_is_kept(
    profile: ProfileName, said: str
) -> None:
    """Communication users are locked after three wrong passwords."""
    with (
        SapServer(lambda request: Reply(401)) as server,
        client_of(server, profile=profile) as client,
        pytest.raises(LogonRefused, match=said) as refused,
    ):
        client.find(SERVICE, "A_Order", Query())
    assert refused.value.reason == "password"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [refusal(403, text=INCONSISTENT), Reply(403, INCONSISTENT.encode(), type="text/plain")],
    ids=["odata", "text"],
)
def test_an_inconsistent_authorisation_names_three_remedies_in_their_order(reply: Reply) -> None:
    """CO-T21: on a read of the technical user, in whatever form it comes."""
    with (
        SapServer(in_turn(reply)) as server,
        client_of(server, profile="c4c") as client,
        pytest.raises(AuthorizationMissing) as refused,
    ):
        client.find(C4C, "AccountCollection", Query())
    text = str(refused.value)
    places = [text.index(word) for word in ('csrf = "never"', "at its header", "re-activate")]
    assert places == sorted(places)
    assert "accounthierarchylist" in text
    assert len(server.requests) == 1


def test_a_token_that_is_fetched_against_the_rule_explains_itself() -> None:
    """CO-T21: with csrf = "auto" the fetch is the cause, and nothing was written."""
    script = in_turn(Reply(403), refusal(403, text=INCONSISTENT))
    with (
        SapServer(script) as server,
        client_of(server, profile="c4c", csrf="auto") as client,
        pytest.raises(AuthorizationMissing, match='csrf = "never"'),
    ):
        client.create(C4C, "AccountCollection", {})
    assert server.written() == []


def test_a_status_that_the_user_lacks_is_refused_for_good_and_explained() -> None:
    """E8: it comes as a business error, and would come again."""
    script = with_token(in_turn(refusal(400, "M3/801", READ_ONLY)))
    with (
        SapServer(script) as server,
        client_of(server, profile="s4hana-cloud") as client,
        pytest.raises(SapRejected, match="may only read") as refused,
    ):
        client.update(SERVICE, "A_Product", {"Product": "1"}, {"Text": "x"}, etag=None)
    assert refused.value.code == "M3/801"
    assert len(server.written()) == 1


@EACH
def test_where_the_accept_header_is_not_enough_json_is_asked_for_by_name(
    profile: ProfileName,
) -> None:
    """E1: on rows and records, and not on $count, $metadata or writes."""
    script = in_turn(rows(), Reply(body=b"0", type="text/plain"), data({"d": {"ID": "1"}}))
    with SapServer(script) as server, client_of(server, profile=profile) as client:
        client.find(C4C, "AccountCollection", Query())
        client.count(C4C, "AccountCollection")
        client.get(C4C, "AccountCollection", {"ID": "1"})
    named = ["$format=json" in request.query for request in server.requests]
    wanted = PROFILES[profile].json_parameter
    assert named == [wanted, False, wanted]
    assert all(request.headers["accept"] for request in server.requests)


@EACH
def test_filters_that_a_kind_of_system_does_not_take_are_not_sent(profile: ProfileName) -> None:
    """E11: in the user's own text and in conditions, alone and in a batch."""
    either = (field("Name").eq("A")) | (field("City").eq("B"))
    asked = [Query(filter="Name eq 'A' or City eq 'B'"), Query(where=either)]
    taken = [Reply(400)] * 3
    with SapServer(in_turn(*taken)) as server, client_of(server, profile=profile) as client:
        simple = PROFILES[profile].simple_filters
        for query in asked:
            with pytest.raises(
                InputRejected if simple else SapRejected, match=r"`or` joins|HTTP 400"
            ):
                client.find(C4C, "AccountCollection", query)
        if simple:
            with pytest.raises(InputRejected, match="`or` joins"):
                client.service(C4C).batch([Read("AccountCollection", None, asked[0])])
    assert len(server.requests) == (0 if simple else 2)


@pytest.mark.parametrize(
    ("profile", "path"),
    [("c4c", C4C), ("byd", "/sap/byd/odata/own"), ("successfactors", "/odata/v2")],
)
def test_the_paths_of_clouds_tell_their_protocol(profile: ProfileName, path: str) -> None:
    """E7: without asking; only Gateway's V4 services have a path of their own."""
    with SapServer(in_turn()) as server, client_of(server, profile=profile) as client:
        assert client.service(path).version == "V2"
    assert server.requests == []


@pytest.mark.parametrize("profile", ["c4c", "byd"])
def test_cookies_of_a_fetched_token_go_with_the_write_whatever_their_names(
    profile: ProfileName,
) -> None:
    """E9, CO-T18, CO-T22: `sap-XSRF_<SID>_<tenant>` among them (KBA 3339155)."""
    cookies = [("Set-Cookie", f"{name}; path=/") for name in ("sap-XSRF_AB1_100=x", "other=y")]
    script = in_turn(
        Reply(403, b"CSRF token validation failed", type="text/plain"),
        Reply(headers=[("x-csrf-token", "T"), *cookies]),
        data({"d": {"results": {"ID": "1"}}}, 201),
    )
    with SapServer(script) as server, client_of(server, profile=profile) as client:
        client.create(C4C, "AccountCollection", {"Name": "A"})
    sent = server.written()[-1].headers["cookie"]
    assert {"sap-XSRF_AB1_100=x", "other=y"} <= set(sent.split("; "))


def test_the_clients_own_parameters_cannot_be_contradicted_by_a_path() -> None:
    """A11: client and language are settings; nothing behind a path may say otherwise."""
    with (
        SapServer(in_turn()) as server,
        client_of(server) as client,
        pytest.raises(InputRejected, match="`client` and `language` are settings"),
    ):
        client.find(f"{SERVICE}?sap-client=200", "A_Order", Query())
    assert server.requests == []
