"""Faults on request, the witness that sees through them, and the way back to the seed."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_batch_world import operation, run
from tests.contract.local_sap.local_sap_world import INVOICES, USERS, Api, invoice, seed

SET = f"{INVOICES}/A_SupplierInvoice"
KEY = "A_SupplierInvoice(SupplierInvoice='5105600101',FiscalYear='2026')"


def _order(api: Api, **wanted: object) -> requests.Response:
    return requests.post(f"{api.url}/_control/faults", json=wanted, timeout=20)


def test_an_answer_is_dropped_and_the_invoice_is_there(stand_in: Server, api: Api) -> None:
    """RE-22, MA-P62."""
    _order(api, next="drop-answer")
    with pytest.raises(requests.ConnectionError):
        api.send("POST", SET, invoice())
    assert len(api.rows(SET)) == 1
    assert stand_in.log.created() == [KEY]
    entry = next(each for each in stand_in.log.entries() if each["created"])
    assert (entry["status"], entry["fault"]) == (201, "drop-answer")
    assert api.send("POST", SET, invoice()).status_code == 400


def test_a_batch_that_only_asks_takes_no_fault_of_writes(stand_in: Server, api: Api) -> None:
    """Whoever looks for many records before he writes them still loses the answer to the write."""
    _order(api, next="drop-answer")
    answers = run(api, INVOICES, operation("GET", "A_SupplierInvoice"))
    assert [each.status for each in answers] == [200]
    with pytest.raises(requests.ConnectionError):
        api.send("POST", SET, invoice())
    assert stand_in.log.created() == [KEY]


def test_a_500_after_the_commit_leaves_the_invoice(stand_in: Server, api: Api) -> None:
    """RE-22."""
    _order(api, next="error-500-after-commit")
    answer = api.send("POST", SET, invoice())
    assert (answer.status_code, len(api.rows(SET))) == (500, 1)
    assert stand_in.log.created() == [KEY]


def test_a_garbled_answer_is_no_json(api: Api) -> None:
    """RE-22."""
    _order(api, next="garbled-after-commit")
    answer = api.send("POST", SET, invoice())
    assert answer.status_code == 201
    with pytest.raises(ValueError, match="line 1"):
        answer.json()
    assert len(api.rows(SET)) == 1


def test_a_delayed_request_is_executed_after_the_client_gave_up(api: Api) -> None:
    """RE-22, reference/reliability.md 3.3 (c): a slow request lands later."""
    _order(api, next="delay:0.6")
    headers = {"X-CSRF-Token": api.token()}
    url = f"{api.url}/sap/opu/odata/sap/{SET}"
    with pytest.raises(requests.ReadTimeout):
        api.session.post(url, json=invoice(), headers=headers, timeout=0.2)
    assert api.rows(SET) == []
    ends = time.monotonic() + 10
    while not api.rows(SET) and time.monotonic() < ends:
        time.sleep(0.05)
    assert len(api.rows(SET)) == 1


def test_a_throttled_request_does_nothing(stand_in: Server, api: Api) -> None:
    """OD-P88."""
    _order(api, next="throttle", count=2)
    for _ in range(2):
        answer = api.send("POST", SET, invoice())
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert stand_in.log.created() == []
    assert api.send("POST", SET, invoice()).status_code == 201


def test_an_expired_session_asks_for_a_new_token(api: Api) -> None:
    """OD-P04, OD-P06."""
    _order(api, next="expire-session")
    answer = api.send("POST", SET, invoice())
    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")
    assert api.send("POST", SET, invoice()).status_code == 201


def test_reads_take_no_faults(stand_in: Server, api: Api) -> None:
    stand_in.fault("throttle")
    assert api.rows(SET) == []
    assert api.send("POST", SET, invoice()).status_code == 429


@pytest.mark.parametrize(
    "wanted",
    [{"next": "burn"}, {"next": "delay:soon"}, {"next": "throttle", "count": 0}, {"what": 1}, {}],
)
def test_a_fault_that_is_not_known_is_refused(api: Api, wanted: dict[str, object]) -> None:
    answer = _order(api, **wanted)
    assert answer.status_code == 400
    assert "must be" in answer.json()["error"] or "expected" in answer.json()["error"]


def test_reset_brings_the_seed_back(stand_in: Server, api: Api) -> None:
    api.send("POST", SET, invoice())
    stand_in.fault("throttle")
    assert requests.post(f"{api.url}/_control/reset", timeout=20).status_code == 200
    assert stand_in.log.entries() == []
    assert api.rows(SET) == []
    assert api.send("POST", SET, invoice()).status_code == 201


def test_the_log_is_read_over_http_and_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    with serve(seed(), users=USERS, log=path) as server:
        client = Api(server.url)
        with client.session:
            client.send("POST", SET, invoice())
        told = requests.get(f"{server.url}/_control/log", timeout=20).json()
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert kept == told
    assert [entry["method"] for entry in kept] == ["HEAD", "POST"]
    effects = {"created", "changed", "called"}
    assert set(kept[1]) == {"at", "method", "path", "query", "status", "user"} | effects
    assert kept[1]["created"] == [KEY]


def test_many_clients_at_once_lose_and_double_nothing(stand_in: Server) -> None:
    """RE-1: numbers are given once, whoever comes first."""

    def post(n: int) -> str:
        client = Api(stand_in.url)
        with client.session:
            answer = client.send("POST", SET, invoice(f"RE-{n}", SupplierInvoiceStatus="A"))
            number: str = answer.json()["d"]["SupplierInvoice"]
            return number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(post, range(40)))
    assert len(set(numbers)) == 40
    assert len(stand_in.log.created()) == 40
