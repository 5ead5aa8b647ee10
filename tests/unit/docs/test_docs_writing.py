"""docs/writing.md: its first example is one that runs, and its times are the program's."""

import re
from pathlib import Path

from msgspec import convert

from sapmatch.bootstrap.writing import rules_of
from sapmatch.model.connection import Connection

PAGE = Path("docs/writing.md").read_text(encoding="utf-8")
EXAMPLE = Path("docs/examples/write_back/sales_order_change.toml")


def test_the_first_example_is_the_one_that_runs() -> None:
    settings, file = re.findall(r"^```(?:toml)?\n((?:\[|Order No).+?)^```", PAGE, re.M | re.S)[:2]
    assert settings in EXAMPLE.read_text(encoding="utf-8")
    assert file == EXAMPLE.with_suffix(".csv").read_text(encoding="utf-8").replace("\r\n", "\n")
    assert "sapmatch write s4 sales_order_change orders.csv --dry-run\n" in PAGE


def test_the_default_times_are_those_that_the_page_on_the_protocol_names() -> None:
    auth = {"type": "basic", "secret": "env:S4"}
    connection = convert(
        {"url": "https://sap.example.com", "client": "100", "auth": auth}, Connection
    )
    rules = rules_of(connection)
    minutes = (rules.slack + rules.settle + rules.skew).total_seconds() / 60
    again = minutes + rules.spacing.total_seconds() / 60
    page = Path("docs/exactly-once.md").read_text(encoding="utf-8")
    assert f"read back after {minutes:.0f} minutes" in " ".join(page.split())
    assert f"sent again after {again:.0f}." in " ".join(page.split())
