"""Reviews of a desk as a test reads them, and what people say about them."""

from typing import Any

from msgspec.structs import replace

from sapmatch.model.review import Review, Verdict
from tests.builders.memory import START
from tests.builders.read_desk import ReadDesk


def review(desk: ReadDesk, document: str) -> Review:
    """The review of a document that has one."""
    found = desk.reviews.get(document)
    assert found is not None
    return found


def decide(desk: ReadDesk, document: str, action: Any, **fields: Any) -> None:
    """A person decides on what was decided last."""
    verdict = Verdict(action=action, reason="Looked at it.", by="arn:jo", at=START, **fields)
    desk.reviews.save(replace(review(desk, document), status="decided", verdict=verdict))
