"""A wish that is well formed, and what its digest is made of."""

from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.reviewing.asked import Asked, require

GOOD = Asked(document="3f9a1c2b4d5e", action="accept", reason="agreed on the phone")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("document", "3f9a1c2", "at least its first 8 digits"),
        ("document", "3F9A1C2B", "document id"),
        ("document", "3f9a1c2b/../x", "document id"),
        ("document", "3" * 65, "document id"),
        ("reason", "", "3 to 500"),
        ("reason", "  a  ", "3 to 500"),
        ("reason", "x" * 501, "3 to 500"),
        ("reason", "...", "must say why"),
        ("reason", "two\nlines", "printable"),
        ("reason", "\u202ehidden", "printable"),
        ("action", "match", "needs the number"),
        ("order", "4500000012", "takes no order"),
    ],
)
def test_a_malformed_wish_is_refused_with_what_is_wrong(field: str, value: str, told: str) -> None:
    with pytest.raises(InputRejected, match=told):
        require(replace(GOOD, **{field: value}))


@pytest.mark.parametrize("option", ["other_supplier", "nothing_open"])
def test_what_posts_nothing_takes_no_order_in_spite_of_anything(option: str) -> None:
    with pytest.raises(InputRejected, match="posts nothing, and takes neither"):
        require(replace(GOOD, action="wait", **{option: True}))
    require(replace(GOOD, **{option: True}))


@pytest.mark.parametrize("order", ["", "45 00", "../x", "4" * 41])
def test_an_order_is_named_by_its_number(order: str) -> None:
    with pytest.raises(InputRejected, match="needs the number"):
        require(replace(GOOD, action="match", order=order))
    require(replace(GOOD, action="match", order="4500000012"))


@pytest.mark.parametrize("reason", ["abc", "x" * 500, "Größe stimmt: 3 × 4"])
def test_reasons_of_people_are_taken(reason: str) -> None:
    require(replace(GOOD, reason=reason))


@pytest.mark.parametrize(
    "other",
    [
        {"document": "3f9a1c2b4d5f"},
        {"action": "reject"},
        {"action": "match", "order": "4500000012"},
        {"reason": "agreed by mail"},
        {"decision": 2},
        {"other_supplier": True},
        {"nothing_open": True},
    ],
)
def test_the_digest_is_that_of_the_whole_wish_and_of_one_stage(other: dict[str, Any]) -> None:
    assert GOOD.digest("prod") == replace(GOOD).digest("prod")
    assert replace(GOOD, **other).digest("prod") != GOOD.digest("prod")
    assert GOOD.digest("prod") != GOOD.digest("test")
