import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.connection import Connection
from sapmatch.sap.doctor import Finding, Target
from tests.builders.memory import MemoryClock

ROOT = "/sap/opu/odata/sap"
CONNECTION = """
[connections.{name}]
url = "https://sap.example.com"
client = "100"
auth = {{ type = "basic", secret = "env:S4" }}
"""
FLOWS = f"""
[extractions.orders]
connection = "s4"
schedule = "rate(1 hour)"
entity_sets = [
  {{ service = "{ROOT}/ORDERS", name = "A_Order" }},
  {{ service = "{ROOT}/ORDERS/", name = "A_OrderItem" }},
  {{ service = "{ROOT}/INVOICES", name = "A_Invoice" }},
]
[extractions.others]
connection = "ecc"
schedule = "rate(1 hour)"
entity_sets = [{{ service = "{ROOT}/ELSEWHERE", name = "A_Order" }}]
[write_backs.invoices]
connection = "s4"
service = "{ROOT}/INVOICES"
entity_set = "A_Invoice"
operation = "insert"
reference = ["Number"]
schedule = "rate(1 hour)"
"""
SETTINGS = CONNECTION.format(name="s4") + CONNECTION.format(name="ecc") + FLOWS
OK = Finding(check="dns", status="ok", detail="sap.example.com is 10.0.0.1")
WARNING = Finding(check="tls", status="warning", detail="ends in 3 days", remedy="renew it")
SKIPPED = Finding(check="delta", status="skipped", detail="nothing to see", service="/x")
FAILED = Finding(check="csrf", status="failed", detail="none", remedy="cookies", service="/x")
UNREACHED = Finding(check="route", status="failed", detail="-", remedy="-", unreachable=True)


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the doctor was asked, and what it finds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    Path("sapmatch.toml").write_text(SETTINGS)
    asked = SimpleNamespace(targets=None, findings=[OK])

    def examine(
        name: str,
        connection: Connection,
        targets: Sequence[Target],
        connect: Callable[[], Any],
        clock: MemoryClock | None = None,
    ) -> Iterator[Finding]:
        asked.targets = list(targets)
        yield from asked.findings

    monkeypatch.setattr("sapmatch.cli.doctor.examine", examine)
    return asked


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([OK, WARNING, SKIPPED], 0),
        ([OK, FAILED, WARNING], 3),
        ([UNREACHED, SKIPPED], 4),
    ],
)
def test_the_exit_code_says_how_bad_it_is(
    patient: SimpleNamespace, findings: list[Finding], code: int
) -> None:
    patient.findings = findings
    assert main(["doctor", "s4"]) == code
    assert main(["doctor", "s4", "--json"]) == code


def test_a_finding_is_one_line_of_json(
    patient: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    patient.findings = [OK, FAILED]
    assert main(["doctor", "s4", "--json"]) == 3
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["check"], first["status"], first["remedy"]) == ("dns", "ok", "")
    assert second == {
        "check": "csrf",
        "service": "/x",
        "status": "failed",
        "detail": "none",
        "remedy": "cookies",
        "unreachable": False,
    }


def test_people_see_the_remedy_below_its_finding_and_services_as_headings(
    patient: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    patient.findings = [OK, FAILED, SKIPPED, WARNING]
    main(["doctor", "s4"])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line.split() for line in lines] == [
        ["s4"],
        ["ok", "dns", "sap.example.com", "is", "10.0.0.1"],
        ["/x"],
        ["failed", "csrf", "none"],
        ["->", "cookies"],
        ["skipped", "delta", "nothing", "to", "see"],
        ["s4"],
        ["warning", "tls", "ends", "in", "3", "days"],
        ["->", "renew", "it"],
    ]
    assert lines[3].index("none") == lines[4].index("->") == lines[5].index("nothing")


def test_every_service_that_the_settings_use_is_examined(patient: SimpleNamespace) -> None:
    main(["doctor", "s4"])
    assert patient.targets == [
        Target(f"{ROOT}/ORDERS", ("A_Order", "A_OrderItem")),
        Target(f"{ROOT}/INVOICES", ("A_Invoice",)),
    ]


def test_the_connections_own_service_comes_first(patient: SimpleNamespace) -> None:
    own = SETTINGS.replace('client = "100"', f'client = "100"\nservice = "{ROOT}/OWN"', 1)
    Path("sapmatch.toml").write_text(own)
    main(["doctor", "s4"])
    assert patient.targets[0] == Target(f"{ROOT}/OWN")
    assert len(patient.targets) == 3


def test_a_named_service_is_examined_alone_with_what_is_used_of_it(
    patient: SimpleNamespace,
) -> None:
    main(["doctor", "s4", "--service", f"{ROOT}/INVOICES/"])
    assert patient.targets == [Target(f"{ROOT}/INVOICES", ("A_Invoice",))]


@pytest.mark.parametrize(
    ("argv", "shown"), [(["x4"], "connections.x4"), ([], "CONNECTION"), (["s4"], "--service")]
)
def test_wrong_usage_ends_with_2(
    patient: SimpleNamespace, argv: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sapmatch.toml").write_text(CONNECTION.format(name="s4"))
    assert main(["doctor", *argv]) == 2
    assert shown in capsys.readouterr().err
    assert patient.targets is None
