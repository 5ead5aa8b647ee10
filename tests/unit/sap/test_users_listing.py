"""Users page by page (rows B17, B22)."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from sapmatch.model.errors import AuthorizationMissing, InputRejected, SapRejected, SapUnavailable
from sapmatch.model.rfc import AbapException, BapiFailed, BapiMessage, Rfc, RfcResult
from sapmatch.model.users import Compare, Condition, Either, Operator, UserQuery
from sapmatch.sap.users.reader import SapUsers
from tests.builders.listed_users import ListedUsers, Told, reader_of, told


def many(count: int) -> list[Told]:
    return [told(f"U{number:05}", LOGONDATA={"USTYP": "A"}) for number in range(count)]


def names(reader: SapUsers, **query: Any) -> list[str]:
    return [user.name for user in reader.users(UserQuery(**query))]


def where(field: str, operator: Operator, value: str) -> Compare:
    return Compare(field=field, operator=operator, value=value)


def lows(sap: ListedUsers) -> list[list[tuple[Any, Any]]]:
    return [[(row["OPTION"], row["LOW"]) for row in ranges] for _, ranges, _ in sap.lists]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 9, 10])
def test_every_user_comes_once_whatever_fits_a_page(count: int) -> None:
    """CO-T53: one user more than a page has shows that there is another."""
    sap = ListedUsers(many(count))
    assert names(reader_of(sap)) == [f"U{number:05}" for number in range(count)]
    assert len(sap.lists) == max(1, -(-count // 3))
    assert all(most == 4 for most, _, _ in sap.lists)
    assert len(sap.details) == count


def test_a_page_begins_behind_the_last_user_of_the_one_before() -> None:
    sap = ListedUsers(many(7))
    names(reader_of(sap))
    assert lows(sap) == [[], [("GT", "U00002")], [("GT", "U00005")]]


def test_names_only_cost_no_details() -> None:
    sap = ListedUsers([told("AMY", ADDRESS={"FIRSTNAME": "Amy", "LASTNAME": "Pond"})])
    (user,) = reader_of(sap).users(UserQuery(names_only=True))
    assert (user.name, user.fields["ADDRESS.LASTNAME"]) == ("AMY", "Pond")
    assert sap.details == []


def test_users_who_come_and_go_between_two_pages_move_nobody() -> None:
    """CO-T53"""
    sap = ListedUsers(many(9))

    def change(number: int) -> None:
        if number == 2:
            del sap.users["U00000"], sap.users["U00004"]
            sap.users |= {name: told(name) for name in ("A", "U00002A", "ZOE")}

    sap.before_list = change
    assert names(reader_of(sap)) == [
        "U00000", "U00001", "U00002", "U00002A", "U00003", "U00005", "U00006", "U00007", "U00008",
        "ZOE",
    ]  # fmt: skip


def test_a_user_deleted_between_list_and_detail_is_left_out() -> None:
    sap = ListedUsers(many(4))
    sap.before_detail = lambda name: sap.users.pop("U00001", None)
    assert "U00001" not in names(reader_of(sap, parallel=1), after="U00000")


def test_a_listing_goes_on_where_another_stopped() -> None:
    sap = ListedUsers(many(8))
    reader = reader_of(sap)
    first = names(reader, limit=4)
    assert first + names(reader, after=first[-1].lower()) == [f"U{n:05}" for n in range(8)]


@pytest.mark.parametrize("limit", [0, 1, 3, 5, 100])
def test_a_limit_reads_no_more_users_than_needed(limit: int) -> None:
    sap = ListedUsers(many(8))
    assert len(names(reader_of(sap), limit=limit)) == min(limit, 8)
    assert len(sap.details) == min(limit, 8)
    assert bool(sap.lists) is (limit > 0)


def test_a_listing_of_names_with_a_limit_asks_for_no_larger_page() -> None:
    sap = ListedUsers(many(8))
    assert names(reader_of(sap), limit=2, names_only=True) == ["U00000", "U00001"]
    assert [most for most, _, _ in sap.lists] == [3]


def test_nothing_is_asked_before_the_first_user_is_taken() -> None:
    sap = ListedUsers(many(3))
    reader_of(sap).users(UserQuery())
    assert sap.lists == []


def test_a_page_in_no_known_order_is_asked_for_until_nobody_can_be_missing() -> None:
    sap = ListedUsers(many(10))
    sap.order = lambda found: sorted(found, reverse=True)
    assert names(reader_of(sap, page_size=4)) == [f"U{number:05}" for number in range(10)]
    assert [most for most, _, _ in sap.lists] == [5, 9, 17]


def test_a_sap_that_repeats_its_first_page_is_found_out() -> None:
    sap = ListedUsers(many(4))
    reader = reader_of(sap)
    found = reader.users(UserQuery(names_only=True))
    whole = sap.call

    def deaf(function: str, imports: Any, tables: Any, **more: Any) -> RfcResult:
        return whole(function, imports, {}, **more)

    sap.call = deaf  # type: ignore[method-assign, assignment]
    with pytest.raises(SapRejected, match="does not go on behind U00002"):
        list(found)


def test_an_empty_list_with_a_failure_is_a_failure() -> None:
    """CO-T38: without S_USER_GRP nobody is listed."""
    sap = ListedUsers()
    refusal = BapiMessage(type="E", id="01", number="491", text="No authorization")
    whole = sap.call

    def refused(*given: Any, **more: Any) -> RfcResult:
        return RfcResult(tables=whole(*given, **more).tables, messages=(refusal,))

    sap.call = refused  # type: ignore[method-assign]
    with pytest.raises(BapiFailed) as raised:
        names(reader_of(sap))
    assert raised.value.code == "01/491"


def test_details_are_read_at_the_same_time_and_come_in_order() -> None:
    sap = ListedUsers(many(12))
    together = threading.Barrier(4)
    sap.before_detail = lambda name: together.wait(timeout=20)
    assert names(reader_of(sap, page_size=12)) == [f"U{number:05}" for number in range(12)]
    assert sap.most_at_once == 4


def test_never_more_than_eight_are_read_at_a_time() -> None:
    """SAP answers none of them before more could have come."""
    sap, came, more = ListedUsers(many(40)), itertools.count(1), threading.Event()

    def held(_: str) -> None:
        if next(came) > 8:
            more.set()
        more.wait(0.5)

    sap.before_detail = held
    list(reader_of(sap, parallel=50, page_size=40).users(UserQuery()))
    assert sap.most_at_once == 8


def refuses_one(name: str, error: Exception) -> Callable[[str], None]:
    def before(asked: str) -> None:
        if asked == name:
            raise error

    return before


@pytest.mark.parametrize(
    "error",
    [AbapException("NO_AUTHORITY"), AuthorizationMissing("S_USER_GRP is missing")],
)
def test_a_detail_that_sap_refuses_names_the_user(error: Exception) -> None:
    sap = ListedUsers(many(3))
    sap.before_detail = refuses_one("U00001", error)
    with pytest.raises((SapRejected, AuthorizationMissing), match="user U00001"):
        names(reader_of(sap))


def test_users_before_the_one_that_fails_were_given() -> None:
    sap = ListedUsers(many(3))
    sap.before_detail = refuses_one("U00002", SapUnavailable("down"))
    taken: list[str] = []
    with pytest.raises(SapUnavailable):
        taken.extend(user.name for user in reader_of(sap).users(UserQuery()))
    found = reader_of(sap).users(UserQuery())
    assert [next(found).name, next(found).name] == ["U00000", "U00001"]


def test_who_stops_taking_users_stops_the_reading() -> None:
    sap = ListedUsers(many(300))
    found = reader_of(sap, page_size=3).users(UserQuery())
    assert next(found).name == "U00000"
    found.close()  # type: ignore[attr-defined]
    assert len(sap.details) <= 3


def test_a_base_query_leaves_users_out_of_lists_and_of_single_reads() -> None:
    """Row B17, CO-T54."""
    sap = ListedUsers(
        [told("AMY", LOGONDATA={"USTYP": "A"}), told("BATCH", LOGONDATA={"USTYP": "B"})]
    )
    reader = reader_of(sap, Rfc(base_account_query="EQ,LOGONDATA.USTYP,A"))
    assert names(reader) == ["AMY"]
    assert [row["PARAMETER"] for row in sap.lists[0][1]] == ["LOGONDATA"]
    assert reader.get("BATCH") is None
    assert reader.details("BATCH") is not None
    assert reader.get("AMY") is not None


@pytest.mark.parametrize(
    "condition",
    [
        where("USERNAME", "prefix", "Z1"),
        where("USERNAME", "eq", "z1a"),
        Either((where("USERNAME", "eq", "Z1A"), where("USERNAME", "eq", "NOBODY"))),
    ],
)
def test_a_base_query_and_a_condition_on_names_are_not_both_selected(condition: Condition) -> None:
    """CO-T54: rows on one field would be alternatives; the second is decided here."""
    sap = ListedUsers([told(name) for name in ("A1", "Z1A", "Z2")])
    reader = reader_of(sap, Rfc(base_account_query="CP,USERNAME,Z*"))
    query = UserQuery(condition=condition, names_only=True)
    assert [user.name for user in reader.users(query)] == ["Z1A"]
    assert reader.pushed(query).left == ("USERNAME",)
    assert not reader.pushed(query).whole
    assert sap.details == []


@pytest.mark.parametrize(
    "text",
    ["EQ,ADDRESS.LASTNAME,Pond, Amy", "EQ,USERNAME", "", "XX,USERNAME,A", "EQ,NO.FIELD,A", ",,"],
)
def test_a_base_query_of_other_than_three_parts_is_a_mistake_of_the_settings(text: str) -> None:
    """CO-T55"""
    reader = reader_of(ListedUsers(), Rfc(base_account_query=text or ","))
    with pytest.raises(InputRejected, match=r"rfc\.baseAccountQuery"):
        names(reader)


def test_the_last_page_of_names_that_begin_alike_is_known_without_asking_on() -> None:
    sap = ListedUsers([told(name) for name in "A JD1 JD2 JD3 JD4 K L M N".split()])
    found = names(reader_of(sap), condition=where("USERNAME", "prefix", "jd"), names_only=True)
    assert found == ["JD1", "JD2", "JD3", "JD4"]
    assert lows(sap) == [[("CP", "JD*")], [("GT", "JD3")]]


def test_a_listing_of_names_that_begin_alike_goes_on_behind_one_of_them() -> None:
    sap = ListedUsers([told(name) for name in ("A", "JD1", "JD2", "JD3", "K")])
    reader = reader_of(sap)
    condition = where("USERNAME", "prefix", "JD")
    assert names(reader, condition=condition, after="JD1") == ["JD2", "JD3"]
    assert names(reader, condition=condition, after="B") == ["JD1", "JD2", "JD3"]
    assert lows(sap) == [[("GT", "JD1")], [("CP", "JD*")]]
    assert names(reader, condition=condition, after="K") == []


def test_an_or_over_several_fields_is_asked_once_and_decided_here_where_it_fills_a_page() -> None:
    people = [told(f"U{n}", ADDRESS={"FIRSTNAME": "Amy"}) for n in range(5)]
    people += [told("ZOE", ADDRESS={"LASTNAME": "Pond"}), told("ZZ")]
    condition = Either(
        (where("ADDRESS.FIRSTNAME", "eq", "Amy"), where("ADDRESS.LASTNAME", "eq", "Pond"))
    )
    few, lots = ListedUsers(people), ListedUsers(people)
    expected = ["U0", "U1", "U2", "U3", "U4", "ZOE"]
    assert names(reader_of(few, page_size=50), condition=condition) == expected
    assert [len(expression) for _, _, expression in few.lists] == [3]
    assert len(few.details) == 6
    assert names(reader_of(lots), condition=condition) == expected
    assert [len(expression) for _, _, expression in lots.lists] == [3, 0, 0, 0]
    pushed = reader_of(few).pushed(UserQuery(condition=condition))
    assert pushed.left == ("ADDRESS.FIRSTNAME", "ADDRESS.LASTNAME")


def test_a_listing_that_goes_on_behind_a_user_asks_for_no_or() -> None:
    sap = ListedUsers([told("AMY", ADDRESS={"LASTNAME": "Pond"}), told("ZOE")])
    condition = Either((where("ADDRESS.LASTNAME", "eq", "Pond"), where("REF_USER", "eq", "X")))
    assert names(reader_of(sap), condition=condition, after="A") == ["AMY"]
    assert [expression for _, _, expression in sap.lists] == [[]]


@pytest.mark.parametrize("names_only", [True, False])
def test_a_sap_that_ignores_case_adds_nobody(names_only: bool) -> None:
    sap = ListedUsers(
        [told("AMY", ADDRESS={"LASTNAME": "POND"}), told("RORY", ADDRESS={"LASTNAME": "Pond"})],
        ignores_case=True,
    )
    condition = where("ADDRESS.LASTNAME", "eq", "Pond")
    assert names(reader_of(sap), condition=condition, names_only=names_only) == ["RORY"]
    assert sorted(sap.details) == ["AMY", "RORY"]
