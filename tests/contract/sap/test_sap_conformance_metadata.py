"""$metadata that is odd, large or there already, and which version a service speaks."""

import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Query, field
from sapmatch.sap.odata.metadata import Version
from tests.builders import edmx
from tests.builders.sap_server import SERVICE, Reply, SapServer, client_of, data, in_turn, rows

XML = "application/xml"
ODD = "/gateway/orders"  # a path that names no version
SUCCESS_FACTORS = "http://www.successfactors.com/edm/sap"
V2_ROWS = {"d": {"results": [{"ID": "1"}]}}
V4_ROWS = {"value": [{"ID": "1"}]}


def document(container: str = edmx.ORDERS, more: str = "", **namespaces: str) -> Reply:
    return Reply(
        body=edmx.v2_document(edmx.ORDER.format(more=more), container, **namespaces), type=XML
    )


def test_a_type_that_is_missing_matters_only_where_it_is_used() -> None:
    """OD-P105."""
    container = edmx.ORDERS + '<EntitySet Name="Lost" EntityType="NS.Nowhere"/>'
    script = in_turn(document(container), rows({"ID": "1"}))
    with SapServer(script) as server, client_of(server) as client:
        service = client.service(SERVICE)
        assert list(service.rows("Orders")) == [{"ID": "1"}]
        assert service.metadata().problems == ("Lost: NS.Nowhere is not in the document",)
        with pytest.raises(InputRejected, match=r"NS\.Nowhere"):
            list(service.rows("Lost"))
        assert len(server.requests) == 2


def test_annotations_that_nobody_knows_are_passed_over() -> None:
    """OD-P105."""
    more = '<Property Name="A" Type="Edm.Decimal" x:odd="1" xmlns:x="urn:someone"><x:y/></Property>'
    script = in_turn(document(more=more), rows({"ID": "1", "A": "1.50"}))
    with SapServer(script) as server, client_of(server) as client:
        (row,) = client.service(SERVICE).rows("Orders")
    assert str(row["A"]) == "1.50"


def test_saps_annotations_count_under_the_namespace_of_success_factors_too() -> None:
    """OD-P105, OD-P62."""
    more = '<Property Name="A" Type="Edm.String" sap:filterable="false"/>'
    with (
        SapServer(in_turn(document(more=more, sap=SUCCESS_FACTORS))) as server,
        client_of(server) as client,
    ):
        service = client.service(SERVICE)
        service.metadata()
        with pytest.raises(InputRejected, match="A"):
            list(service.rows("Orders", Query(where=field("A").eq("1"))))
        assert len(server.requests) == 1


def test_all_reads_of_a_client_share_one_fetch_of_the_document() -> None:
    """OD-P106."""
    script = in_turn(document(), rows({"ID": "1"}), rows({"ID": "2"}))
    with SapServer(script) as server, client_of(server) as client:
        found = [list(client.service(SERVICE).rows("Orders")) for _ in range(2)]
    assert found == [[{"ID": "1"}], [{"ID": "2"}]]
    assert [r.path.rpartition("/")[2] for r in server.requests] == ["$metadata", "Orders", "Orders"]


def test_a_document_at_hand_is_not_fetched_at_all() -> None:
    """OD-P106."""
    known = edmx.v2()
    with SapServer(in_turn(rows({"ID": "1"}))) as server, client_of(server) as client:
        service = client.service(SERVICE, metadata=known)
        assert list(service.rows("Orders")) == [{"ID": "1"}]
        assert service.metadata().sha256 == known.sha256
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "value", "version"),
    [
        ("OData-Version", "4.0", "V4"),
        ("odata-version", "4.01", "V4"),
        ("OData-Version", "4.0;NetFx", "V4"),
        ("DataServiceVersion", "2.0", "V2"),
        ("dataserviceversion", "1.0;NetFx", "V2"),
    ],
)
def test_a_service_says_its_version_in_its_headers(
    header: str, value: str, version: Version
) -> None:
    """OD-P107: they are believed even where the body looks like the other version."""
    body = b'{"d":{}}' if version == "V4" else b'{"@odata.context":"$metadata"}'
    with (
        SapServer(in_turn(Reply(body=body, headers=[(header, value)]))) as server,
        client_of(server) as client,
    ):
        assert client.service(ODD).version == version


@pytest.mark.parametrize(
    ("body", "version"),
    [(b'{"@odata.context":"$metadata","value":[]}', "V4"), (b'{"d":{"EntitySets":[]}}', "V2")],
)
def test_without_such_headers_the_body_tells(body: bytes, version: Version) -> None:
    """OD-P107."""
    with SapServer(in_turn(Reply(body=body))) as server, client_of(server) as client:
        assert client.service(ODD).version == version


def test_an_answer_is_read_as_the_version_that_it_claims() -> None:
    """OD-P107: some gateways answer in the other one than their path says."""
    page = data(V4_ROWS, OData_Version="4.0;NetFx")
    with SapServer(in_turn(page)) as server, client_of(server) as client:
        (found,) = client.service(SERVICE).pages("Orders")
    assert [bytes(row) for row in found.rows] == [b'{"ID": "1"}']


def test_a_version_in_the_path_costs_no_request() -> None:
    """OD-P107."""
    with SapServer(in_turn(data(V2_ROWS))) as server, client_of(server) as client:
        assert client.service(SERVICE).version == "V2"
        assert client.service("/sap/opu/odata4/sap/api/orders").version == "V4"
        assert server.requests == []
        assert len(list(client.service(SERVICE).pages("Orders"))) == 1


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/s4/sap/opu/odata/sap/API_X_SRV", "V2"),
        ("/sap/opu/odata4/sap/x/srvd/sap/x/0001", "V4"),
        ("/odata/v2/catalog", "V2"),
        ("/odata/v4/catalog", "V4"),
    ],
)
def test_only_paths_of_sap_itself_tell_the_version(path: str, version: Version) -> None:
    """OD-P107: /sap/opu of ABAP, /odata/v2 and /odata/v4 of CAP."""
    with SapServer(in_turn()) as server, client_of(server) as client:
        assert client.service(path).version == version
    assert server.requests == []


@pytest.mark.parametrize("path", ["/odata/catalog", "/odata4/catalog", "/sap/bc/odata/orders"])
@pytest.mark.parametrize(("header", "version"), [("4.0", "V4"), ("", "V2")])
def test_of_other_paths_the_service_is_asked_once(path: str, header: str, version: Version) -> None:
    """OD-P107: whatever stands behind /odata/."""
    with SapServer(in_turn(data({"d": {}}, OData_Version=header))) as server:
        client = client_of(server)
        with client:
            assert [client.service(path).version for _ in range(2)] == [version] * 2
    assert [request.path for request in server.requests] == [f"{path}/"]


@pytest.mark.parametrize(
    ("path", "metadata", "version"),
    [("/odata/v2/x", edmx.v4_document(), "V4"), ("/odata/v4/x", edmx.v2_document(), "V2"),
     (ODD, edmx.v4_document(), "V4")],
)  # fmt: skip
def test_metadata_tells_the_version_whatever_the_path_says(
    path: str, metadata: bytes, version: Version
) -> None:
    """OD-P107: a V4 service has no `$inlinecount`, a V2 service no `$count`."""
    script = in_turn(Reply(body=metadata, type=XML), rows() if version == "V2" else data(V4_ROWS))
    with SapServer(script) as server, client_of(server) as client:
        service = client.service(path)
        service.metadata()
        assert service.version == version
        list(service.pages("Orders", Query(inline_count=True)))
    assert ("$inlinecount" in server.requests[1].query) == (version == "V2")
    assert len(server.requests) == 2


@pytest.mark.parametrize("given", [True, False])
def test_the_setting_goes_before_metadata(given: bool) -> None:
    """OD-P107."""
    settings = {SERVICE: ServiceOptions(version="V4")}
    with (
        SapServer(lambda _: document()) as server,
        client_of(server, services=settings) as client,
    ):
        service = client.service(SERVICE, metadata=edmx.v2() if given else None)
        assert service.metadata().version == "V2"
        assert service.version == "V4"
    assert len(server.requests) == (0 if given else 1)
