"""`python -m local.sap` with everything that lets people and machines in."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests.builders.certificates import Authority
from tests.contract.local_sap.local_sap_world import ROOT, SALES

FOLDER = Path(__file__).resolve().parents[3]


def test_the_command_takes_users_certificates_and_oauth_clients(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files = [str(each) for each in authority.server_leaf().files(tmp_path, "server")]
    client = authority.client("MEIER").files(tmp_path, "client")
    logon = tmp_path / "logon.json"
    logon.write_text(json.dumps({"oauth_clients": {"WEBER": {}}, "users": {"KUNZ": {}}}))
    options = ["--tls", *files, "--client-ca", str(authority.bundle), "--certrule", "CN=*=*"]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "local.sap", "--seed", "local/samples/sap.json"),
            *("--logon", str(logon), "--profile", "s4hana-cloud", *options),
        ],
        cwd=FOLDER,
        env={"SAP_USERS": '{"MEIER": "Geheim-1", "WEBER": "Geheim-2"}'},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process, requests.Session() as session:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        session.trust_env = False
        session.verify = str(authority.bundle)
        orders = f"{url}{ROOT}/{SALES}/A_SalesOrder?$format=json"
        token = session.post(
            f"{url}/sap/bc/sec/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=("WEBER", "Geheim-2"),
            timeout=20,
        ).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        statuses = [
            session.get(orders, headers=bearer, timeout=20).status_code,
            session.get(orders, auth=("KUNZ", ""), timeout=20).status_code,
            session.get(orders, auth=("MEIER", "Geheim-1"), timeout=20).status_code,
        ]
        shown = session.get(f"{url}/_control/users", timeout=20).json()
        session.close()
        session.cert = (str(client[0]), str(client[1]))
        statuses.append(session.get(orders, timeout=20).status_code)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert statuses == [200, 401, 200, 200]
    assert {name: user["failed_logons"] for name, user in shown.items()} == {
        "MEIER": 0,
        "WEBER": 0,
        "KUNZ": 1,
    }
