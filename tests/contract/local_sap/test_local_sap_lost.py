"""Requests that get lost, come late or are refused: single ones, function imports and batches."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from local.sap.server import Server, serve
from tests.contract.local_sap import local_sap_batch_world as batches
from tests.contract.local_sap.local_sap_v4_world import ORDER as V4_ORDER
from tests.contract.local_sap.local_sap_v4_world import V4Api, error
from tests.contract.local_sap.local_sap_world import INVOICES, USERS, Api, code, invoice, seed

SET = f"{INVOICES}/A_SupplierInvoice"
POST = f"{INVOICES}/Post?SupplierInvoice='5105600101'&FiscalYear='2026'"
POSTED = "Post(SupplierInvoice='5105600101',FiscalYear='2026')"


def _parked(api: Api) -> None:
    assert api.send("POST", SET, invoice(SupplierInvoiceStatus="A")).status_code == 201


def _two_in_a_batch(api: Api) -> requests.Response:
    sets = [
        batches.change_set(batches.operation("POST", "A_SupplierInvoice", invoice(f"B-{n}"), "1"))
        for n in (1, 2)
    ]
    return batches.send(api, INVOICES, batches.together(sets))


WRITES: list[Callable[[Api], requests.Response]] = [
    lambda api: api.send("POST", SET, invoice("S-1")),
    lambda api: api.send("POST", POST),
    _two_in_a_batch,
]
SHAPES = pytest.mark.parametrize("write", WRITES, ids=["single", "function import", "batch"])


def _effects(server: Server) -> int:
    return len(server.log.created()) + len(server.log.called())


@SHAPES
def test_a_dropped_request_was_never_executed(
    stand_in: Server, api: Api, write: Callable[[Api], requests.Response]
) -> None:
    """RE-22: the other half of a lost answer."""
    _parked(api)
    stand_in.fault("drop-request")
    with pytest.raises(requests.ConnectionError):
        write(api)
    assert _effects(stand_in) == 1
    last = stand_in.log.entries()[-1]
    assert (last["status"], last["fault"]) == (0, "drop-request")
    assert write(api).status_code in (200, 201, 202)


@SHAPES
@pytest.mark.parametrize("fault", ["drop-answer", "error-500-after-commit", "garbled-after-commit"])
def test_a_lost_answer_leaves_all_that_was_done(
    stand_in: Server, api: Api, write: Callable[[Api], requests.Response], fault: str
) -> None:
    """RE-22, MA-P62, MA-P66: of a batch every operation."""
    _parked(api)
    stand_in.fault(fault)
    if fault == "drop-answer":
        with pytest.raises(requests.ConnectionError):
            write(api)
    else:
        answer = write(api)
        assert (answer.status_code == 500) is (fault == "error-500-after-commit")
    assert _effects(stand_in) == (3 if write is _two_in_a_batch else 2)
    assert stand_in.log.entries()[-1]["fault"] == fault


@SHAPES
def test_a_late_request_is_executed_after_its_connection_is_gone(
    stand_in: Server, api: Api, write: Callable[[Api], requests.Response]
) -> None:
    """reference/reliability.md 3.3 (c): and is in the log once, when it happens."""
    _parked(api)
    before = len(stand_in.log.entries())
    stand_in.fault("late:0.3")
    with pytest.raises(requests.ConnectionError):
        write(api)
    assert _effects(stand_in) == 1
    ends = time.monotonic() + 10
    while _effects(stand_in) == 1 and time.monotonic() < ends:
        time.sleep(0.02)
    assert _effects(stand_in) == (3 if write is _two_in_a_batch else 2)
    late = [each for each in stand_in.log.entries()[before:] if each.get("fault") == "late:0.3"]
    assert len(late) == 1


def test_a_late_request_that_is_refused_in_the_end_is_in_the_log(
    stand_in: Server, api: Api
) -> None:
    stand_in.fault("late:0")
    with pytest.raises(requests.ConnectionError):
        api.send("POST", SET, invoice(DocumentCurrency="USD"))
    ends = time.monotonic() + 10
    while not _refused(stand_in) and time.monotonic() < ends:
        time.sleep(0.02)
    assert (_refused(stand_in), stand_in.log.created()) == ([400], [])


def _refused(server: Server) -> list[int]:
    return [each["status"] for each in server.log.entries() if each["status"] >= 400]


def test_after_a_reset_nothing_comes_late(stand_in: Server, api: Api) -> None:
    stand_in.fault("late:0.2")
    with pytest.raises(requests.ConnectionError):
        api.send("POST", SET, invoice())
    stand_in.gateway.reset()
    time.sleep(0.4)
    assert stand_in.log.entries() == []


def test_a_locked_record_is_refused_with_the_name_of_who_holds_it(
    stand_in: Server, api: Api
) -> None:
    """OD-P87: 400 with a message class, not 423."""
    stand_in.fault("lock")
    answer = api.send("POST", SET, invoice())
    assert (answer.status_code, code(answer)) == (400, "MC/601")
    assert "locked by user MEIER" in answer.json()["error"]["message"]["value"]
    assert api.send("POST", SET, invoice()).status_code == 201


def test_a_refusal_is_for_one_operation_of_a_batch(stand_in: Server, api: Api) -> None:
    """MA-P65."""
    requests.post(f"{api.url}/_control/faults", json={"next": "refuse:M8/082"}, timeout=20)
    parts = [
        batches.change_set(batches.operation("POST", "A_SupplierInvoice", invoice(f"B-{n}"), "1"))
        for n in (1, 2)
    ]
    refused, taken = batches.run(api, INVOICES, *parts)
    assert (refused.error["code"], refused.content_id) == ("M8/082", "1")
    assert [each.status for each in taken.inner] == [201]
    assert len(stand_in.log.created()) == 1


def test_v4_refuses_on_request_too(stand_in: Server, v4: V4Api) -> None:
    stand_in.fault("lock")
    change = {"CorrespncInternalReference": "X"}
    assert error(v4.send("PATCH", V4_ORDER, change, If_Match="*")) == (400, "MC/601")
    assert v4.send("PATCH", V4_ORDER, change, If_Match="*").status_code == 200


@pytest.mark.parametrize("wanted", ["late", "late:-1", "late:601", "refuse", "refuse:", "lock:1"])
def test_a_fault_without_what_it_needs_is_refused(api: Api, wanted: str) -> None:
    answer = requests.post(f"{api.url}/_control/faults", json={"next": wanted}, timeout=20)
    assert (answer.status_code, "must be one of" in answer.text) == (400, True)


def test_every_answer_takes_its_time_and_none_waits_for_another() -> None:
    with serve(seed(), users=USERS, answer_delay=0.2) as server:
        clients = [Api(server.url) for _ in range(6)]
        begun = time.monotonic()
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda each: each.get(SET), clients))
        took = time.monotonic() - begun
        for each in clients:
            each.session.close()
    assert [each.status_code for each in answers] == [200] * 6
    assert 0.2 <= took < 1.0
