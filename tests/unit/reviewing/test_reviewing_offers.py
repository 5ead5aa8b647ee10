"""What is offered while nobody knows yet who will decide."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Person, Reviewing, Verdict
from sapmatch.reviewing.offers import Offers
from tests.builders.memory import START

PEOPLE = {"clerk": Person(), "mueller": Person(sap_user="AMUELLER")}
RECORD = DocumentRecord(
    id="d" * 64,
    key="incoming/d.xml",
    version_id="v1",
    bucket="b",
    size=1,
    received_at=START,
    state="OUT_OF_TOLERANCE",
)
CASES: dict[str, tuple[Callable[[Verdict], bool], tuple[str, ...]]] = {
    "by their SAP user": (lambda said: said.sap_user == "AMUELLER", ("accept",)),
    "by their token": (lambda said: said.token_sha256 is not None, ("accept",)),
    "by nobody": (lambda _: False, ()),
}


@pytest.mark.parametrize("who", CASES)
def test_what_somebody_could_have_written_in_their_name_is_offered(who: str) -> None:
    takes, offered = CASES[who]

    def rehearse(_record: DocumentRecord, said: Verdict) -> tuple[str, ...]:
        if not takes(said):
            raise InputRejected("in nobody's name")
        return ()

    offers = Offers(rules=Reviewing(people=PEOPLE), worth=lambda _: Decimal(0), rehearse=rehearse)
    assert offers.of(RECORD, None) == offered
