"""A failed run of an extraction is told once, with what to do."""

import pytest
from msgspec.structs import replace

from sapmatch.extracting.plan import _check_drift
from sapmatch.model.errors import InputRejected
from sapmatch.model.shape import Field, Shape
from sapmatch.reviewing.exceptions import Exceptions
from sapmatch.reviewing.mail.text import LINES
from sapmatch.reviewing.trouble import Cause, Trouble, cause_of
from tests.builders.exceptions import Team
from tests.builders.memory import MemoryMailer
from tests.conftest import ROOT

TROUBLE = Trouble(
    extraction="orders",
    run_id="2026-11-02T08:00:00Z",
    execution="5b6d7c1e",
    causes=(Cause(error="LogonRefused", message="s4: SAP refused the logon"),),
    reload="sapmatch reload orders --stage prod",
    last_good="2026-11-02T07:00:00Z",
)
LOST = Cause(error="ResyncRequired", message="the token is gone", part="A_SalesOrder")
DRIFT = Cause(error="InputRejected", message="extraction orders: SCHEMA_DRIFT: Price: is gone")


@pytest.fixture
def team() -> Team:
    return Team()


@pytest.fixture
def mailer(team: Team) -> MemoryMailer:
    return team.mailer


@pytest.fixture
def exceptions(team: Team) -> Exceptions:
    return team.exceptions


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
    assert cause.message.rpartition("DRIFT: ")[2] in mailer.sent[0][1]


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


def failed(error: str, message: str, step: str = "", part: str = "") -> Trouble:
    return replace(TROUBLE, causes=(Cause(error=error, message=message, step=step, part=part),))


BUG = "{}: {}, a bug of ours; see the log of request {} of this function"
ONE, OTHER = "2f5c1d9e-0d5a-4b0e-9d0c-6f1f6a1c2d3e", "9a1c1d9e-7d5a-4b0e-9d0c-000000000001"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            failed("RuntimeError", BUG.format("plan_extraction", "KeyError", ONE), "plan"),
            failed("RuntimeError", BUG.format("finish_extraction", "OSError", ONE), "finish"),
        ),
        (
            failed("RuntimeError", BUG.format("finish_extraction", "KeyError", ONE), "finish"),
            failed("RuntimeError", BUG.format("finish_extraction", "OSError", ONE), "finish"),
        ),
        (
            failed("InputRejected", "orders, A_X: 5 rows were read, but SAP counts 6", "finish"),
            failed("InputRejected", "orders, B_Y: 5 rows were read, but SAP counts 6", "finish"),
        ),
        (
            failed("SapUnavailable", "s4: timed out", "plan"),
            failed("SapUnavailable", "s4: timed out", "finish"),
        ),
        (
            failed("ServiceNotActivated", "/sap/API_A: SAP does not know the service", "plan"),
            failed("ServiceNotActivated", "/sap/API_B: SAP does not know the service", "plan"),
        ),
    ],
)
def test_different_failures_between_two_good_runs_are_each_told(
    exceptions: Exceptions, mailer: MemoryMailer, first: Trouble, second: Trouble
) -> None:
    exceptions.about_extraction(first)
    exceptions.about_extraction(second)
    assert len(mailer.sent) == 2


@pytest.mark.parametrize(
    ("error", "first", "second"),
    [
        ("RuntimeError", BUG.format("f", "KeyError", ONE), BUG.format("f", "KeyError", OTHER)),
        ("InputRejected", "A_X: 5 rows, SAP counts 6", "A_X: 17 rows, SAP counts 20"),
        ("InputRejected", "run by-hand-a failed", "run by-hand-b failed"),
        (
            "InputRejected",
            "no room in /tmp/sapmatch-call-12-abcdefg for them",
            "no room in /tmp/sapmatch-call-9-hijklmn for them",
        ),
        ("SapUnavailable", "s4: timed out after 30 seconds", "s4: SAP answered 503"),
    ],
)
def test_the_same_trouble_of_two_runs_is_told_once_though_its_numbers_differ(
    exceptions: Exceptions, mailer: MemoryMailer, error: str, first: str, second: str
) -> None:
    exceptions.about_extraction(replace(failed(error, first, "finish"), run_id="by-hand-a"))
    exceptions.about_extraction(replace(failed(error, second, "finish"), run_id="by-hand-b"))
    assert len(mailer.sent) == 1


def test_a_drift_is_told_with_one_remedy(exceptions: Exceptions, mailer: MemoryMailer) -> None:
    """RE-20: in the words in which planning refuses it."""
    before = Shape(
        entity_set="A_X", version="V2", keys=("Id",), fields=(Field(name="Id", kind="text"),)
    )
    after = replace(before, fields=(Field(name="Id", kind="integer"),))
    with pytest.raises(InputRejected) as refused:
        _check_drift("orders", [after], {"A_X": before})
    exceptions.about_extraction(failed("InputRejected", str(refused.value), "plan"))
    body = mailer.sent[0][1]
    (difference,) = refused.value.problems
    assert f"Why\n  {difference.message}\n" in body
    assert body.count("Bring back what is missing") == body.count("sapmatch reload") == 1


@pytest.mark.parametrize(
    ("trouble", "page"),
    [
        (TROUBLE, "extraction_failed"),
        (replace(TROUBLE, causes=(LOST,)), "resync_required"),
        (replace(TROUBLE, causes=(DRIFT,)), "schema_drift"),
        (failed("InputRejected", "run_id: is missing", "input"), "input_rejected"),
        (failed("RuntimeError", BUG.format("f", "KeyError", ONE), "finish"), "unexplained"),
    ],
)
def test_a_mail_names_the_page_of_its_runbook(
    exceptions: Exceptions, mailer: MemoryMailer, trouble: Trouble, page: str
) -> None:
    exceptions.about_extraction(trouble)
    assert f"docs/operations/extractions.md#{page}\n" in mailer.sent[0][1]
    runbook = (ROOT / "docs" / "operations" / "extractions.md").read_text()
    assert f"\n## {page.upper()}\n" in runbook


@pytest.mark.parametrize(
    "error", ["RuntimeError", "Runtime.ExitError", "Sandbox.Timedout", "States.Timeout"]
)
def test_of_a_bug_the_log_is_named_and_nothing_is_to_be_mended(
    exceptions: Exceptions, mailer: MemoryMailer, error: str
) -> None:
    exceptions.about_extraction(failed(error, BUG.format("f", "KeyError", ONE), "chunks"))
    body = mailer.sent[0][1]
    for expected in ("Log of the function extract_chunk", ONE, "report it"):
        assert expected in body
    assert "Mend what is named above" not in body


def test_each_wrong_input_is_told(exceptions: Exceptions, mailer: MemoryMailer) -> None:
    """Somebody wrote it by hand and waits."""
    wrong = failed("InputRejected", "run_id: is missing", "input")
    exceptions.about_extraction(wrong)
    exceptions.about_extraction(replace(wrong, execution="next"))
    assert len(mailer.sent) == 2
    assert "not told again" not in mailer.sent[0][1]


def test_a_thousand_failed_chunks_are_one_short_mail(
    exceptions: Exceptions, mailer: MemoryMailer
) -> None:
    exceptions.about_extraction(replace(TROUBLE, causes=TROUBLE.causes * 1000))
    assert mailer.sent[0][1].count("SAP refused the logon") == LINES


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
    missing = [f"upload incoming/{n}.xml: received now" for n in range(LINES + 5)]
    for _ in range(2):
        exceptions.about_sweep("2026-11-03", missing)
    (sent,) = mailer.sent
    assert sent[0] == "[sapmatch] SWEEP_FOUND: something was missed (2026-11-03)"
    assert sent[1].count("received now") == LINES
    assert "and 5 more" in sent[1]
