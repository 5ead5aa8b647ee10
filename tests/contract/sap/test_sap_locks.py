"""Records that somebody edits in SAP: a lock is told from a refusal by its number."""

import pytest

from sapmatch.model.errors import RecordLocked, SapRejected
from sapmatch.sap.odata.metadata import Version
from sapmatch.sap.odata.service import Service
from tests.builders.sap_server import Reply, SapServer, client_of, data, in_turn, refusal
from tests.builders.sap_typed import PATHS

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])


def update(service: Service) -> None:
    service.update("Orders", {"ID": "1"}, {"Name": "payload-canary"}, etag='"1"')


@VERSIONS
@pytest.mark.parametrize(
    ("reply", "configured"),
    [
        (refusal(400, "MC/601", "Object requested is currently locked by user X"), ()),
        (refusal(400, "MC 601"), ()),
        (refusal(409, "/CPD/PWS_ODATA_MSG/002"), ()),
        (refusal(423), ()),
        (refusal(400, "ME/006", "Document is being processed by user X"), ("ME/006",)),
        (refusal(400, "ME/006"), ("ME 006",)),
        (
            data(
                {"error": {"code": "X/1", "message": "No", "details": [
                    {"code": "ME/006", "message": "Locked"}]}},
                400,
            ),
            ("ME/006",),
        ),
    ],
)  # fmt: skip
def test_a_record_that_somebody_edits_is_locked_and_may_be_tried_later(
    version: Version, reply: Reply, configured: tuple[str, ...]
) -> None:
    """OD-P87: by number, never by the text in the logon language."""
    with (
        SapServer(in_turn(reply)) as server,
        client_of(server, csrf="never", locked_messages=configured) as client,
        pytest.raises(RecordLocked),
    ):
        update(client.service(PATHS[version]))
    assert len(server.requests) == 1


def test_a_number_that_nobody_named_a_lock_is_a_refusal() -> None:
    """OD-P87."""
    with (
        SapServer(in_turn(refusal(400, "ME/006", "Document is being processed"))) as server,
        client_of(server, csrf="never") as client,
        pytest.raises(SapRejected),
    ):
        update(client.service(PATHS["V2"]))
