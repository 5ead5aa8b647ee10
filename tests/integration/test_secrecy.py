"""No secret is anywhere that it should not be: after all that the other tests let go wrong."""

import base64
import json
import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from local import accounts
from local.btp.server import Btp, serve
from local.jobs import Jobs
from local.samples import world
from local.samples.einvoice import ubl
from local.stage import BUILD, Stage
from sapmatch.cli import main
from tests.builders import canaries
from tests.builders.btp import basic_destination, destination
from tests.builders.certificates import Authority
from tests.integration.test_deciding import excepted, too_much

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
LAPTOP = "canary-on-the-laptop"
IN_AN_ERROR = "canary-in-an-error"
KIND = "OAuth2SAMLBearerAssertion"
said: list[tuple[str, str]] = []  # what commands printed and logged, by what was wrong


@pytest.fixture(scope="module")
def btp(running: Stage) -> Iterator[Btp]:
    """A destination service whose destinations are wrong."""
    refused = {"type": "", "value": "", "error": f"refused: Bearer {IN_AN_ERROR}-0123456789"}
    known = {
        "ERROR": destination("OAuth2ClientCredentials", URL=running.sap_url)
        | {"authTokens": [refused]},
        "SYSTEM": destination(KIND, URL=running.sap_url, SystemUser="ROBOT"),
        "ELSEWHERE": basic_destination(URL="https://other.example.com"),
    }
    with serve(known, secret=LAPTOP) as found:
        yield found


def p12(folder: Path, *, days: float = 90, password: str = LAPTOP) -> dict[str, str]:
    leaf = Authority(folder).client(days=days)
    return {"P12": base64.b64encode(leaf.p12(LAPTOP)).decode(), "PASSWORD": password}


BASIC = 'auth = { type = "basic", secret = "env:BAD" }'
CERTIFICATE = 'auth = { type = "certificate", secret = "env:BAD" }'
BAD = {
    "wrong password": (BASIC, "client 100"),
    "expired certificate": (CERTIFICATE, "ended on"),
    "wrong p12 password": (CERTIFICATE, "does not open its `p12`"),
    "unknown key": (f'auth = {{ type = "basic", secret = "env:BAD", pass = "{LAPTOP}" }}', "pass"),
    "https virtual host": (f'{BASIC}\nproxy = {{ host = "127.0.0.1" }}', "http://"),
    "NOWHERE": ("", "NOWHERE"),
    "ERROR": ("", "refused"),
    "SYSTEM": ("", "SystemUser"),
    "ELSEWHERE": ("", "other.example.com"),
}


def environment(what: str, btp: Btp, folder: Path) -> dict[str, str]:
    """The fields of secret env:BAD."""
    if what == "expired certificate":
        return p12(folder, days=-1)
    if what == "wrong p12 password":
        return p12(folder, password=f"not-{LAPTOP}")
    if what.isupper():
        return {name.upper(): value for name, value in btp.binding.items()}
    return {"USER": accounts.SAP_USER, "PASSWORD": LAPTOP}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_told_with_its_remedy_and_without_a_secret(
    what: str,
    btp: Btp,
    running: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """CO-T16: through the command line, with everything logged that any library would log."""
    caplog.set_level(logging.DEBUG)
    block, remedy = BAD[what]
    by = f'{{ type = "btp-destination", secret = "env:BAD", destination = "{what}" }}'
    settings = tmp_path / "sapmatch.toml"
    settings.write_text(
        f'[connections.bad]\nurl = "{running.sap_url}"\nclient = "100"\nca = "env:CA"\n'
        + (block or f"auth = {by}")
    )
    monkeypatch.setenv("CA_BUNDLE_FILE", str(BUILD / accounts.CA))
    for name, value in environment(what, btp, tmp_path).items():
        monkeypatch.setenv(f"BAD_{name}", value)
    command = ["extract", "bad", "A_SalesOrder", "--service", SERVICE, "--to", str(tmp_path)]
    code = main([*command, "--settings", str(settings)])
    printed = "".join(capfd.readouterr())
    said.append((what, printed + caplog.text))
    assert code in (2, 3, 4)
    assert remedy in printed


def test_a_token_that_cannot_be_used_is_refused_without_showing_it(
    jobs: Jobs, btp: Btp, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The connection names the SAP user of who decided by itself; the decision is not taken."""
    document = excepted(jobs, "secrecy-token.xml", ubl(too_much("HAND-77", 7)))
    file = tmp_path / "token"
    file.write_text(btp.issuer.user_token(accounts.DECIDER))
    file.chmod(0o600)
    wish = ("decide", document[:12], "accept", "--reason", "by my token")
    capfd.readouterr()
    code = main([*wish, "--now", "--user-token", str(file), "--stage", "local"])
    printed = "".join(capfd.readouterr())
    said.append(("user token", printed))
    assert code == 3
    assert "leave --now out" in printed
    assert main(["decide", document[:12], "reject", "--reason", "done", "--stage", "local"]) == 0


def places(demo: str, running: Stage) -> Iterator[tuple[str, str]]:
    """Every text that we, or the emulator for us, wrote."""
    yield "demo", demo
    yield "stage", json.dumps(running.outputs)
    yield from said
    yield from canaries.files(BUILD, "*.log", "*.toml", "*.jsonl", "cdk.out/*.json")
    yield from canaries.files(BUILD.parent, "*.jsonl")
    yield from chain(canaries.histories(), canaries.functions())
    yield from chain(canaries.tables(), canaries.objects())


def test_nothing_secret_is_written_anywhere(demo: str, jobs: Jobs, running: Stage) -> None:
    """CO-T16: passwords, keys, tokens, assertions, cookies; logs, histories, tables, files."""
    given: list[str] = jobs.sap("given")
    assert len(given) > 10
    values = [LAPTOP, IN_AN_ERROR, *canaries.secrets_of_the_stage(), *given]
    values += ["canary-of-the-changed-password", "canary-of-the-second-user"]
    found = list(places(demo, running))
    assert len(found) > 100
    leaks = {place: leaked for place, text in found if (leaked := canaries.seen(text, values))}
    assert leaks == {}


def test_the_search_would_find_them(running: Stage) -> None:
    """Else the test before proves nothing."""
    stored: Any = canaries.secrets_of_the_stage()
    held = f"{stored[0]} eyJhbGciOiJS.eyJzdWIiOiJB.c2lnbmF0dXJl {world.DRIVES.iban}"
    assert canaries.seen(held, stored) == [accounts.SAP_PASSWORD, "JWT"]
