"""What runs agree on, against the emulator."""

import uuid

import pytest

from sapmatch.aws.control import DynamoControl
from sapmatch.aws.table import Table
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.ports import Control, Versioned
from tests.builders.aws_table import make_table, repeating


@pytest.fixture(scope="module")
def table(aws: str) -> Table:
    return make_table("control")


@pytest.fixture
def control(table: Table) -> Control:
    return DynamoControl(table)


@pytest.fixture
def key() -> str:
    return f"extraction/{uuid.uuid4().hex}/lease"


def test_a_value_counts_its_changes_from_one(control: Control, key: str) -> None:
    assert control.read(key) is None
    assert control.write(key, b"a", expected=0) == 1
    assert control.write(key, b"b", expected=1) == 2
    assert control.read(key) == Versioned(value=b"b", version=2)


@pytest.mark.parametrize("expected", [0, 2])
def test_only_who_saw_the_last_value_may_change_it(
    control: Control, key: str, expected: int
) -> None:
    """RE-31: of two runs one gets the lease."""
    control.write(key, b"first", expected=0)
    with pytest.raises(PreconditionFailed):
        control.write(key, b"second", expected=expected)
    assert control.read(key) == Versioned(value=b"first", version=1)


def test_nobody_changes_what_is_not_there(control: Control, key: str) -> None:
    with pytest.raises(PreconditionFailed):
        control.write(key, b"a", expected=1)
    assert control.read(key) is None


def test_a_write_whose_answer_was_lost_is_recognised_when_it_is_repeated(
    table: Table, key: str
) -> None:
    """The condition then finds our own."""
    control = DynamoControl(repeating(table))
    assert control.write(key, b"mine", expected=0) == 1
    assert control.write(key, b"mine too", expected=1) == 2
