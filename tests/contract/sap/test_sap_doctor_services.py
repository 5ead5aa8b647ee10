"""What `sapmatch doctor` says of a SAP that answers, well or badly."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from sapmatch.model.auth import Basic
from sapmatch.model.connection import Limits
from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.doctor import Entry, Finding, Target, examine, pace
from tests.builders.edmx import ORDER, ORDERS, v2_document
from tests.builders.memory import START
from tests.builders.raw_server import RawServer, head
from tests.builders.sap_doctor import (
    CHECKS,
    Ailments,
    Unreadable,
    by_check,
    connection_to,
    findings,
    greeting,
    healthy,
    orders,
    statuses,
    with_header,
)
from tests.builders.sap_server import SERVICE, Received, Reply, SapServer, data, refusal, rows

PAGE = Reply(200, b"<html><title>Logon</title></html>", type="text/html")
NO_SERVICE = refusal(403, "/IWFND/MED/170", "No service found")
NOBODY = Entry(secrets=Given({}), connect=lambda _: pytest.fail("asked"))
QUICK = Limits(requests_per_second=1000, burst=100)
FORBIDDEN = refusal(403, "/IWBEP/CM_MGW_RT/021", "No authorization")


def examined(ailments: Ailments, *targets: Target, **settings: Any) -> dict[str, Finding]:
    with SapServer(healthy(ailments)) as server:
        return by_check(findings(server.url, *targets, **settings))


def test_all_is_well_and_nothing_but_reads_was_sent() -> None:
    """OD-P01, OD-P15: token, client and language, without one write."""
    with SapServer(healthy()) as server:
        found = findings(server.url)
    assert statuses(found, "failed") == statuses(found, "warning") == []
    assert statuses(found, "skipped") == ["tls"]
    assert [each.check for each in found] == CHECKS
    assert set(server.methods()) == {"GET", "HEAD"}
    assert all("sap-client=100" in request.query for request in server.requests)
    listed = [request.query for request in server.requests if request.path.endswith("/Orders")]
    assert listed
    assert all("$top=1" in query or "$top=2" in query for query in listed)


def test_a_wrong_password_is_sent_once_and_says_which_system_refused() -> None:
    """OD-P14: the user must not get locked by whoever examines it."""
    realm = 'Basic realm="SAP NetWeaver Application Server [S4H/200]"'
    refused = with_header(Reply(401, type="text/html"), "WWW-Authenticate", realm)
    with SapServer(healthy({"root": refused})) as server:
        found = findings(server.url)
    assert len(server.requests) == 1
    assert statuses(found, "failed") == ["logon"]
    logon = by_check(found)["logon"]
    assert "system S4H, client 200, where 100 was asked for" in logon.detail
    assert "SU01" in logon.remedy
    assert "connections.s4.auth.secret" in logon.remedy
    assert by_check(found)["csrf"].detail == "says nothing as long as logon fails"
    assert statuses(found, "skipped") == ["tls", *CHECKS[5:12]]


@pytest.mark.parametrize(
    "reply",
    [PAGE, Reply(302, headers=[("Location", "https://login.example.com/saml2")])],
    ids=["logon page", "redirect to an identity provider"],
)
def test_single_sign_on_in_the_way_is_a_failed_logon(reply: Reply) -> None:
    """OD-P13."""
    logon = examined({"root": reply})["logon"]
    assert (logon.status, logon.unreachable) == ("failed", False)
    assert "SICF" in logon.remedy


def test_a_path_that_answers_before_the_logon_proves_no_logon() -> None:
    found = examined({"root": Reply(404, b"<html>not found</html>", type="text/html")})
    assert found["logon"].status == "warning"
    assert "SICF" in found["logon"].remedy
    assert found["service"].status == "failed"
    assert "/IWFND/MAINT_SERVICE" in found["service"].remedy


def test_another_client_than_the_one_asked_for_is_named() -> None:
    """OD-P15."""
    cookie = "sap-usercontext=sap-client=200; path=/"
    reply = with_header(data({"d": {"EntitySets": []}}), "Set-Cookie", cookie)
    client = examined({"root": reply})["client"]
    assert (client.status, client.detail) == ("failed", "asked for client 100, SAP took 200")
    assert "connections.s4.client" in client.remedy


def test_a_system_that_names_no_client_is_believed() -> None:
    client = examined({"root": data({"d": {"EntitySets": []}})})["client"]
    assert client.status == "ok"
    assert "does not say" in client.detail


def test_one_service_that_is_not_active_leaves_the_others_to_be_examined() -> None:
    other = "/sap/opu/odata/sap/API_OTHER_SRV"
    script = healthy()

    def two(request: Received) -> Reply:
        return NO_SERVICE if request.path.startswith(other) else script(request)

    with SapServer(two) as server:
        found = findings(server.url, Target(other), Target(SERVICE))
    services = [each for each in found if each.service]
    assert {each.service for each in services} == {other, SERVICE}
    assert [each.service for each in found if each.status == "failed"] == [other]
    (failed,) = [each for each in found if each.status == "failed"]
    assert failed.check == "service"
    assert "/IWFND/MAINT_SERVICE" in failed.remedy
    assert [e.check for e in services if e.service == SERVICE and e.status == "ok"] == CHECKS[6:12]


def test_a_user_who_may_not_start_the_service_is_logged_on() -> None:
    found = examined({"root": FORBIDDEN})
    assert found["logon"].status == "ok"
    assert found["service"].status == "failed"
    assert "S_SERVICE" in found["service"].remedy


def test_rows_that_the_user_may_not_see_are_an_authorisation() -> None:
    found = examined({"rows": FORBIDDEN}, Target(SERVICE, ("Orders",)))
    assert found["authorisation"].status == "failed"
    assert "Orders" in found["authorisation"].detail
    assert "SU53" in found["authorisation"].remedy
    assert found["paging"].status == "skipped"
    assert found["csrf"].status == "ok"


def test_every_entity_set_in_use_is_read_and_each_refused_one_named() -> None:
    sets = ORDERS + ORDERS.replace("Orders", "Items") + ORDERS.replace("Orders", "Prices")
    document = Reply(body=v2_document(container=sets), type="application/xml")

    def partly(request: Received) -> Reply:
        return orders(request) if request.path.endswith("/Orders") else FORBIDDEN

    target = Target(SERVICE, ("Orders", "Items", "Prices"))
    found = examined({"metadata": document, "rows": partly}, target)
    assert found["authorisation"].detail.startswith("Items, Prices: ")


def test_where_no_entity_set_is_in_use_any_readable_one_will_do() -> None:
    closed = ORDERS.replace("Orders", "Values").replace("/>", ' sap:requires-filter="true"/>')
    refused = ORDERS.replace("Orders", "Items")
    document = Reply(body=v2_document(container=closed + refused + ORDERS), type="application/xml")
    asked = []

    def partly(request: Received) -> Reply:
        asked.append(request.path.rpartition("/")[2])
        if asked[-1] == "Items":
            return refusal(501, "005056A509B11ED19BEB513D1EC30CB1", "Not implemented")
        return orders(request)

    found = examined({"metadata": document, "rows": partly})
    assert found["authorisation"].detail == "rows of Orders can be read"
    assert asked == ["Items", "Orders", "Orders"]


def test_entity_sets_that_want_a_filter_prove_nothing_and_are_left_alone() -> None:
    """OD-P62."""
    closed = ORDERS.replace("/>", ' sap:requires-filter="true"/>')
    document = Reply(body=v2_document(container=closed), type="application/xml")
    with SapServer(healthy({"metadata": document})) as server:
        found = by_check(findings(server.url))
    assert (found["authorisation"].status, found["paging"].status) == ("skipped", "skipped")
    assert not [request for request in server.requests if request.path.endswith("/Orders")]


def test_an_entity_set_in_use_that_wants_a_filter_is_named_as_not_tried() -> None:
    """OD-P62."""
    closed = ORDERS.replace("Orders", "Values").replace("/>", ' sap:requires-filter="true"/>')
    document = Reply(body=v2_document(container=closed + ORDERS), type="application/xml")
    found = examined({"metadata": document}, Target(SERVICE, ("Values", "Orders")))
    assert found["authorisation"].detail == (
        "rows of Orders can be read; Values want a filter and were not tried"
    )


def test_broken_metadata_names_the_cache_and_leaves_the_token_to_be_checked() -> None:
    """OD-P105."""
    found = examined({"metadata": Reply(body=b"<edmx:Edmx", type="application/xml")})
    assert found["metadata"].status == "failed"
    assert "/IWFND/CACHE_CLEANUP" in found["metadata"].remedy
    assert found["delta"].detail == "says nothing as long as metadata fails"
    assert found["csrf"].status == "ok"


def test_an_entity_set_of_the_settings_that_is_not_there_is_named() -> None:
    metadata = examined({}, Target(SERVICE, ("Orders", "Ordres")))["metadata"]
    assert metadata.detail == "has no entity set Ordres"
    assert f"sapmatch metadata s4 --service {SERVICE}" in metadata.remedy


@pytest.mark.parametrize(("mode", "status"), [("auto", "warning"), ("always", "failed")])
def test_a_system_without_tokens_is_named(mode: str, status: str) -> None:
    """OD-P02, OD-P08."""
    found = examined({"root": data({"d": {"EntitySets": []}})}, csrf=mode)["csrf"]
    assert found.status == status
    assert "connections.s4.csrf" in found.remedy


def test_no_token_is_fetched_where_the_settings_say_never() -> None:
    """OD-P08."""
    with SapServer(healthy()) as server:
        found = by_check(findings(server.url, csrf="never"))
    assert found["csrf"].status == "skipped"
    assert not [request for request in server.requests if request.fetches_token]


def test_a_token_is_asked_for_once_by_each_method() -> None:
    """Whoever waits for a diagnosis does not want to wait for patience."""

    def busy(request: Received) -> Reply:
        return Reply(503) if request.fetches_token else greeting(request)

    with SapServer(healthy({"root": busy})) as server:
        found = by_check(findings(server.url))
    assert found["csrf"].status == "failed"
    assert [r.method for r in server.requests if r.fetches_token] == ["HEAD", "GET"]


def test_a_session_that_gets_lost_between_two_calls_is_named() -> None:
    """OD-P01: a token is good in its own session only."""
    given = iter(range(100))

    def forgetful(request: Received) -> Reply:
        return with_header(data({"d": {"EntitySets": []}}), "x-csrf-token", f"T{next(given)}")

    found = examined({"root": forgetful})["csrf"]
    assert found.status == "warning"
    assert "sticky" in found.remedy


def test_a_page_size_that_is_ignored_is_named() -> None:
    """OD-P25."""
    two = rows({"ID": "1"}, {"ID": "2"})
    found = examined({"rows": two})["paging"]
    assert found.status == "warning"
    assert "page_size" in found.remedy


def test_one_row_is_too_few_to_see_pages() -> None:
    assert examined({"rows": rows({"ID": "1"})})["paging"].status == "skipped"


def test_next_links_to_another_name_of_the_system_are_found_before_an_extraction_does() -> None:
    """OD-P21: followed at no other address; the remedy is a setting."""
    link = f"https://internal.example.com{SERVICE}/Orders?$skiptoken=1"
    found = examined({"rows": rows({"ID": "1"}, __next=link)})["paging"]
    assert found.status == "failed"
    assert "internal.example.com" in found.detail
    assert "connections.s4.aliases" in found.remedy
    alias = ("https://internal.example.com",)
    assert (
        examined({"rows": rows({"ID": "1"}, __next=link)}, aliases=alias)["paging"].status == "ok"
    )


@pytest.mark.parametrize(
    "container",
    [
        ORDERS.replace("/>", ' sap:change-tracking="true"/>'),
        ORDERS + ORDERS.replace("Orders", "DeltaLinksOfOrders"),
    ],
)
def test_delta_is_told_from_metadata_and_no_subscription_is_opened(container: str) -> None:
    """OD-P36: a second subscription would end the one that somebody lives from."""
    document = Reply(body=v2_document(ORDER.format(more=""), container), type="application/xml")
    with SapServer(healthy({"metadata": document})) as server:
        found = by_check(findings(server.url))
    assert found["delta"].detail == "changes of Orders are tracked"
    preferred = [request.headers.get("prefer", "") for request in server.requests]
    assert "track-changes" not in " ".join(preferred)


def test_without_delta_the_other_ways_are_named() -> None:
    delta = examined({})["delta"]
    assert delta.status == "ok"
    assert "in full" in delta.detail


@pytest.mark.parametrize(
    ("ahead", "status", "shown"),
    [(20, "ok", "less than"), (-90, "warning", "90 s behind"), (600, "failed", "600 s ahead")],
)
def test_clocks_that_differ_are_named(ahead: int, status: str, shown: str) -> None:
    date = format_datetime(START + timedelta(seconds=ahead), usegmt=True)
    with SapServer(healthy(date=date)) as server:
        # No pace: waiting for a turn would move the clock of this test.
        found = by_check(findings(server.url, limits=QUICK))["clock"]
    assert (found.status, shown in found.detail) == (status, True)
    assert ("NTP" in found.remedy) == (status != "ok")


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_without_a_readable_date_nothing_is_said_of_the_clocks(date: str | None) -> None:
    with SapServer(healthy(date=date)) as server:
        assert by_check(findings(server.url))["clock"].status == "skipped"


def test_slow_answers_are_named_with_the_slowest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SLOW", 0.02)
    slow = Reply(body=v2_document(), type="application/xml", delay=0.2)

    def slowly(request: Received) -> Reply:
        reply = greeting(request)
        return Reply(reply.status, reply.body, reply.headers, delay=0.05)

    found = examined({"root": slowly, "metadata": slow})["answer_time"]
    assert found.status == "warning"
    assert "($metadata)" in found.detail
    assert "/IWFND/STATS" in found.remedy


@pytest.mark.parametrize(
    ("reply", "remedy"),
    [
        (Reply(503), "SMICM"),
        (Reply(502), "SMICM"),
        (Reply(429), "limits"),
        (Reply(drop=True), "SMICM"),
    ],
    ids=["down", "bad gateway", "throttled", "hangs up"],
)
def test_a_system_that_does_not_answer_is_asked_once(reply: Reply, remedy: str) -> None:
    """OD-P88: what the first call met is the finding, not what the fourth one did."""
    with SapServer(lambda _: reply) as server:
        found = by_check(findings(server.url))
    assert len(server.requests) == 1
    assert (found["logon"].status, found["logon"].unreachable) == ("failed", True)
    assert remedy in found["logon"].remedy
    assert found["answer_time"].status == "skipped"


def test_an_answer_that_drips_without_end_ends_with_its_time() -> None:
    def dripping(_: str) -> Iterator[bytes]:
        yield head("Content-Length: 1000000")
        while server.pause(0.05):
            yield b" "

    with RawServer(dripping) as server:
        found = by_check(findings(server.url, total_timeout=0.5))
    assert found["logon"].unreachable
    assert "total_timeout" in found["logon"].detail


@pytest.mark.parametrize("body", [b"", b"{", b'{"d": 1}', b"[]", b"plain text"])
def test_rows_that_are_none_are_a_finding_not_a_crash(body: bytes) -> None:
    found = examined({"rows": Reply(body=body)}, Target(SERVICE, ("Orders",)))["authorisation"]
    assert found.status == "failed"
    assert "no rows of OData" in found.detail


@pytest.mark.parametrize(
    ("secret", "error", "remedy"),
    [
        ("a", InputRejected("secret a: does not exist"), "secretsmanager:GetSecretValue"),
        ("a", Throttled("secret a: AWS is not reachable"), "secretsmanager:GetSecretValue"),
        ("env:S4", InputRejected("S4_PASSWORD is not set"), "export .* S4_USER and S4_PASSWORD"),
    ],
)
def test_a_secret_that_cannot_be_read_is_a_finding(
    secret: str, error: Exception, remedy: str
) -> None:
    with SapServer(healthy()) as server:
        found = by_check(findings(server.url, secrets=Unreadable(error), auth=Basic(secret=secret)))
    assert found["secret"].detail == str(error)
    assert found["secret"].unreachable is isinstance(error, Throttled)
    assert re.search(remedy, found["secret"].remedy)
    assert found["logon"].detail == "says nothing as long as secret fails"
    assert server.requests == []


@pytest.mark.parametrize("url", ["http://sap.example.com", "https://u:p@sap.example.com", "x"])
def test_an_address_that_no_client_would_go_to_is_refused(url: str) -> None:
    with pytest.raises(InputRejected, match=r"connections\.s4\]\.url"):
        list(examine("s4", connection_to(url), [Target(SERVICE)], NOBODY))


def test_without_a_service_there_is_nothing_to_examine() -> None:
    with pytest.raises(InputRejected, match="no service"):
        list(examine("s4", connection_to("https://sap.example.com"), [], NOBODY))
