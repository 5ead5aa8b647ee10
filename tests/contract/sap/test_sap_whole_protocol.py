"""What the write protocol asks of the client, against every server (port SapWriter)."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sapmatch.model.errors import PreconditionFailed, SapmatchError, SapRejected
from sapmatch.model.intent import Change, Entity, Look, Record, Repeatability, Written
from sapmatch.sap.odata.service import Service
from tests.contract.sap.sap_peers import ALL, LOCAL_V2, LOCAL_V4, Peer, client_at, local_sap, opened

SERVICE = "the peer's"  # a peer is one service: only the client goes by the path
ABSENT = "999999999"


@pytest.fixture(params=ALL)
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with opened(request.param) as found:
        yield found


def create(peer: Peer, text: str) -> Change:
    record = peer.new(text, ["1"])
    return Change(kind="create", service=SERVICE, entity_set=peer.names.orders, record=record)


def update(peer: Peer, key: dict[str, str], record: Record, etag: str | None) -> Change:
    name = peer.names.orders
    return Change(
        kind="update", service=SERVICE, entity_set=name, key=dict(key), record=record, etag=etag
    )


def by_key(peer: Peer, number: str) -> Look:
    key = {peer.names.number: number}
    return Look(service=SERVICE, entity_set=peer.names.orders, key=dict(key))


def by_text(peer: Peer, text: str) -> Look:
    return Look(service=SERVICE, entity_set=peer.names.orders, equals={peer.names.text: text})


def numbers(peer: Peer, found: list[Entity] | SapmatchError) -> list[str]:
    assert isinstance(found, list)
    return [each.row[peer.names.number] for each in found]


def only(service: Service, look: Look) -> Entity:
    (found,) = service.look([look])
    assert isinstance(found, list)
    return found[0]


def test_what_was_written_is_found_by_its_key_and_by_its_reference(peer: Peer) -> None:
    """MA-P62, OD-P75: and what was not is not."""
    change = create(peer, "NEW-1")
    assert peer.service.check(change) == []
    peer.service.prepare()
    written = peer.service.write(change)
    number = str(written.key[peer.names.number])
    looks = [by_key(peer, number), by_key(peer, ABSENT), by_text(peer, "NEW-1"), by_text(peer, "-")]
    found = [numbers(peer, each) for each in peer.service.look(looks)]
    assert found == [[number], [], [number], []]


def test_a_change_is_made_by_the_etag_that_was_looked_at(peer: Peer) -> None:
    """MA-P63, OD-P67."""
    key = peer.first()
    look = by_key(peer, key[peer.names.number])
    entity = only(peer.service, look)
    written = peer.service.write(update(peer, key, {peer.names.text: "CHANGED"}, entity.etag))
    assert (written.key, written.http_status in (200, 204)) == (key, True)
    assert only(peer.service, look).row[peer.names.text] == "CHANGED"


def test_changes_in_one_batch_have_an_outcome_each(peer: Peer) -> None:
    """MA-P65, OD-P95 to OD-P100: one of two is refused, and the other written."""
    stale = update(peer, peer.first(), {peer.names.text: "CHANGED"}, 'W/"stale"')
    good = create(peer, "NEW-2")
    found = peer.service.write_batch([good, stale])
    assert isinstance(found[0], Written)
    number = str(found[0].key[peer.names.number])
    (listed,) = peer.service.look([by_text(peer, "NEW-2")])
    assert numbers(peer, listed) == [number]
    if only(peer.service, by_key(peer, number)).etag:
        assert isinstance(found[1], PreconditionFailed)


def test_the_embedded_sap_recognises_each_part_of_a_batch_that_comes_again() -> None:
    """OD-P75, OD-P76: the same parts once more are the same orders."""
    moment = datetime.now(UTC)
    with local_sap() as (server, _):
        server.gateway.v4.switches.set({"repeatability": True})
        with client_at(server.url, repeatable_requests=True) as client:
            changes = [
                purchase_order(
                    f"ONCE-{n}", Repeatability(request_id=f"{n:032X}", first_sent=moment)
                )
                for n in (1, 2)
            ]
            found = [client.write_batch(changes) for _ in range(2)]
    keys = [[each.key for each in each_time if isinstance(each, Written)] for each_time in found]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2
    assert {e.repeatability for e in found[1] if isinstance(e, Written)} == {"accepted"}


def test_fifty_changes_are_one_call_to_the_embedded_sap() -> None:
    """MA-P65: 49 orders, and one refusal with SAP's own text."""
    with local_sap() as (server, client):
        changes = [sales_order(f"MANY-{n}") for n in range(50)]
        changes[7] = Change(
            kind="create",
            service=LOCAL_V2,
            entity_set="A_SalesOrder",
            record={"SoldToParty": "C1"},
        )
        found = client.write_batch(changes)
        posts = [each for each in server.log.entries() if each["method"] == "POST"]
    assert [n for n, each in enumerate(found) if not isinstance(each, Written)] == [7]
    assert isinstance(found[7], SapRejected)
    assert found[7].http_status == 400
    assert len([each for each in posts if each["path"].endswith("$batch")]) == 1


def sales_order(text: str) -> Change:
    record = {
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C1",
        "PurchaseOrderByCustomer": text,
        "to_Item": [{"Material": "EP-1", "RequestedQuantity": "1"}],
    }
    return Change(kind="create", service=LOCAL_V2, entity_set="A_SalesOrder", record=record)


def purchase_order(text: str, same: Repeatability) -> Change:
    record = {
        "PurchaseOrderType": "NB",
        "CompanyCode": "1010",
        "PurchasingOrganization": "1010",
        "PurchasingGroup": "001",
        "Supplier": "S1",
        "CorrespncExternalReference": text,
    }
    return Change(
        kind="create",
        service=LOCAL_V4,
        entity_set="PurchaseOrder",
        record=record,
        repeatability=same,
    )
