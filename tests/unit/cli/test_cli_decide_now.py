"""`sapmatch decide --now --user-token FILE`: the token goes to one function and nowhere else."""

import base64
import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.cli.user_token import read_token
from sapmatch.model.errors import AuthorizationMissing, InputRejected
from sapmatch.reviewing.asked import Asked

ID = "3f9a1c2b4d5e"
DOCUMENT = ID + 52 * "0"
DECIDED = {"document": DOCUMENT, "outcome": "decided", "message": "accepted"}
WRITTEN = {"outcome": "written", "message": "A_SupplierInvoice 51/2026 written to SAP"}
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)


def jwt(**claims: Any) -> str:
    parts = ({"alg": "RS256"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in encoded), "c2lnbmF0dXJl"])


TOKEN = jwt(iss="https://idp.example.com", exp=4_102_444_800)


class Stage:
    """The two functions of a deployed stage."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.tokens: list[tuple[str | None, str, str]] = []
        self.answer: dict[str, Any] = DECIDED
        self.written: Any = WRITTEN

    def ask(self, _stage: str | None, asked: Asked) -> dict[str, Any]:
        self.asked.append(asked)
        return dict(self.answer)

    def write(self, stage: str | None, document: str, token: str, _clock: Any) -> Any:
        self.tokens.append((stage, document, token))
        if isinstance(self.written, Exception):
            raise self.written
        return self.written


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    found = Stage()
    monkeypatch.setattr("sapmatch.cli.decide.ask", found.ask)
    monkeypatch.setattr("sapmatch.cli.decide.write_now", found.write)
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def decide(*words: str, file: object) -> int:
    reason = ("--reason", "agreed by phone")
    return main(["decide", ID, *words, *reason, "--now", "--user-token", str(file)])


def test_the_decision_signs_the_tokens_digest_and_the_token_goes_to_one_function(
    stage: Stage, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decide("accept", "--stage", "test", file=file) == 0
    (asked,) = stage.asked
    assert asked.token_sha256 == hashlib.sha256(TOKEN.encode()).hexdigest()
    assert TOKEN not in repr(asked)
    assert stage.tokens == [("test", DOCUMENT, TOKEN)]
    shown = capsys.readouterr()
    assert shown.out == "accepted\nA_SupplierInvoice 51/2026 written to SAP\n"
    assert shown.err == ""


def test_stdin_holds_a_token_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TOKEN))
    assert decide("match", "4500000012", "--json", file="-") == 0
    assert json.loads(capsys.readouterr().out)["written"] == WRITTEN
    assert stage.asked[0].order == "4500000012"


@pytest.mark.parametrize("outcome", ["refused", "proposed", "waiting"])
def test_what_was_not_decided_is_not_written(stage: Stage, file: Path, outcome: str) -> None:
    stage.answer = {"outcome": outcome, "message": "no"}
    assert decide("accept", file=file) == (3 if outcome == "refused" else 0)
    assert not stage.tokens


def test_saps_refusal_is_told_and_ends_with_3(
    stage: Stage, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.written = {"outcome": "refused", "message": "A_SupplierInvoice refused: M8/534: locked"}
    assert decide("accept", file=file) == 3
    assert "M8/534" in capsys.readouterr().err


def test_where_it_cannot_be_written_at_once_the_decision_still_stands(
    stage: Stage, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.written = AuthorizationMissing("AWS lambda: the user lacks a permission")
    assert decide("accept", file=file) == 0
    out = capsys.readouterr().out
    assert "decision is recorded" in out
    assert "lacks a permission" in out


def test_a_token_that_others_can_read_is_warned_about(
    stage: Stage, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.chmod(0o644)
    assert decide("accept", file=file) == 0
    assert f"chmod 600 {file}" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--now"], ["--user-token", "t"]])
def test_the_two_options_go_together(
    stage: Stage, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", ID, "accept", "--reason", "agreed", *words]) == 2
    assert "go together" in capsys.readouterr().err
    assert not stage.asked


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no JWT"),
        ("Bearer a.b.c", "holds no JWT"),
        ("a.b.c.d", "holds no JWT"),
        ("a.b." + "c" * 40_000, "holds no JWT"),
        (jwt(exp=NOW.timestamp() + 5), "is good until 2026-11-02 08:00:05 UTC only"),
        (jwt(exp=NOW.timestamp() - 3600), "Nothing was decided"),
    ],
)
def test_a_useless_token_is_refused_before_anything_is_decided(
    tmp_path: Path, text: str, told: str
) -> None:
    """CO-T16: and nothing of it is shown."""
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(InputRejected, match=told) as caught:
        read_token(str(file), NOW)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("token", ["a.b.c", "a.bm90LWpzb24.c", jwt(), jwt(exp="soon")])
def test_what_a_token_says_is_judged_by_who_uses_it(tmp_path: Path, token: str) -> None:
    file = tmp_path / "token"
    file.write_text(token)
    file.chmod(0o600)
    assert read_token(str(file), NOW) == token


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="token: cannot be read"):
        read_token(str(tmp_path / "token"), NOW)
