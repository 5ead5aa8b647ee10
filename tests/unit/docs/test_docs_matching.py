"""docs/matching.md: its decision is the program's, its examples are right, its lists are whole."""

import json
import re
import shlex
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.matching.advice import CAUSES, INVALID
from sapmatch.matching.tolerances import PRECEDENCE
from sapmatch.model.invoice import AllowanceCharge, Invoice
from sapmatch.model.match import Decision, State
from sapmatch.model.order import GoodsReceipt, Order, PlannedCost, ScheduleLine
from sapmatch.model.policy import Tolerance
from tests.unit.matching.desk import D, decide, invoice, item, line, order, policy, posting

PAGE = Path("docs/matching.md").read_text(encoding="utf-8")
README = Path("README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^\| ([A-Z]{2}) \| .+ \| (.+) \| (.+) \| (holds|fails|warns) \|", PAGE, re.MULTILINE
)
BOUNDS = {"EUR": "upper_absolute", "%": "upper_percent", "days": "upper_absolute"}
BOXES: dict[str, Any] = {
    "unit": "BOX",
    "price_unit": "KG",
    "price_unit_numerator": D(12),
    "price_unit_denominator": D(5),
}
WEIGHED = line(quantity="10", price="2.00", unit="BX", net=D("50.40"))


def received(weight: str) -> tuple[GoodsReceipt, ...]:
    return (
        GoodsReceipt(
            material_document="5000000001",
            year="2026",
            item="1",
            quantity=D(10),
            price_quantity=D(weight),
        ),
    )


def freight(amount: str) -> Invoice:
    charge = AllowanceCharge(
        is_charge=True, amount=D(amount), reason="Fracht", reason_code="FC", tax_rate=D(19)
    )
    return invoice(allowances_charges=(charge,), net=D(1000) + D(amount))


def held(*more: Any, **fields: Any) -> Order:
    return order("4500000012", item(*more, **fields))


CASES: dict[str, tuple[Invoice, Order]] = {
    "PP": (invoice(line(price="10.20")), held()),
    "PS": (invoice(line(price="10.50")), held(price_estimated=True)),
    "PC": (invoice(), held(contract_price=D("9.90"))),
    "DQ": (invoice(line(quantity="104")), held()),
    "DW": (invoice(line(quantity="40")), held(received=[])),
    "BR": (invoice(WEIGHED), held(10, "10", "2.00", received=[], receipt_expected=False, **BOXES)),
    "BW": (invoice(WEIGHED), held(10, "10", "2.00", **BOXES, receipts=received("24.5"))),
    "LA": (
        invoice(line(quantity="1", price="511.00")),
        held(10, "1", "0", overall_limit=D(1000), postings=(posting("1", "500.00"),)),
    ),
    "LD": (
        invoice(line(quantity="1", price="100.00")),
        order(
            "4500000012",
            item(10, "1", "0", overall_limit=D(1000)),
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 10, 5),
        ),
    ),
    "AN": (
        invoice(line(), line(20, "1", "99.00", description="Montage", seller_item_id="M")),
        held(),
    ),
    "AP": (invoice(), held()),
    "KW": (
        freight("110.00"),
        held(planned_costs=(PlannedCost(condition="FRA1", amount=D(100), quantity=D(100)),)),
    ),
    "ST": (
        invoice(),
        held(schedule=(ScheduleLine(delivery_date=date(2026, 10, 22), quantity=D(100)),)),
    ),
    "BD": (invoice(total=D("1190.03")), held()),
    "VP": (
        invoice(line(price="10.20")),
        held(moving_average_price=D("10.00"), stock=D(50)),
    ),
}


def decided(key: str, limit: str) -> Decision:
    limits: dict[str, Any] = {}
    for value, unit in re.findall(r"([\d.]+) (EUR(?: days)?|%|days)", limit):
        limits[BOUNDS[unit.split(" ")[0]]] = D(value)
    rules = {"PP": Tolerance(), "DQ": Tolerance(), "LA": Tolerance(), key: Tolerance(**limits)}
    billed, known = CASES[key]
    return decide(billed, known, rules=policy(rules))


def test_the_page_has_an_example_for_every_tolerance_key() -> None:
    assert {key for key, *_ in EXAMPLES} == set(PRECEDENCE) == set(CASES)


@pytest.mark.parametrize(("key", "limit", "value", "verdict"), EXAMPLES)
def test_an_example_of_a_tolerance_key_is_what_the_program_makes_of_it(
    key: str, limit: str, value: str, verdict: str
) -> None:
    decision = decided(key, limit)
    checks = [check for check in decision.tolerances if check.key == key]
    told = {check.unit: check.value for check in checks}
    stated = re.findall(r"([\d.]+) (EUR(?: days)?|%|days)", value)
    assert stated
    for number, unit in stated:
        assert D(number) == round(told[unit], 4), (key, told)
    verdicts = {check.verdict for check in checks}
    worst = next(v for v in ("fail", "warning", "pass") if v in verdicts)
    assert {"fail": "fails", "warning": "warns", "pass": "holds"}[worst] == verdict


def test_the_decision_of_the_page_is_the_one_of_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    command, shown = re.findall(
        r"\$ \.venv/bin/sapmatch (match .+?)\n```\n\n```text\n(.+?)\n```", PAGE, re.DOTALL
    )[0]
    words = shlex.split(command.replace("\\\n", " "))
    explained = tmp_path / "out.html"
    words[words.index("build/out.html")] = str(explained)
    assert main(words) == 0
    assert capsys.readouterr().out.split() == shown.split()
    assert "<svg" in explained.read_text(encoding="utf-8")


COMMANDS = re.findall(r"^\$ \.venv/bin/sapmatch (match (?:.+\\\n)*.+)$", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_match_of_the_readme_runs(
    command: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    words = shlex.split(command.replace("\\\n", " "))
    page = tmp_path / "page.html"
    words = [str(page) if word.startswith("build/") else word for word in words]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert page.exists() == ("--explain" in words)
    if "--json" in words:
        found = json.loads(out)
        assert f"`{found['score']}`" in README
        assert all(f'"{sentence}"' in README for sentence in found["explanation"][:2])


def test_the_page_names_every_state_and_the_causes_of_its_own() -> None:
    assert [state for state in State if state.value not in PAGE] == []
    own = {cause for cause in CAUSES if len(cause) > 2} | set(INVALID)
    assert {cause for cause in own if cause not in PAGE} == set()


def test_the_picture_is_there_and_small() -> None:
    for place in re.findall(r"\]\((images/[^)]+)\)", PAGE):
        assert 0 < (Path("docs") / place).stat().st_size < 80_000


@pytest.mark.parametrize("name", ["README.md", *map(str, sorted(Path("docs").rglob("*.md")))])
def test_links_between_the_pages_lead_somewhere(name: str) -> None:
    text = re.sub(r"```.*?```", "", Path(name).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        found = (Path(name).parent / path) if path else Path(name)
        assert found.exists(), f"{name}: {target}"
        if anchor:
            assert anchor in anchors(found), f"{name}: {target}"


def anchors(page: Path) -> set[str]:
    """Of headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
