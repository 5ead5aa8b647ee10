"""Who a connection logs on as, and what a run is told of its system."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from sapmatch.bootstrap.provisioning import sides
from sapmatch.bootstrap.users import own_user, users_of
from sapmatch.model.access import Secret
from sapmatch.model.auth import Auth, Basic, Certificate, SamlBearer
from sapmatch.model.connection import Connection
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import Locks
from sapmatch.settings import Settings

SAML = SamlBearer(secret="x", issuer="i", audience="a", user="robot")


class Kept:
    """Port Secrets."""

    def read(self, name: str) -> Secret:
        return Secret(name=name, version="1", fields={"user": "Robot", "password": "Geheim-1"})


def connection(auth: Auth, **more: Any) -> Connection:
    rfc = Rfc(system_id="S4H", **more)
    return Connection(
        url="https://sap.example.com", auth=auth, client="100", rfc=rfc, time_zone="Asia/Tokyo"
    )


@pytest.mark.parametrize(
    ("auth", "name"),
    [(Basic(secret="x"), "Robot"), (SAML, "robot"), (Certificate(secret="x"), None)],
)
def test_the_own_user_is_known_where_we_name_him(auth: Auth, name: str | None) -> None:
    assert own_user(connection(auth), Kept()) == name


def test_the_reader_tells_who_it_logs_on_as_in_upper_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAP_USER", "Robot")
    monkeypatch.setenv("SAP_PASSWORD", "Geheim-1")
    settings = Settings(connections={"s4": connection(Basic(secret="env:SAP"))})
    side = users_of(settings, "s4")
    assert side.reader.own_user == "ROBOT"
    side.close()


@pytest.mark.parametrize("counts", [True, False])
def test_a_run_knows_which_locks_count_and_which_day_it_is_there(counts: bool) -> None:
    found = connection(SAML, consider_global_lock=counts)
    settings = Settings(connections={"s4": found})
    users: Any = lambda _: SimpleNamespace(rfc=found.rfc)  # noqa: E731
    given = sides(settings, users)
    is_locked = given["locked_of"]("s4")
    assert is_locked(Locks(local=True), True)
    assert is_locked(Locks(everywhere=True), True) is counts
    assert is_locked(Locks(everywhere=True), False) is not counts
    zone = cast(ZoneInfo, given["zone_of"]("s4"))
    assert datetime(2026, 11, 2, 16, tzinfo=UTC).astimezone(zone).day == 3


@pytest.mark.parametrize("shown", [True, False])
def test_a_run_knows_whether_roles_of_others_count_as_assigned(shown: bool) -> None:
    found = connection(SAML, include_indirect_activity_groups=shown)
    users: Any = lambda _: SimpleNamespace(rfc=found.rfc)  # noqa: E731
    given = sides(Settings(connections={"s4": found}), users)
    assert given["indirect_of"]("s4") is shown
