"""What is entered in the BTP cockpit and in the Cloud Connector is read from the connection."""

import json

import pytest

from sapmatch.model.auth import BtpDestination, NoAuth
from sapmatch.model.connection import Connection, Proxy
from sapmatch.model.errors import InputRejected
from sapmatch.sap.auth.destination.kinds import KINDS
from sapmatch.sap.auth.destination.setup import cloud_connector_checklist, destination_json

POOL = "https://cognito-idp.eu-central-1.amazonaws.com/pool"
DESTINATION = BtpDestination(
    secret="btp", destination="A4H@instance", issuers={POOL: f"{POOL}/.well-known/jwks.json"}
)
DIRECT = Connection(url="https://sap.example.com:44300", client="100", auth=DESTINATION)
TUNNEL = Connection(
    url="http://a4h-virtual:50001", client="001", auth=DESTINATION, proxy=Proxy(location_id="loc1")
)


def test_a_destination_with_saml_bearer_is_ready_to_import_d14() -> None:
    found = json.loads(destination_json(DIRECT, "OAuth2SAMLBearerAssertion"))
    assert found["Name"] == "A4H"
    assert (found["URL"], found["ProxyType"]) == (DIRECT.url, "Internet")
    assert found["sap-client"] == "100"
    assert found["tokenServiceURL"] == f"{DIRECT.url}/sap/bc/sec/oauth2/token?sap-client=100"
    assert found["x_user_token.jwks_uri"] == f"{POOL}/.well-known/jwks.json"
    assert not {"SystemUser", "tokenServicePassword"} & set(found)


def test_a_destination_behind_the_cloud_connector_names_it() -> None:
    found = json.loads(destination_json(TUNNEL, "PrincipalPropagation"))
    assert found["ProxyType"] == "OnPremise"
    assert found["CloudConnectorLocationId"] == "loc1"
    assert "tokenServiceURL" not in found


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_ever_written_into_it(kind: str) -> None:
    found = json.loads(destination_json(DIRECT, kind))
    assert found["Authentication"] == kind
    assert not [name for name in found if "password" in name.lower() or "secret" in name.lower()]


def test_an_unknown_kind_is_refused_and_a_name_is_needed_without_a_destination() -> None:
    with pytest.raises(InputRejected, match="OAuth2Magic"):
        destination_json(DIRECT, "OAuth2Magic")
    plain = Connection(url=DIRECT.url, auth=NoAuth())
    assert json.loads(destination_json(plain, "NoAuthentication", "S4"))["Name"] == "S4"


def test_the_checklist_names_virtual_host_resources_and_location_d14() -> None:
    text = cloud_connector_checklist(TUNNEL, "s4.internal:44300")
    for part in (
        "Internal host and port: s4.internal:44300",
        "Virtual host a4h-virtual, port 50001",
        "protocol HTTP:",
        "Resource /sap/opu/odata/, policy Path And All Sub-Paths",
        "Location ID loc1",
        "X.509 Certificate",
    ):
        assert part in text
