"""A figure about reading users says truly whether its goal was met."""

import pytest

from benchmarks.users import USERS, Counted, Made, all_read, calls, faster, memory


@pytest.mark.parametrize(
    ("lists", "details", "within"),
    [(5, 1000, [True, True]), (6, 1000, [False, True]), (5, 1001, [True, False])],
)
def test_a_thousand_users_take_five_lists_and_each_detail_once(
    lists: int, details: int, within: list[bool]
) -> None:
    found = calls({"BAPI_USER_GETLIST": lists, "BAPI_USER_GET_DETAIL": details})
    assert [figure["within"] for figure in found] == within


@pytest.mark.parametrize(("seconds", "within"), [(20.0, True), (20.1, False)])
def test_some_at_a_time_have_to_be_three_times_as_fast(seconds: float, within: bool) -> None:
    figure = faster(4, seconds, one_by_one=60.0)
    assert figure["within"] is within
    assert figure["value"] == round(60 / seconds, 2)


@pytest.mark.parametrize(("many", "within"), [(110, True), (111, False)])
def test_ten_times_the_users_may_take_a_tenth_more_memory(many: int, within: bool) -> None:
    assert memory("names", 100, many)["within"] is within


def test_the_users_that_are_made_are_all_read_and_counted() -> None:
    transport = Counted(Made(USERS))  # type: ignore[arg-type]
    assert all_read(transport, 2) == USERS
    assert transport.calls.count("BAPI_USER_GETLIST") == 5
    assert transport.calls.count("BAPI_USER_GET_DETAIL") == USERS
