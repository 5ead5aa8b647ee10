"""The contestants run in processes of their own, and the command line decides as they do."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.matching.deciding import Engine
from benchmarks.matching.measuring import growing, measured
from benchmarks.matching.paper import POLICY, Sample
from benchmarks.matching.rows import write
from benchmarks.matching.world import World, world
from sapmatch.model.invoice import BankAccount, Payment, TaxSubtotal
from tests.builders.einvoice_ubl import ubl

LIMITS = POLICY.company_codes["1010"].tolerances


@pytest.mark.parametrize("name", ["exact join", "rapidfuzz", "Splink"])
def test_every_peer_links_most_of_a_small_world(name: str) -> None:
    found = measured(name, 3000, 300)
    assert found["right_order"] > 0.3
    assert found["cpu_s"] > 0


def test_our_figures_hold_every_score() -> None:
    found = measured("sapmatch", 1500, 100)
    assert found["right_state"] > 0.9
    assert sum(one["decided"] for one in found["kinds"].values()) == found["invoices"]
    assert found["wrong"] == found["automatic"] - round(found["precision"] * found["automatic"])


def test_sizes_are_timed_in_turns() -> None:
    found = growing(250, [600, 6000])
    assert len(found[600]["rates"]) == len(found[6000]["rates"]) > 1
    assert found[6000]["orders"] > found[600]["orders"]


def test_the_command_line_decides_as_the_engine_does_on_the_same_rows(tmp_path: Path) -> None:
    made = _without_accounts(world(1500, 100))
    write(made, tmp_path / "orders")
    (tmp_path / "sapmatch.toml").write_text(_settings())
    samples = [sample for sample in made.samples if _fits_ubl(sample)]
    files = [_written(sample, tmp_path) for sample in samples]
    options = ["--orders", str(tmp_path / "orders"), "--settings", str(tmp_path / "sapmatch.toml")]
    done = subprocess.run(
        [sys.executable, "-m", "sapmatch.cli", "match", *files, *options, "--json"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    told = {Path(row["document"]).name: row for row in map(json.loads, done.stdout.splitlines())}
    only = World(orders=made.orders, posted=made.posted, samples=tuple(samples))
    ours = {one.sample.id: one.decision for one in Engine(only).run(only)}
    assert {name: row["decision"] for name, row in told.items()} == {
        name: decision.state for name, decision in ours.items()
    }
    assert {name: row["orders"] for name, row in told.items()} == {
        name: list(decision.orders) for name, decision in ours.items()
    }


def _without_accounts(made: World) -> World:
    """Banks of suppliers are in no file that the command reads."""
    orders = tuple(replace(order, partner_ibans=()) for order in made.orders)
    return World(orders=orders, posted=made.posted, samples=made.samples)


def _fits_ubl(sample: Sample) -> bool:
    """UBL has room for one order beside those of the lines."""
    invoice = sample.invoice
    named = {line.order_reference for line in invoice.lines}
    return len(invoice.order_references) < 2 or named == set(invoice.order_references)


def _written(sample: Sample, folder: Path) -> str:
    one = sample.invoice
    assert one.net is not None
    assert one.tax is not None
    row = TaxSubtotal(category="S", rate=Decimal(19), basis=one.net, amount=one.tax)
    file = folder / sample.id
    accounts = (BankAccount(iban=one.iban),) if one.iban else ()
    payment = Payment(means="58", accounts=accounts)
    file.write_bytes(ubl(replace(one, taxes=(row,), payment=payment)))
    return str(file)


def _settings() -> str:
    """The policy of the benchmark as a settings file."""
    bounds = ("lower_absolute", "lower_percent", "upper_absolute", "upper_percent")
    rows = []
    for key, limits in LIMITS.items():
        values = ", ".join(f'{bound} = "{getattr(limits, bound)}"' for bound in bounds)
        rows.append(f"{key} = {{ {values} }}")
    head = """\
[matching]
order_sides = ["purchase_order"]
[matching.company_codes.1010]
name = "Example Maschinenbau GmbH"
vat_ids = ["DE811234567"]
currency = "EUR"
time_zone = "Europe/Berlin"
[matching.company_codes.1010.tolerances]
"""
    return head + "\n".join(rows) + "\n"
