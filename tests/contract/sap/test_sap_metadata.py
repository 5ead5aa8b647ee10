"""$metadata over the wire: fetched once, and what is no metadata ends in a typed error."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sapmatch.cli import main
from sapmatch.model.errors import InputRejected, SapmatchError
from tests.builders.edmx import v2_document
from tests.builders.sap_server import SERVICE, Reply, SapServer, client_of

XML = "application/xml"


def test_metadata_is_fetched_once_for_all_threads() -> None:
    """OD-P106, OD-P15."""
    with (
        SapServer(lambda _: Reply(body=v2_document(), type=XML)) as server,
        client_of(server) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        service = client.service(SERVICE)
        found = list(pool.map(lambda _: service.metadata(), range(8)))
        (request,) = server.requests
    assert all(each is found[0] for each in found)
    assert request.path == f"{SERVICE}/$metadata"
    assert "sap-client=" in request.query


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
        b"<html>Log on</html>",
        v2_document()[:-30],
        b" " * 40_000_000,
    ],
    ids=["entities", "a logon page", "truncated", "40 MB"],
)
def test_what_is_no_metadata_is_refused_and_not_kept(body: bytes) -> None:
    """OD-P106."""
    replies = [Reply(body=body, type=XML), Reply(body=v2_document(), type=XML)]
    with SapServer(lambda _: replies.pop(0)) as server, client_of(server) as client:
        service = client.service(SERVICE)
        with pytest.raises(SapmatchError):
            service.metadata()
        assert list(service.metadata().entity_sets) == ["Orders"]


def test_metadata_that_cannot_be_read_names_its_service() -> None:
    reply = Reply(body=v2_document()[:-30], type=XML)
    with (
        SapServer(lambda _: reply) as server,
        client_of(server) as client,
        pytest.raises(SapmatchError, match=rf"\[connections\.s4\]: {SERVICE}/\$metadata: "),
    ):
        client.service(SERVICE).metadata()


def test_a_call_with_a_name_that_metadata_lacks_sends_nothing() -> None:
    """OD-P62."""
    with (
        SapServer(lambda _: Reply(body=v2_document(), type=XML)) as server,
        client_of(server) as client,
    ):
        service = client.service(SERVICE)
        service.metadata()
        with pytest.raises(InputRejected, match="Orders"):
            list(service.rows("Order"))
        assert len(server.requests) == 1


def test_the_command_reads_from_sap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("S4_USER", "somebody")
    monkeypatch.setenv("S4_PASSWORD", "password-canary")
    with SapServer(lambda _: Reply(body=v2_document(), type=XML)) as server:
        Path("sapmatch.toml").write_text(
            f'[connections.s4]\nurl = "{server.url}"\nclient = "100"\nservice = "{SERVICE}"\n'
            'auth = { type = "basic", secret = "env:S4" }\n'
        )
        assert main(["metadata", "s4", "--json"]) == 0
    assert '"name": "Orders"' in capsys.readouterr().out
