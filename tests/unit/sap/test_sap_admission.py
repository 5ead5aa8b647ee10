"""What the guard is asked and told by one client, also where it cannot be told (RE-26)."""

import pytest

from sapmatch.model.access import Secret
from sapmatch.model.errors import LogonRefused, Throttled
from sapmatch.sap.auth.admission import Admission
from sapmatch.sap.auth.credentials import Credentials
from tests.builders.logons import LOGON, NotingGuard, Vault, password
from tests.builders.memory import MemoryClock


class DeafGuard(NotingGuard):
    """Cannot be told anything as long as it is `deaf`."""

    def __init__(self) -> None:
        super().__init__()
        self.deaf = True

    def accepted(self, version: str) -> None:
        self._hear()
        super().accepted(version)

    def refused(self, version: str) -> None:
        self._hear()
        super().refused(version)

    def _hear(self) -> None:
        if self.deaf:
            raise Throttled("control: AWS is not reachable")


def test_a_logon_that_cannot_be_noted_stays_a_logon_and_is_noted_with_the_next() -> None:
    guard = DeafGuard()
    admission = Admission(guard, MemoryClock())
    admission.accepted("v1")
    guard.deaf = False
    admission.accepted("v1")
    admission.accepted("v1")
    assert guard.calls == ["accepted v1"]


def test_a_refusal_that_cannot_be_noted_is_noted_before_anything_else_is_tried() -> None:
    guard = DeafGuard()
    admission = Admission(guard, MemoryClock())
    admission.refused("v1")
    with pytest.raises(Throttled):
        admission.admit("v1")
    with pytest.raises(Throttled):
        admission.admit("v2")
    assert guard.calls == []
    guard.deaf = False
    admission.admit("v2")
    assert guard.calls == ["refused v1", "admit v2"]


def test_each_refusal_counts_though_none_could_be_noted() -> None:
    guard = DeafGuard()
    admission = Admission(guard, MemoryClock())
    admission.refused("v1")
    admission.refused("v1")
    guard.deaf = False
    with pytest.raises(LogonRefused):
        admission.admit("v1")


def test_a_version_that_was_refused_is_no_longer_the_one_that_sap_took() -> None:
    """Its next logon is asked for, however short ago the guard was."""
    guard = NotingGuard()
    admission = Admission(guard, MemoryClock())
    admission.admit("v1")
    admission.accepted("v1")
    admission.admit("v1")
    admission.refused("v1")
    admission.admit("v1")
    assert guard.calls == ["admit v1", "accepted v1", "refused v1", "admit v1"]


def test_a_secret_that_cannot_be_read_again_has_no_other_version() -> None:
    """So the refusal is told for what it is, and not as trouble that is worth a second try."""

    class Gone(Vault):
        def read(self, name: str) -> Secret:
            if self.reads:
                raise Throttled("secret: AWS is not reachable")
            return super().read(name)

    vault = Gone(password("x"))
    credentials = Credentials("[connections.s4].auth.secret", LOGON, vault, MemoryClock())
    assert not credentials.refused(credentials.current())
    with pytest.raises(Throttled):
        credentials.current()
