"""A failed run of an extraction is told once, with what to do."""

import pytest
from msgspec.structs import replace

from sapmatch.reviewing.exceptions import Exceptions
from sapmatch.reviewing.mail import CAUSES
from sapmatch.reviewing.trouble import Cause, Trouble, cause_of
from tests.builders.memory import MemoryClock, MemoryDocuments, MemoryMailer, MemoryObjects

TROUBLE = Trouble(
    extraction="orders",
    run_id="2026-11-02T08:00:00Z",
    causes=(Cause(error="LogonRefused", message="s4: SAP refused the logon"),),
    reload="sapmatch reload orders --stage prod",
    last_good="2026-11-02T07:00:00Z",
)
LOST = Cause(error="ResyncRequired", message="the token is gone", part="A_SalesOrder")
DRIFT = Cause(error="InputRejected", message="extraction orders: SCHEMA_DRIFT: Price: is gone")


@pytest.fixture
def mailer() -> MemoryMailer:
    return MemoryMailer()


@pytest.fixture
def exceptions(mailer: MemoryMailer) -> Exceptions:
    return Exceptions(
        objects=MemoryObjects(),
        documents=MemoryDocuments(),
        mailer=mailer,
        clock=MemoryClock(),
    )


def test_a_mail_names_extraction_run_error_and_what_readers_still_have(
    exceptions: Exceptions, mailer: MemoryMailer
) -> None:
    exceptions.about_extraction(TROUBLE)
    subject, body, attributes = mailer.sent[0]
    assert subject == "[sapmatch] EXTRACTION_FAILED: SAP was not read (orders)"
    for expected in (
        "LogonRefused: s4: SAP refused the logon",
        "Run 2026-11-02T08:00:00Z",
        "Readers still have the run 2026-11-02T07:00:00Z",
        "What to do",
    ):
        assert expected in body
    assert attributes["state"] == "EXTRACTION_FAILED"


@pytest.mark.parametrize(("cause", "state"), [(LOST, "RESYNC_REQUIRED"), (DRIFT, "SCHEMA_DRIFT")])
def test_what_only_a_person_may_decide_is_told_with_the_command(
    exceptions: Exceptions, mailer: MemoryMailer, cause: Cause, state: str
) -> None:
    """RE-20, RE-21"""
    raised = exceptions.about_extraction(replace(TROUBLE, causes=(cause,)))
    assert raised.state == state
    assert "sapmatch reload orders --stage prod" in mailer.sent[0][1]
    assert cause.message in mailer.sent[0][1]


def test_runs_that_fail_alike_are_told_once_until_one_is_good_again(
    exceptions: Exceptions, mailer: MemoryMailer
) -> None:
    for hour in ("08", "09", "10"):
        exceptions.about_extraction(replace(TROUBLE, run_id=f"2026-11-02T{hour}:00:00Z"))
    assert len(mailer.sent) == 1
    exceptions.about_extraction(replace(TROUBLE, last_good="2026-11-02T11:00:00Z"))
    assert len(mailer.sent) == 2


def test_a_lost_position_is_told_once_whoever_finds_it(
    exceptions: Exceptions, mailer: MemoryMailer
) -> None:
    """RE-21: a chunk at first, the plan of each later run after it."""
    exceptions.about_extraction(replace(TROUBLE, causes=(LOST,)))
    exceptions.about_extraction(replace(TROUBLE, causes=(replace(LOST, part=""),)))
    assert len(mailer.sent) == 1


def test_another_trouble_is_told_as_well(exceptions: Exceptions, mailer: MemoryMailer) -> None:
    exceptions.about_extraction(TROUBLE)
    elsewhere = replace(TROUBLE, causes=(replace(TROUBLE.causes[0], part="A_SalesOrder"),))
    exceptions.about_extraction(elsewhere)
    exceptions.about_extraction(replace(TROUBLE, extraction="suppliers"))
    assert len(mailer.sent) == 3


def test_a_thousand_failed_chunks_are_one_short_mail(
    exceptions: Exceptions, mailer: MemoryMailer
) -> None:
    exceptions.about_extraction(replace(TROUBLE, causes=TROUBLE.causes * 1000))
    assert mailer.sent[0][1].count("SAP refused the logon") == CAUSES


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"Error": "E", "Cause": '{"errorMessage": "why", "stackTrace": []}'}, "why"),
        ({"Error": "E", "Cause": "plain words"}, "plain words"),
        ({"Error": "E", "Cause": '{"other": 1}'}, '{"other": 1}'),
        ({"Error": "States.Timeout"}, "no cause was given"),
        ({"Error": "States.Timeout", "Cause": ""}, "no cause was given"),
    ],
)
def test_what_a_state_machine_caught_is_put_into_words(error: dict[str, str], message: str) -> None:
    assert cause_of(error) == Cause(error=error["Error"], message=message)


def test_what_a_sweep_found_is_told_once_a_day_and_bounded(
    exceptions: Exceptions, mailer: MemoryMailer
) -> None:
    """RE-2"""
    missing = [f"upload incoming/{n}.xml: received now" for n in range(CAUSES + 5)]
    for _ in range(2):
        exceptions.about_sweep("2026-11-03", missing)
    (sent,) = mailer.sent
    assert sent[0] == "[sapmatch] SWEEP_FOUND: something was missed (2026-11-03)"
    assert sent[1].count("received now") == CAUSES
    assert "and 5 more" in sent[1]
