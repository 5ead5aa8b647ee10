"""Whose subscription to changes a client goes on with: an ODP keeps one for each user (OD-P36)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from sapmatch.model.access import Principal
from sapmatch.model.auth import (
    Auth,
    Basic,
    BtpDestination,
    Certificate,
    ClientCredentials,
    NoAuth,
    SamlBearer,
)
from sapmatch.model.changes import DeltaPosition
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.certificates import Authority
from tests.builders.logons import LOGON, Vault, password
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import SERVICE

URL = "https://sap.example.com"
SAML = SamlBearer(secret=LOGON, issuer="us", audience="S4H_100", user="ROBOT")
TOKEN = ClientCredentials(secret=LOGON, token_url=f"{URL}/token")
BTP = BtpDestination(secret=LOGON, destination="S4H")
BASIC, CERTIFICATE = Basic(secret=LOGON), Certificate(secret=LOGON)
OLD = {"client_id": "sb-1", "client_secret": "old"}
NEW = {"client_id": "sb-1", "client_secret": "new"}
NAMES = ("ANNA", "BERTA")


@dataclass(frozen=True)
class User:
    """Who logs on to SAP, with what, and with what after a rotation."""

    auth: Auth
    fields: Mapping[str, str]
    next_fields: Mapping[str, str]
    client: str = "100"
    principal: Principal | None = None


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def client_of(user: User) -> ODataClient:
    connection = Connection(url=URL, client=user.client, auth=user.auth)
    vault = Vault(user.fields)
    return connect("s4", connection, vault, clock=MemoryClock(), principal=user.principal)


def position_of(user: User) -> DeltaPosition:
    with client_of(user) as client:
        return client.service(SERVICE).position_after("Orders", "D1")


def users(authority: Authority) -> list[User]:
    return [
        User(NoAuth(), {}, {}),
        *(User(BASIC, password("old", name), password("new", name)) for name in NAMES),
        User(BASIC, password("old", "ANNA"), password("new", "ANNA"), client="200"),
        *(User(CERTIFICATE, *_certificates(authority, name)) for name in NAMES),
        User(TOKEN, OLD, NEW),
        User(BTP, OLD, NEW),
        User(SAML, OLD, NEW),
        *(User(SAML, OLD, NEW, principal=Principal(sap_user=name)) for name in NAMES),
    ]


def _certificates(authority: Authority, name: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return authority.client(name).pem_fields, authority.client(name).p12_fields


def test_every_user_and_every_way_to_log_on_has_a_subscription_of_its_own(
    authority: Authority,
) -> None:
    """OD-P36, CO-T6: and nobody is named in it."""
    found = [position_of(user).subscriber for user in users(authority)]
    assert len(set(found)) == len(found)
    assert not any(name in each for each in found for name in (*NAMES, "ROBOT"))


def test_a_position_of_another_user_is_not_gone_on_with(authority: Authority) -> None:
    """OD-P36: before anything is sent, for SAP would tell other changes."""
    _, anna, berta, *_ = users(authority)
    with client_of(berta) as client, pytest.raises(InputRejected, match="another user"):
        next(client.service(SERVICE).changes("Orders", since=position_of(anna)))


def test_after_a_rotation_the_same_user_goes_on_with_the_same_subscription(
    authority: Authority,
) -> None:
    """OD-P36, CO-T2: another password, client secret, or certificate of the same subject."""
    for user in users(authority):
        rotated = replace(user, fields=user.next_fields)
        assert position_of(rotated) == position_of(user), user.auth
