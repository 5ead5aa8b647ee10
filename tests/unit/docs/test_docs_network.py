"""docs/network.md: its examples are settings that are taken, its sums are right."""

import re
from pathlib import Path

import pytest

from sapmatch.settings import parse

PAGE = Path("docs/network.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
CONNECTIONS = """
[connections.s4]
url = "https://sap.example.com:44300"
client = "100"
auth = { type = "basic", secret = "sapmatch/s4" }
[connections.ecc]
url = "https://ecc.example.com"
client = "200"
profile = "ecc"
auth = { type = "basic", secret = "sapmatch/ecc" }
"""
HOURS = 730
ENDPOINT, VPN, RESOLVER, ZONE = 0.01 * HOURS, 0.05 * HOURS, 0.125 * HOURS, 0.5


@pytest.mark.parametrize("kind", ["vpn", "privatelink", "existing"])
def test_an_example_of_a_network_is_taken_as_it_stands(kind: str) -> None:
    (example,) = [text for text in EXAMPLES if f'type = "{kind}"' in text]
    (provider,) = [text for text in EXAMPLES if "[network.provider]" in text]
    text = CONNECTIONS + example + (provider if kind == "privatelink" else "")
    assert parse(text.encode(), "docs/network.md").network.type == kind


def test_the_sums_of_the_costs_are_those_of_their_parts() -> None:
    secrets = 2 * ENDPOINT
    assert f"about {secrets + VPN + ZONE:.0f} with `names`" in PAGE
    assert f"{secrets + VPN + 2 * RESOLVER:.0f} with `dns_servers`" in PAGE
    assert f"about {secrets + 2 * ENDPOINT + ZONE:.0f}, " in PAGE
    assert f"{secrets + 4 * ENDPOINT + ZONE:.0f} with a broker" in PAGE
    for price in (ENDPOINT, VPN, RESOLVER, 2 * RESOLVER, ZONE):
        assert f"{price:.2f}" in PAGE
