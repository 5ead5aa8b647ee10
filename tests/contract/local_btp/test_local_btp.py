"""The embedded BTP refuses what the real one refuses; clients are tested against it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from local.btp.proxy import serve_proxy
from local.btp.server import CLIENT, Btp, serve
from tests.builders.btp import SECRET, basic_destination, destination

FIND = "/destination-configuration/v1/destinations/A4H"


def asked(url: str, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
    """Status and JSON (or text) of one answer; header names with _ for -."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, named)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    is_json = answer.headers.get_content_type() == "application/json"
    return answer.status, json.loads(text) if is_json else text


def service_token(btp: Btp, secret: str = SECRET) -> tuple[int, Mapping[str, Any]]:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": secret}
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    return asked(btp.url, "POST", "/oauth/token", urlencode(form), **kind)


def found(btp: Btp, path: str = FIND, **headers: str) -> tuple[int, Any]:
    token = service_token(btp)[1]["access_token"]
    return asked(btp.url, "GET", path, Authorization=f"Bearer {token}", **headers)


def test_a_wrong_client_gets_no_token_and_no_token_no_destination() -> None:
    with serve({"A4H": destination()}, secret=SECRET) as btp:
        assert service_token(btp, "wrong")[0] == 401
        assert asked(btp.url, "GET", FIND)[0] == 401
        assert asked(btp.url, "GET", FIND, Authorization="Bearer a.b.c")[0] == 401
        assert found(btp)[0] == 200
        assert found(btp, FIND + "X")[0] == 404


def test_an_error_of_a_logon_comes_with_status_200_and_a_string_of_seconds() -> None:
    with serve({"A4H": destination("OAuth2SAMLBearerAssertion")}, secret=SECRET) as btp:
        status, reply = found(btp)
        assert status == 200
        assert "Cannot determine user" in reply["authTokens"][0]["error"]
        _, reply = found(btp, X_user_token=btp.issuer.user_token("ANNA"))
        assert reply["authTokens"][0]["expires_in"] == "3600"
        _, reply = found(btp, f"{FIND}?$skipTokenRetrieval=true")
        assert "authTokens" not in reply


def test_basic_comes_with_a_token_too() -> None:
    with serve({"A4H": basic_destination()}, secret=SECRET) as btp:
        token = found(btp)[1]["authTokens"][0]
    assert token["http_header"]["value"] == f"Basic {token['value']}"


def test_the_proxy_takes_absolute_http_only() -> None:
    with serve_proxy({}) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        assert asked(url, "CONNECT", "a4h-virtual:443")[0] == 405
        assert asked(url, "GET", "/sap/opu/odata/")[0] == 405
        assert asked(url, "GET", "http://a4h-virtual:1/sap/")[0] == 403


def test_the_command_prints_binding_proxy_and_user_token(tmp_path: Path) -> None:
    file = tmp_path / "destinations.json"
    file.write_text(json.dumps({"A4H": destination()}))
    command = [sys.executable, "-m", "local.btp", "--destinations", str(file), "--user", "ANNA"]
    environment = os.environ | {"BTP_CLIENTSECRET": SECRET}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as running:
        assert running.stdout is not None
        shown = json.loads(running.stdout.readline())
        form = urlencode({"grant_type": "client_credentials"} | client(shown["binding"]))
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        status, _ = asked(shown["binding"]["url"], "POST", "/oauth/token", form, **kind)
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
    assert status == 200
    assert shown["user_token"].count(".") == 2
    assert shown["proxy"]["port"]


def client(binding: Mapping[str, str]) -> dict[str, str]:
    assert "clientsecret" not in binding
    return {"client_id": binding["clientid"], "client_secret": SECRET}


def test_the_command_wants_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "destinations.json"
    file.write_text("{}")
    environment = {k: v for k, v in os.environ.items() if k != "BTP_CLIENTSECRET"}
    command = [sys.executable, "-m", "local.btp", "--destinations", str(file)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "BTP_CLIENTSECRET" in ended.stderr


@pytest.mark.parametrize("text", ["", "[1", "nonsense"])
def test_the_command_refuses_a_file_that_is_no_json(tmp_path: Path, text: str) -> None:
    file = tmp_path / "destinations.json"
    file.write_text(text)
    environment = os.environ | {"BTP_CLIENTSECRET": SECRET}
    command = [sys.executable, "-m", "local.btp", "--destinations", str(file)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
