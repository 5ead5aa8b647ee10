"""Several calls on one connection of PyRFC, and what becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from sapmatch.model.errors import (
    OutcomeUnknown,
    SapUnavailable,
)
from tests.builders.pyrfc_desk import GET_DETAIL, Desk, fault, installed


@pytest.fixture
def desk() -> Iterator[Desk]:
    with installed() as desk:
        yield desk


@contextmanager
def units(desk: Desk) -> Iterator[Any]:
    transport = desk.opened(peak_limit=4)
    with transport.unit() as unit:
        yield SimpleNamespace(transport=transport, unit=unit)


def test_a_unit_is_one_connection_and_its_commit_belongs_to_it(desk: Desk) -> None:
    with units(desk) as at:
        at.unit.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
        at.unit.call("BAPI_TRANSACTION_COMMIT", {"WAIT": "X"}, changes=True)
        assert desk.stub.open == 1
    assert len(desk.stub.logons) == 1
    assert desk.stub.open == 1, "what is clean may be used again"


def test_what_a_unit_left_open_is_rolled_back_with_its_connection(desk: Desk) -> None:
    with units(desk) as at:
        at.unit.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
    assert desk.stub.open == 0


def test_an_error_in_a_unit_ends_its_connection(desk: Desk) -> None:
    with pytest.raises(ValueError, match="of ours"), units(desk):
        raise ValueError("of ours")
    assert desk.stub.open == 0


def test_a_unit_repeats_nothing(desk: Desk) -> None:
    with units(desk) as at:
        desk.sap.faults = [fault("before")]
        with pytest.raises(SapUnavailable):
            at.unit.call(GET_DETAIL, {"USERNAME": "JDOE"})
        assert len(desk.stub.calls) == 1


def test_a_unit_whose_connection_is_gone_sends_nothing_more(desk: Desk) -> None:
    """PyRFC could not log on anew: a change that never left is not unknown."""
    with units(desk) as at:
        desk.sap.faults = [fault("after")]
        desk.stub.passwords["RFC_USER"] = "Changed-3!"
        with pytest.raises(OutcomeUnknown):
            at.unit.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
        with pytest.raises(SapUnavailable, match="nothing was sent"):
            at.unit.call("BAPI_USER_UNLOCK", {"USERNAME": "JDOE"}, changes=True)
    assert len(desk.stub.calls) == 1


def test_a_change_outside_of_a_unit_leaves_its_connection_to_nobody(desk: Desk) -> None:
    transport = desk.opened()
    transport.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
    assert desk.stub.open == 0
