"""What comes to the function that decides: whom it believes, and what it refuses to read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from sapmatch.aws.identity import sign
from sapmatch.bootstrap.deciding import decide
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.model.review import Person, Reviewing
from sapmatch.reviewing.asked import Asked
from sapmatch.reviewing.decide import Answer
from sapmatch.settings import Environment
from tests.builders.deciding import DOCUMENT, SHORT, Office
from tests.builders.sts import ARN, KEY_ID, SECRET, Sts, sts

WISH = Asked(document=SHORT, action="reject", reason="is no invoice")
ACCOUNT, EMULATED = "123456789012", "000000000000"
PEOPLE = {ARN: Person(sap_user="CARL"), "anna": Person(sap_user="ANNA")}


class Stage(SimpleNamespace):
    """The parts of the function's stage, with one document that waits."""

    def __init__(self) -> None:
        self.office = Office()
        super().__init__(
            reviews=self.office.reviews,
            documents=self.office.documents,
            workflows=self.office.waits,
            settings=SimpleNamespace(reviewing=Reviewing(people=PEOPLE)),
            clock=SimpleNamespace(now=lambda: datetime.now(UTC)),
            stage="prod",
            rehearsal=SimpleNamespace(worth=None, rehearse=None),
        )

    def takes(self, account: str = ACCOUNT, **event: Any) -> Answer:
        return decide(self, msgspec.to_builtins(event), account)  # type: ignore[arg-type]

    def decided_by(self) -> str | None:
        verdict = self.office.review.verdict
        return verdict.by if verdict else None


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def aws_sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    with sts() as state:
        for name, value in {
            "AWS_ENDPOINT_URL_STS": state.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "eu-central-1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
        yield state


def test_a_signed_decision_is_that_of_its_signer(stage: Stage, aws_sts: Sts) -> None:
    answer = stage.takes(asked=WISH, signature=sign(WISH.digest("prod")))
    assert (answer.outcome, answer.document) == ("decided", DOCUMENT)
    assert stage.decided_by() == ARN


@pytest.mark.parametrize(
    "changed",
    [{"action": "wait"}, {"reason": "is a duplicate"}, {"document": DOCUMENT}, {"decision": 1}],
)
def test_what_was_changed_on_the_way_is_not_signed(
    stage: Stage, aws_sts: Sts, changed: dict[str, Any]
) -> None:
    signature = sign(WISH.digest("prod"))
    with pytest.raises(LogonRefused, match="SignatureDoesNotMatch"):
        stage.takes(asked=msgspec.structs.replace(WISH, **changed), signature=signature)
    assert stage.decided_by() is None


def test_a_decision_of_one_stage_is_none_on_another(stage: Stage, aws_sts: Sts) -> None:
    """The same document may be on both: its id is made of its content."""
    with pytest.raises(LogonRefused):
        stage.takes(asked=WISH, signature=sign(WISH.digest("test")))


def test_a_user_of_the_operating_system_counts_nowhere_but_on_the_local_stage(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(Environment.OS_USERS, raising=False)
    with pytest.raises(LogonRefused, match="is not signed"):
        stage.takes(asked=WISH, user="anna")
    monkeypatch.setenv(Environment.OS_USERS, "trusted")
    with pytest.raises(LogonRefused, match="is not signed"):  # that stage in an account of AWS
        stage.takes(asked=WISH, user="anna")
    assert stage.takes(EMULATED, asked=WISH, user="anna").outcome == "decided"
    assert stage.decided_by() == "anna"


@pytest.mark.parametrize("user", [None, "", "a b", ARN, "../x", "x" * 65])
def test_a_user_is_a_name(stage: Stage, monkeypatch: pytest.MonkeyPatch, user: str | None) -> None:
    monkeypatch.setenv(Environment.OS_USERS, "trusted")
    with pytest.raises(LogonRefused, match="names no user"):
        stage.takes(EMULATED, asked=WISH, user=user)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"asked": {"document": SHORT, "action": "approve", "reason": "is right"}},
        {"asked": {"document": SHORT, "action": "reject"}},
        {"asked": {"document": 12345678, "action": "reject", "reason": "is no invoice"}},
        {"asked": WISH, "signature": {"authorization": "AWS4"}},
        {"asked": WISH, "signature": "AWS4"},
    ],
)
def test_what_cannot_be_read_is_refused(stage: Stage, event: dict[str, Any]) -> None:
    with pytest.raises(InputRejected, match="cannot be read"):
        stage.takes(**event)


def test_a_malformed_wish_is_refused_before_anybody_is_asked(stage: Stage, aws_sts: Sts) -> None:
    wish = msgspec.structs.replace(WISH, reason="no")
    with pytest.raises(InputRejected, match="3 to 500"):
        stage.takes(asked=wish, signature=sign(wish.digest("prod")))
    assert aws_sts.seen == []
