"""`sapmatch learn` on confirmed decisions."""

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sapmatch.cli import main
from sapmatch.matching.weights import weights_of
from sapmatch.model.document import DocumentRecord
from sapmatch.model.levels import IDENTITY_LEVELS
from sapmatch.model.match import Decision, Ranked, State
from sapmatch.model.stored import decision_key
from tests.builders.memory import START, MemoryDocuments, MemoryObjects


def evidence(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "weight": 1} for name in ("prior", *names)]


def decision(
    confirmed: list[str] | None, number: str = "order number equal", document: str = "a.xml"
) -> str:
    ranked = [
        {"orders": ["45"], "score": 200, "evidence": evidence(number, "all lines fit")},
        {"orders": ["46"], "score": 10, "evidence": evidence("no line fits")},
    ]
    return json.dumps({"document": document, "decision": "MATCHED", "ranked": ranked,
                       "confirmed": confirmed})  # fmt: skip


def many(count: int, confirmed: list[str] | None, number: str = "order number equal") -> list[str]:
    """Decisions on as many documents."""
    name = f"{number} {confirmed}"
    return [decision(confirmed, number, f"{name} {n}.xml") for n in range(count)]


def written(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_the_block_is_toml_that_the_settings_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = many(180, ["45"]) + many(120, ["45"], "order number in text")
    path = written(tmp_path / "c.ndjson", *rows)
    assert main(["learn", path]) == 0
    text = capsys.readouterr().out
    weights = tomllib.loads(text)["matching"]["weights"]
    assert set(weights) <= IDENTITY_LEVELS
    assert weights_of(weights).version.startswith("1+")
    assert "120 of 300 right orders" in text
    shipped = weights_of({})
    assert weights["order number in text"] > shipped["order number in text"]
    assert weights["order number equal"] < shipped["order number equal"]
    assert "no line fits" not in weights
    assert main(["learn", path]) == 0
    assert capsys.readouterr().out == text


def test_learned_weights_stay_near_the_shipped_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "c.ndjson", *many(5000, ["45"], "order number different"))
    assert main(["learn", path, "--json"]) == 0
    (found,) = [
        one
        for one in json.loads(capsys.readouterr().out)["counted"]
        if one["level"] == "order number different"
    ]
    assert found["weight"] == found["before"] + 60


def test_too_few_confirmed_decisions_teach_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = many(50, ["45"]) + many(500, ["99"]) + many(500, None)
    assert main(["learn", written(tmp_path / "c.ndjson", *rows)]) == 2
    assert "50 confirmed decisions" in capsys.readouterr().err


def test_a_document_counts_once_by_its_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = [decision(["45"])] * 500
    assert main(["learn", written(tmp_path / "c.ndjson", *again)]) == 2
    assert "1 confirmed decisions" in capsys.readouterr().err
    parts = [json.dumps({**json.loads(decision(["45"])), "part": n}) for n in range(300)]
    assert main(["learn", written(tmp_path / "c.ndjson", *again, *parts)]) == 0
    assert "# Learned from 301 " in capsys.readouterr().out


def test_levels_that_nobody_knows_teach_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row.replace("order number equal", "number same").replace("all lines fit", "all fit")
            for row in many(300, ["45"])]  # fmt: skip
    assert main(["learn", written(tmp_path / "c.ndjson", *rows)]) == 2
    assert "no level of the 300 confirmed decisions" in capsys.readouterr().err


def test_lines_may_come_through_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\n".join(many(300, ["45"])).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert main(["learn", "-"]) == 0
    assert "[matching.weights]" in capsys.readouterr().out


def test_a_line_that_is_no_decision_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "c.ndjson", decision(["45"]), '{"confirmed": "45"}')
    assert main(["learn", path]) == 2
    assert f"{path}: line 2" in capsys.readouterr().err
    assert main(["learn", str(tmp_path / "none")]) == 2


@pytest.mark.parametrize(
    "line",
    [
        b'{"ranked": [{"orders": ["\xff"], "score": 1}], "confirmed": ["45"]}',
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "confirmed": ["45"]}',
        b'{"ranked": [{"orders": ["45"], "score": NaN}], "confirmed": ["45"]}',
    ],
    ids=["no UTF-8", "endlessly nested", "NaN"],
)
def test_bytes_that_are_no_json_are_no_decision(
    line: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.ndjson"
    path.write_bytes(line + b"\n")
    assert main(["learn", str(path)]) == 2
    assert f"{path}: line 1" in capsys.readouterr().err


class Stage:
    """A stage on which people decided on documents, each after a decision of ours."""

    def __init__(self, matched: int) -> None:
        self.documents, self.objects = MemoryDocuments(), MemoryObjects()
        for n in range(matched):
            self.add(f"{n:064}", State.MANUAL_MATCHED)
        self.add("f" * 64, State.MANUAL_REJECTED)

    def add(self, name: str, state: State) -> None:
        shown = json.loads(decision(["45"]))
        ranked = msgspec.convert(shown["ranked"], tuple[Ranked, ...])
        ours = Decision(state=State.AMBIGUOUS, policy_version="p", ranked=ranked)
        by_hand = Decision(state=state, policy_version="p", orders=("45",), ranked=ranked[:1])
        for number, one in enumerate((ours, by_hand), start=1):
            self.objects.write(decision_key(name, number), msgspec.json.encode(one))
        self.documents.records[name] = DocumentRecord(
            id=name,
            bucket="bucket",
            key=f"incoming/{name}.pdf",
            version_id="v1",
            size=1,
            received_at=START,
            state=state,
            decision=2,
        )


def test_what_people_matched_on_a_stage_is_learned_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sapmatch.cli.learn.deployment", lambda _: Stage(matched=250))
    assert main(["learn", "--stage", "prod"]) == 0
    text = capsys.readouterr().out
    assert "# Learned from 250 confirmed decisions" in text
    assert "250 of 250 right orders" in text


def test_without_files_or_a_stage_there_is_nothing_to_learn_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["learn"]) == 2
    assert "--stage" in capsys.readouterr().err
