"""Reviews in the emulator's DynamoDB: conditions, the sparse index, short ids."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from sapmatch.aws.reviews import DynamoReviews
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.review import Review, Reviews
from tests.builders.aws_table import make_table
from tests.builders.memory import START
from tests.builders.memory_reviews import MemoryReviews


@pytest.fixture(params=["memory", "aws"])
def reviews(request: pytest.FixtureRequest) -> Reviews:
    if request.param == "memory":
        return MemoryReviews()
    request.getfixturevalue("aws")
    return DynamoReviews(make_table("documents", "by_review"))


def review(digits: str, **fields: Any) -> Review:
    given = Review(document_id=(digits * 64)[:64], state="AMBIGUOUS", opened_at=START)
    return msgspec.structs.replace(given, **fields)


def test_a_review_is_stored_with_its_version_and_read_back(reviews: Reviews) -> None:
    stored = reviews.save(review("a1", token="t"))
    assert stored.version == 1
    assert reviews.get(stored.document_id) == stored
    assert reviews.get("b" * 64) is None


def test_of_two_changes_to_one_version_the_first_stands(reviews: Reviews) -> None:
    """RE-17, RE-18"""
    stored = reviews.save(review("a1"))
    decided = reviews.save(msgspec.structs.replace(stored, status="decided"))
    with pytest.raises(PreconditionFailed):
        reviews.save(msgspec.structs.replace(stored, status="expired"))
    assert reviews.get(stored.document_id) == decided


def test_a_review_is_made_once(reviews: Reviews) -> None:
    reviews.save(review("a1"))
    with pytest.raises(PreconditionFailed):
        reviews.save(review("a1"))


def test_what_waits_is_found_oldest_first_and_only_while_it_is_open(reviews: Reviews) -> None:
    old = reviews.save(review("b", opened_at=START - timedelta(days=1)))
    new = reviews.save(review("a"))
    closed = reviews.save(review("c"))
    reviews.save(msgspec.structs.replace(closed, status="closed"))
    assert list(reviews.open()) == [old, new]


def test_a_decision_is_unfinished_until_it_is_carried_out_and_ends_a_review_once(
    reviews: Reviews,
) -> None:
    """RE-12: who finds it is told by the index, whatever became of the workflow."""
    decided = reviews.save(msgspec.structs.replace(reviews.save(review("a1")), status="decided"))
    assert (list(reviews.open()), list(reviews.unfinished())) == ([], [decided])
    reviews.save(msgspec.structs.replace(decided, settled=True))
    assert list(reviews.unfinished()) == []
    assert reviews.history(decided.document_id) == (decided,)


def test_how_a_review_ended_is_kept_when_it_begins_anew(reviews: Reviews) -> None:
    expired = reviews.save(review("a1", status="expired"))
    renewed = reviews.save(msgspec.structs.replace(expired, status="open", decision=2))
    closed = reviews.save(msgspec.structs.replace(renewed, status="closed"))
    assert reviews.history(expired.document_id) == (expired, closed)
    assert reviews.history("b" * 64) == ()


def test_a_document_is_found_by_the_first_digits_of_its_id_closed_or_not(reviews: Reviews) -> None:
    one = reviews.save(review("0123456789"))
    other = reviews.save(review("01234567ff", status="closed"))
    reviews.save(review("77"))
    assert set(reviews.find("01234567")) == {one.document_id, other.document_id}
    assert reviews.find("0123456789") == (one.document_id,)
    assert reviews.find("9" * 8) == ()


def test_of_many_at_the_same_moment_exactly_one_changes_a_review(aws: str) -> None:
    """RE-17"""
    reviews = DynamoReviews(make_table("documents", "by_review"))
    stored = reviews.save(review("a1"))

    def decide(state: str) -> bool:
        return _succeeds(lambda: reviews.save(msgspec.structs.replace(stored, state=state)))

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(decide, map(str, range(16))))
    assert won.count(True) == 1


def _succeeds(call: Callable[[], object]) -> bool:
    try:
        call()
    except PreconditionFailed:
        return False
    return True
