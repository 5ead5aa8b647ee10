"""The rotation of a logon secret, with Secrets Manager and SAP in memory."""

import json
from collections.abc import Mapping
from typing import Any
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from sapmatch.aws.secrets import CURRENT, PENDING, Standing
from sapmatch.limits.logons import LEASE_SECONDS, SharedLogonGuard
from sapmatch.model.access import Secret
from sapmatch.model.auth import Basic
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    SapUnavailable,
)
from sapmatch.model.flow import Extraction
from tests.builders.memory import MemoryClock
from tests.conftest import ROOT
from tests.unit.functions.conftest import CONNECTION, Call

STEPS = ("create_secret", "set_secret", "test_secret", "finish_secret")
_EVENT = json.loads((ROOT / "events/rotate_secret/create_secret.json").read_text())
ARN, TOKEN = _EVENT["SecretId"], _EVENT["ClientRequestToken"]
FIRST = {"user": "RFC_A", "password": "a1", "next_user": "RFC_B", "next_password": "b1"}


class Manager:
    """Versions and labels of one secret, by the rules of Secrets Manager."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.versions = {"v1": dict(fields)}
        self.labels: dict[str, str] = {CURRENT: "v1"}
        self.puts = 0

    def read(self, name: str) -> Secret:
        return self.read_version(name, VersionId=self.labels[CURRENT])

    def read_version(self, name: str, **which: str) -> Secret:
        version = which["VersionId"]
        return Secret(name=name, version=version, fields=self.versions[version])

    def standing(self, name: str) -> Standing:
        by_version: dict[str, tuple[str, ...]] = {}
        for label, version in self.labels.items():
            by_version[version] = (*by_version.get(version, ()), label)
        return Standing(arn=name, labels=by_version)

    def is_pending(self, _name: str, version: str) -> bool:
        return self.labels.get(PENDING) == version and version in self.versions

    def put_pending(self, _name: str, version: str, fields: Mapping[str, str]) -> None:
        self.puts += 1
        self.versions[version] = dict(fields)
        self.labels[PENDING] = version

    def promote(self, _name: str, version: str, instead_of: str) -> None:
        assert self.labels[CURRENT] == instead_of
        self.labels |= {CURRENT: version, "AWSPREVIOUS": instead_of}

    def drop_pending(self, _name: str, version: str) -> None:
        assert self.labels.pop(PENDING) == version

    @property
    def current(self) -> dict[str, str]:
        return self.versions[self.labels[CURRENT]]


class World:
    """One secret, one connection that logs on with it, and a SAP that knows some passwords."""

    def __init__(self, parts: MagicMock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.manager = Manager(FIRST)
        self.known = {"a1", "b1"}
        self.logons: list[str] = []
        self.services: list[str] = []
        self.fails: Exception | None = None
        self.lacks_a_role = False
        parts.clock = MemoryClock()
        auth = Basic(secret="sapmatch/prod/s4")
        parts.settings.connections = {"s4": replace(CONNECTION, auth=auth)}
        parts.settings.extractions = {}
        secrets = MagicMock(manager=self.manager)
        monkeypatch.setattr("sapmatch.bootstrap.rotation.NamedSecrets", lambda: secrets)
        monkeypatch.setattr("sapmatch.sap.auth.rotation.log_on", self.log_on)

    def log_on(self, _name: str, _connection: Any, version: Secret, *rest: Any) -> None:
        guard: SharedLogonGuard = rest[2]
        guard.admit(version.version)
        self.logons.append(version.fields["user"])
        self.services.append(rest[3])
        if self.fails:
            raise self.fails
        if version.fields["password"] not in self.known:
            guard.refused(version.version)
            raise LogonRefused("SAP refuses the logon", "password")
        guard.accepted(version.version)
        if self.lacks_a_role:
            raise AuthorizationMissing("s4: SAP refuses the service (403)")


@pytest.fixture
def world(parts: MagicMock, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(parts, monkeypatch)


def test_two_users_take_turns(call: Call, world: World) -> None:
    """The one that goes is the next one, whose password is set before the next rotation."""
    for step in STEPS:
        assert call("rotate_secret", step) == {}
    assert world.manager.current == {"user": "RFC_B", "password": "b1", "next_user": "RFC_A"}
    assert world.manager.labels == {CURRENT: TOKEN, "AWSPREVIOUS": "v1"}
    assert world.logons == ["RFC_B"]


@pytest.mark.parametrize(
    ("connection", "extractions", "service"),
    [
        (
            {"service": "/own"},
            {"o": Extraction(connection="s4", presets=("business_partners",))},
            "/own",
        ),
        (
            {},
            {"o": Extraction(connection="s4", presets=("business_partners",))},
            "/sap/opu/odata/sap/API_BUSINESS_PARTNER",
        ),
        ({}, {}, "/sap/opu/odata/sap/API_SUPPLIERINVOICE_PROCESS_SRV"),
    ],
)
def test_what_is_tried_is_a_service_that_the_connection_is_used_for(
    call: Call,
    parts: MagicMock,
    world: World,
    connection: dict[str, Any],
    extractions: dict[str, Extraction],
    service: str,
) -> None:
    settings = parts.settings
    settings.connections = {"s4": replace(settings.connections["s4"], **connection)}
    settings.extractions = extractions
    call("rotate_secret", "create_secret")
    call("rotate_secret", "test_secret")
    assert world.services == [service]


def test_where_no_service_is_known_nothing_is_tried_and_the_setting_is_named(
    call: Call, parts: MagicMock, world: World
) -> None:
    own = replace(parts.settings.connections["s4"], profile="byd", client="")
    parts.settings.connections = {"s4": own}
    parts.settings.write_backs = {}
    call("rotate_secret", "create_secret")
    with pytest.raises(InputRejected, match=r"\[connections.s4\].service: is missing"):
        call("rotate_secret", "test_secret")
    assert world.services == []
    assert world.manager.labels == {CURRENT: "v1", PENDING: TOKEN}


def test_every_step_may_come_again(call: Call, world: World) -> None:
    for step in STEPS:
        call("rotate_secret", step)
        call("rotate_secret", step)
    assert (world.manager.puts, world.logons) == (1, ["RFC_B", "RFC_B"])
    for step in STEPS:
        call("rotate_secret", step)
    assert (world.manager.puts, world.logons) == (1, ["RFC_B", "RFC_B"])
    assert world.manager.labels[CURRENT] == TOKEN


def test_a_user_without_the_role_does_not_take_over_however_often_it_is_tried(
    call: Call, world: World
) -> None:
    """SAP lets such a user in, so that the version is proved, and refuses the service (403)."""
    world.lacks_a_role = True
    call("rotate_secret", "create_secret")
    for _ in range(2):  # Secrets Manager repeats a rotation that failed
        with pytest.raises(AuthorizationMissing):
            call("rotate_secret", "test_secret")
    assert world.manager.labels == {CURRENT: "v1", PENDING: TOKEN}
    world.lacks_a_role = False
    call("rotate_secret", "test_secret")


def test_a_password_that_sap_refuses_is_tried_once_and_the_current_one_stays(
    call: Call, world: World
) -> None:
    world.known = {"a1"}
    call("rotate_secret", "create_secret")
    with pytest.raises(LogonRefused):
        call("rotate_secret", "test_secret")
    assert world.manager.labels == {CURRENT: "v1"}
    call("rotate_secret", "create_secret")  # as Secrets Manager repeats a rotation that failed
    with pytest.raises(LogonRefused, match="correct what is in it"):
        call("rotate_secret", "test_secret")
    assert world.logons == ["RFC_B"]


def test_where_sap_does_not_answer_nothing_is_known_and_the_step_comes_again(
    call: Call, parts: MagicMock, world: World
) -> None:
    world.fails = SapUnavailable("s4: no answer")
    call("rotate_secret", "create_secret")
    with pytest.raises(SapUnavailable):
        call("rotate_secret", "test_secret")
    assert world.manager.labels[PENDING] == TOKEN
    world.fails = None
    parts.clock.sleep(LEASE_SECONDS)  # SAP may still be at that logon
    call("rotate_secret", "test_secret")
    call("rotate_secret", "finish_secret")
    assert world.manager.labels[CURRENT] == TOKEN


def test_without_a_next_password_nothing_is_rotated_and_the_message_says_what_to_add(
    call: Call, world: World
) -> None:
    world.manager.versions["v1"] = {"user": "RFC_A", "password": "a1", "next_user": "RFC_B"}
    with pytest.raises(InputRejected, match="add it to the secret as `next_password`"):
        call("rotate_secret", "create_secret")
    assert world.manager.puts == 0


def test_the_label_that_secrets_manager_sets_before_is_no_version_yet(
    call: Call, world: World
) -> None:
    world.manager.labels[PENDING] = TOKEN
    call("rotate_secret", "create_secret")
    assert world.manager.versions[TOKEN]["password"] == "b1"


@pytest.mark.parametrize("step", ["set_secret", "test_secret", "finish_secret"])
def test_a_version_that_nobody_made_is_neither_tried_nor_promoted(
    call: Call, world: World, step: str
) -> None:
    with pytest.raises(InputRejected, match="AWSPENDING"):
        call("rotate_secret", step)
    assert world.logons == []
    assert world.manager.labels == {CURRENT: "v1"}


def test_a_secret_of_no_connection_is_not_promoted_untried(
    call: Call, parts: MagicMock, world: World
) -> None:
    call("rotate_secret", "create_secret")
    parts.settings.connections = {"other": CONNECTION}
    with pytest.raises(InputRejected, match="no connection of this stage logs on with it"):
        call("rotate_secret", "test_secret")


def test_an_unknown_step_is_refused(call: Call, world: World) -> None:
    with pytest.raises(InputRejected, match="no step of a rotation"):
        call("rotate_secret", "create_secret", {"Step": "dropSecret"})
