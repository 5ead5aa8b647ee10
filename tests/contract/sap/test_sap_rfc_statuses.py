"""Which HTTP statuses tell that a change was not made."""

import pytest

from sapmatch.model.errors import LogonRefused, OutcomeUnknown, SapRejected
from sapmatch.model.rfc import RfcTransport
from tests.builders.sap_server import Reply, SapServer
from tests.builders.soap_replies import soap_of

PLACE = (("Location", "/sap/public/logon"),)


def changed(sap: RfcTransport) -> None:
    sap.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)


def read(sap: RfcTransport) -> None:
    sap.call("BAPI_USER_GETLIST", {"MAX_ROWS": 1}, want=["USERLIST"])


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(400, b"no", type="text/plain"), SapRejected),
        (Reply(501, b"no", type="text/plain"), SapRejected),
        (Reply(408, b"slow", type="text/plain"), OutcomeUnknown),
        (Reply(500, b"dump", type="text/plain"), OutcomeUnknown),
        (Reply(302, b"", type="text/plain", headers=PLACE), OutcomeUnknown),
    ],
)
def test_a_change_is_refused_for_sure_or_its_outcome_is_unknown(
    reply: Reply, error: type[Exception]
) -> None:
    """CO-T27: 408 may come from a proxy that gave up while SAP went on."""
    with SapServer(lambda _: reply) as server:
        sap = soap_of(server)
        with pytest.raises(error):
            changed(sap)
        sap.close()
    assert len(server.requests) == 1


def test_a_read_that_is_sent_elsewhere_is_sent_to_a_logon_page() -> None:
    """CO-T27."""
    with SapServer(lambda _: Reply(302, b"", type="text/plain", headers=PLACE)) as server:
        sap = soap_of(server)
        with pytest.raises(LogonRefused, match="redirects"):
            read(sap)
        sap.close()
