"""A write whose exchange is cut at every byte is in SAP at most once, and never sent again.

A proxy before the embedded SAP cuts the connection after so many bytes of the request, or of its
answer (OD-P70 to OD-P77, RE-12, RE-22).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from local.sap.server import Server, serve
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import OutcomeUnknown
from sapmatch.model.intent import IntentState
from sapmatch.model.query import Query
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.batch import Changeset, Create
from sapmatch.sap.odata.client import ODataClient
from sapmatch.writing.plan import new_intent
from tests.builders.cutting_proxy import Cut, CuttingProxy, Way
from tests.builders.memory import START, MemoryClock
from tests.builders.writes import INVOICES, QUIET, SPACING, Stage
from tests.contract.local_sap.local_sap_world import USERS, invoice, seed

# `make proof` cuts at every byte, a plain test run at some of them.
EVERY_BYTE = "SAPMATCH_PROOF_SEEDS" in os.environ
SOME = 30  # positions of each of the two ways
A_WORLD = 200  # cuts before SAP is empty again, so that reading back stays quick
WARM = 3  # the same invoice again: from then on all answers are equally long
SERVICE, ENTITY_SET = INVOICES.service, INVOICES.entity_set


@dataclass
class World:
    """The embedded SAP, a proxy before it, and a client whose clock stands still."""

    sap: Server
    proxy: CuttingProxy
    client: ODataClient
    created: int = 0

    def found(self, reference: str) -> int:
        query = Query(equals={"SupplierInvoiceIDByInvcgParty": reference})
        return len(self.client.find(SERVICE, ENTITY_SET, query))


@contextmanager
def world(mark: str) -> Iterator[World]:
    with (
        serve(seed(), users=USERS, duplicate_check=False) as sap,
        CuttingProxy(sap.url, f"POST {SERVICE}/{mark}".encode()) as proxy,
    ):
        auth = Basic(secret="env:T")
        limits = Limits(failures=1_000_000)  # the breaker is not what is proven here
        connection = Connection(url=proxy.url, client="100", auth=auth, limits=limits)
        credentials = {"user": "ROBOT", "password": USERS["ROBOT"]}
        with connect("s4", connection, Given(credentials), clock=MemoryClock()) as client:
            yield World(sap, proxy, client)


def cuts(proxy: CuttingProxy) -> list[Cut]:
    """Every byte of the request and of the answer that the proxy saw last, or a spread of them."""
    ways: tuple[tuple[Way, int], ...] = (("request", proxy.sizes[0]), ("answer", proxy.sizes[1]))
    found = []
    for way, size in ways:
        step = 1 if EVERY_BYTE else max(1, size // SOME)
        places = sorted({*range(0, size + 1, step), size - 1, size})
        found += [Cut(way, place) for place in places]
    return found


def test_a_create_that_is_cut_anywhere_is_posted_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a complete answer its outcome is unknown; nothing else is ever claimed."""

    def create(world: World, reference: str) -> bool:
        try:
            written = world.client.create(SERVICE, ENTITY_SET, invoice(reference))
        except OutcomeUnknown:
            return False
        assert written.key["SupplierInvoice"]
        return True

    cut_everywhere(ENTITY_SET, create, capsys)


def test_a_batch_that_is_cut_anywhere_is_posted_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A change set is never said to have failed, nor to be left out, where nobody knows."""

    def batch(world: World, reference: str) -> bool:
        changes = Changeset((Create(ENTITY_SET, invoice(reference)),))
        try:
            (result,) = world.client.service(SERVICE).batch([changes])
        except OutcomeUnknown:
            return False
        assert result.status in ("succeeded", "unknown")
        return result.status == "succeeded"

    cut_everywhere("$batch", batch, capsys)


def test_an_intent_that_is_cut_anywhere_ends_as_one_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Read-back alone decides: what is in SAP is confirmed, the rest may be sent anew."""

    def write(world: World, reference: str) -> bool:
        stage = staged(reference)
        sent = stage.write(sap=world.client).state
        assert sent in (IntentState.CONFIRMED, IntentState.UNKNOWN)
        for wait in (QUIET, SPACING, SPACING):
            if sent is IntentState.UNKNOWN:
                stage.clock.sleep(wait)
                stage.look(sap=world.client)
        assert (stage.intent.state is IntentState.CONFIRMED) == bool(world.found(reference))
        return sent is IntentState.CONFIRMED

    cut_everywhere(ENTITY_SET, write, capsys)


def cut_everywhere(
    mark: str, write: Callable[[World, str], bool], capsys: pytest.CaptureFixture[str]
) -> None:
    """`write` sends one document and says whether it knows that SAP took it."""
    with world(mark) as first:
        for number in range(WARM):
            assert write(first, f"RE-WARM{number}")
        places = cuts(first.proxy)
    known = executed = 0
    for start in range(0, len(places), A_WORLD):
        with world(mark) as fresh:
            for number in range(WARM):
                write(fresh, f"RE-WARM{number}")
            for number, cut in enumerate(places[start : start + A_WORLD]):
                taken = cut_once(fresh, cut, f"RE-{number:05}", write)
                known += taken
                executed += fresh.created
    assert 0 < known < executed < len(places)
    with capsys.disabled():
        counts = f"{len(places)} cuts, {executed} executed, {known} known"
        print(f"\nlost answers: {mark}: {counts}")  # noqa: T201  a proof says what it tried


def cut_once(world: World, cut: Cut, reference: str, write: Callable[[World, str], bool]) -> bool:
    """One write that is cut: at most one POST and one document, and read-back finds it."""
    before, proxy = world.sap.log.created(), world.proxy
    world.client.prepare(SERVICE)
    proxy.cut, proxy.seen = cut, 0
    proxy.over.clear()
    taken = write(world, reference)
    assert proxy.over.wait(10)
    assert proxy.seen == 1, f"{cut}: posted again"
    found = world.found(reference)
    created = world.sap.log.created()[len(before) :]
    assert len(created) == found <= 1, f"{cut}: {created}"
    assert found or not taken, f"{cut}: said to be done and is not"
    world.created = found
    return taken


def staged(reference: str) -> Stage:
    named = {"SupplierInvoiceIDByInvcgParty": reference, "InvoicingParty": "S1"}
    payload = invoice(reference)
    intent, _ = new_intent(
        "invoices",
        INVOICES,
        "100",
        payload,
        business_key=named,
        once=True,
        reference=named,
        created_at=START,
    )
    return Stage(intent, payload)
