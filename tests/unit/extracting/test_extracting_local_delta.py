"""A file that is kept in step with SAP by reading changes only."""

from pathlib import Path

import pytest

from sapmatch.model.errors import InputRejected, ResyncRequired, SapUnavailable
from tests.builders.extract_command import Command


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path / "out", orders=5)


def test_delta_keeps_the_file_in_step_with_sap(command: Command) -> None:
    """OD-P30, OD-P38: changed rows are replaced, deleted ones gone, new ones there."""
    first = command(delta=True)
    assert (first.rows, first.delta, first.changed, first.deleted) == (5, "stored", 5, 0)

    command.put(2, "changed")
    command.put(6, "new")
    command.sap.remove("A_Order", "004")
    second = command(delta=True)
    assert (second.rows, second.changed, second.deleted) == (5, 2, 1)
    names = command.names()
    assert set(names) == {"001", "002", "003", "005", "006"}
    assert (names["002"], names["006"]) == ("changed", "new")

    command.put(4, "back")
    third = command(delta=True)
    assert (third.rows, third.changed, third.deleted) == (6, 1, 0)
    assert command.names()["004"] == "back"
    assert command(delta=True).changed == 0
    assert len(command.names()) == 6


def test_a_delta_that_broke_off_goes_on_and_loses_nothing(command: Command) -> None:
    """OD-P34: the position never moves ahead of the rows."""
    command(delta=True)
    for number in range(1, 6):
        command.put(number, "changed")
    command.sap.fails(command.sap.asked + 1, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command(delta=True)
    assert "changed" not in command.names().values()
    assert command(delta=True).changed == 5
    assert set(command.names().values()) == {"changed"}


def test_a_delta_in_another_format_holds_all_rows(command: Command) -> None:
    command(delta=True)
    command.sap.remove("A_Order", "001")
    assert command(delta=True, format="csv").rows == 4


def test_a_lost_position_is_reloaded_only_where_that_is_asked_for(command: Command) -> None:
    """RE-21: never a silent full load."""
    command(delta=True)
    before = command.file.read_bytes()
    command.put(1, "changed")
    command.sap.forget("A_Order")
    for _ in range(2):
        with pytest.raises(ResyncRequired):
            command(delta=True)
    assert command.file.read_bytes() == before
    assert command(delta=True, reload=True).changed == 5
    assert command.names()["001"] == "changed"
    command.put(2, "changed")
    assert command(delta=True).changed == 1


def test_changes_of_another_query_are_not_mixed(command: Command) -> None:
    command(delta=True)
    with pytest.raises(InputRejected, match="--reload"):
        command(delta=True, select=("Order", "Name"))
    assert command(delta=True).rows == 5
    assert command(delta=True, select=("Order", "Name"), reload=True).rows == 5


def test_a_plain_extract_does_not_touch_the_position(command: Command) -> None:
    command(delta=True)
    command.put(1, "changed")
    command()
    assert command.names()["001"] == "changed"
    assert command(delta=True).changed == 1
