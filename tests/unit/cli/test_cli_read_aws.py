"""`sapmatch read --ocr aws` where AWS is not set up, or does not answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sapmatch.aws.clients import as_user
from sapmatch.cli import main
from sapmatch.model.errors import AuthorizationMissing, LogonRefused

SAMPLES = Path(__file__).parents[3] / "local" / "samples" / "invoices"
UBL, SCAN = str(SAMPLES / "01-ubl-matched.xml"), str(SAMPLES / "05-scan-matched.png")


@pytest.fixture(autouse=True)
def _without_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No region, no profile and no credentials, as on a new machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    for name in (
        "SAPMATCH_SETTINGS AWS_DEFAULT_REGION AWS_PROFILE AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID "
        "AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ENDPOINT_URL_TEXTRACT"
    ).split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "AWS_DEFAULT_REGION"),
        ({"AWS_DEFAULT_REGION": "eu-central-1"}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_PROFILE": "nix"}, "AWS_PROFILE"),
        ({"AWS_DEFAULT_REGION": "no region!"}, "are wrong"),
    ],
)
def test_aws_that_is_not_set_up_is_told_once_and_the_others_are_read(
    environment: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["read", SCAN, UBL, SCAN, "--ocr", "aws", "--json"]) == 4
    shown = capsys.readouterr()
    first, read, last = (json.loads(line) for line in shown.out.splitlines())
    assert read["outcome"] == "read"
    for unread in (first, last):
        assert (unread["outcome"], unread["invoice"]) == ("needs-review", None)
        assert [problem["code"] for problem in unread["problems"]] == ["OCR_UNAVAILABLE"]
    assert shown.err.count(told) == 1
    assert shown.err.count(SCAN) == 2
    assert "Traceback" not in shown.err


def test_a_match_that_needs_aws_is_not_decided_and_blames_no_sender(
    capsys: pytest.CaptureFixture[str],
) -> None:
    orders = ["--orders", str(SAMPLES.parent / "sap.json")]
    settings = ["--settings", str(SAMPLES.parents[2] / "sapmatch.toml")]
    assert main(["match", SCAN, UBL, *orders, *settings, "--ocr", "aws", "--json"]) == 4
    unread, decided = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (unread["decision"], unread["cause"]) == ("INVALID", "OCR_UNAVAILABLE")
    assert unread["remedy"] is None
    assert decided["decision"] == "MATCHED"


def test_people_see_the_table_of_what_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", SCAN, UBL, "--ocr", "aws"]) == 4
    shown = capsys.readouterr()
    assert "NM-2026-0431" in shown.out
    assert "only OCR can read it" in shown.out
    assert "no region is set" in shown.err


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UnrecognizedClientException", LogonRefused),
        ("AccessDeniedException", AuthorizationMissing),
    ],
)
def test_refused_credentials_and_a_missing_permission_are_for_the_user_to_mend(
    code: str, kind: type[Exception]
) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "payload"}}
    with pytest.raises(kind, match=code) as told, as_user("textract"):
        raise ClientError(answer, "AnalyzeExpense")
    assert "payload" not in str(told.value)


def test_another_answer_of_aws_passes() -> None:
    with pytest.raises(ClientError), as_user("textract"):
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "AnalyzeExpense")
