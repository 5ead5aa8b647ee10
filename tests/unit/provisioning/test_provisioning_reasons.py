"""Why a run failed, as far as its steps left word of it."""

import pytest

from sapmatch.model.errors import AuthorizationMissing, SapmatchError, SapRejected, SapUnavailable
from sapmatch.model.uploads import Upload
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

CHANGE = {"USERNAME": "A", "ADDRESS.LASTNAME": "Anders"}
MISSING = AuthorizationMissing("connection s4: authorisation S_RFC for BAPI_USER_CHANGE is missing")


def reported(trouble: SapmatchError | None, error: str) -> tuple[str, str]:
    """Error of the response file, and the mail."""
    here = ProvisioningHome(MemoryUsers(user("A")))
    run = here.drop(CHANGE)
    here.plan(run)
    if trouble:
        here.runs().troubled(run, "s4", trouble)
    return here.report(run, error)["error"], here.mailer.sent[-1][1]


def test_the_message_with_its_remedy_reaches_mail_and_response() -> None:
    error, mail = reported(MISSING, "AuthorizationMissing")
    assert error == f"AuthorizationMissing: {MISSING}"
    assert "authorisation S_RFC for BAPI_USER_CHANGE is missing" in mail


def test_a_message_of_another_error_is_not_told() -> None:
    """A step that failed first and went well later left it."""
    error, _ = reported(SapUnavailable("SAP was away"), "AuthorizationMissing")
    assert error == "AuthorizationMissing"


def test_what_sap_says_of_a_person_is_not_noted() -> None:
    error, mail = reported(SapRejected("01/190", "User MUSTER is locked"), "SapRejected")
    assert "MUSTER" not in error + mail
    assert "the function's log has its message" in error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("Lambda.Unknown", "was cut off"),
        ("TooManyRounds", "more rounds"),
        ("RuntimeError", "a bug of ours"),
        ("Lambda.TooManyRequestsException", "were busy"),
    ],
)
def test_an_error_that_is_none_of_ours_is_told_in_words(error: str, words: str) -> None:
    assert words in reported(None, error)[0]


def test_a_run_that_goes_on_forgets_its_trouble() -> None:
    here = ProvisioningHome(MemoryUsers(user("A")))
    run = here.drop(CHANGE)
    here.plan(run)
    here.runs().troubled(run, "s4", MISSING)
    here.report(run, "AuthorizationMissing")
    assert here.runs().resume(run, "s4").trouble is None


def test_a_file_in_a_wrong_place_is_told_to_who_administrates() -> None:
    """Subscriptions filter by owner."""
    here = ProvisioningHome(MemoryUsers())
    here.runs().refuse_upload(Upload(bucket="b", key="provisioning/x.json"), "is in no folder")
    assert here.mailer.sent[-1][2] == {"state": "provisioning_refused", "owner": "administrator"}
