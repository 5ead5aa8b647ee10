"""Mails about write-back: which records of which file, why, what to do, who, how and where."""

from collections.abc import Iterator, Sequence
from shlex import quote

from msgspec import Struct

from sapmatch.reviewing.mail import text, words
from sapmatch.reviewing.mail.text import Mail, Section
from sapmatch.reviewing.written import Answer, WrittenRun, alike

_GROUPS = 6  # of records that are alike
_NAMED = 5  # records of a group, or rows
_REACHED = "What became of its records stands in the response file."
_UNREACHED = "It is not known how far it came: there is no response file."
_RUNBOOKS = {
    "SAP_REJECTED": "rejected-records.md",
    "FILE_REJECTED": "rejected-records.md",
    "OUTCOME_UNKNOWN": "unknown-outcome.md",
    "WORKFLOW_FAILED": "failed-executions.md",
}
_STOPPED = (
    "Post nothing by hand yet: what was sent is read back by itself, and what was not goes with "
    "the next run. The platform team finds the cause in the execution of the state machine."
)


class Stage(Struct, frozen=True, kw_only=True):
    """Where people find things: a stage by its name, and the bucket of its files."""

    name: str
    bucket: str


def rejected_mail(run: WrittenRun, answers: Sequence[Answer], stage: Stage) -> Mail:
    """Records that are not in SAP: refused by it, or by us before anything was sent."""
    by_sap = all(answer.http_status for answer in answers)
    count = _count(run, answers)
    what = [f"{'SAP refused' if by_sap else 'Not written to SAP:'} {count}, flow {run.flow}."]
    stopped = sum(answer.cause == "STOPPED" for answer in run.answers)
    if stopped:
        what.append(f"{stopped} records behind them were not sent: the flow stops at the first.")
    sections: list[Section] = [
        ("What", what),
        ("Why", list(_why(answers))),
        ("What to do", _todo("SAP_REJECTED")),
        ("Who", [_who("SAP_REJECTED", run)]),
        ("How", list(_replays(run, answers, stage))),
        ("Where", list(_where(run, stage))),
    ]
    headline = f"SAP refused {count}" if by_sap else f"Not written to SAP: {count}"
    return _mail(headline, run, sections)


def unknown_mail(run: WrittenRun, answers: Sequence[Answer], stage: Stage) -> Mail:
    """Records that SAP may hold."""
    count, state = _count(run, answers), "OUTCOME_UNKNOWN"
    ids = [answer.intent for answer in answers if answer.intent][:_NAMED]
    sections: list[Section] = [
        ("What", [f"Not known whether SAP has {count}, flow {run.flow}."]),
        ("Why", list(_why(answers))),
        ("What to do", _todo(state)),
        ("Who", [_who(state, run)]),
        ("How", [f"sapmatch intents show {text.short(each)} {_at(stage)}" for each in ids]),
        ("Where", list(_where(run, stage))),
    ]
    return _mail(f"Not known whether SAP has {count}", run, sections)


def file_mail(run: WrittenRun, stage: Stage) -> Mail:
    """A dropped file of which nothing was sent."""
    state, name = "FILE_REJECTED", _file(run) or "A dropped file"
    known = all(answer.record != "flow" for answer in run.answers)
    sections: list[Section] = [
        ("What", [f"{name} was refused as a whole: nothing of it was sent (flow {run.flow})."]),
        ("Why", list(_mistakes(run.answers))),
        ("What to do", _todo(state)),
        ("Who", [_who(state, run)]),
        ("How", [_drop(run, stage, run.flow if known else "FLOW")]),
        ("Where", list(_where(run, stage))),
    ]
    return _mail(f"Refused as a whole: {name}", run, sections)


def stopped_mail(reason: str, run: WrittenRun, stage: Stage) -> Mail:
    """A run that ended in an error of ours; there may be no response file."""
    refused = run.with_status("rejected")
    title = words.title(reason)
    of_file = f" with {_file(run)}" if run.source else ""
    sections: list[Section] = [
        ("What", [f"Write-back flow {run.flow}{of_file}: {title}."]),
        ("Why", [*_why(refused)] or [_REACHED if run.table else _UNREACHED]),
        ("What to do", [_STOPPED, _more(reason)]),
        ("Who", [_who(reason, run)]),
        (
            "How",
            [
                f"sapmatch status --write-backs {_at(stage)}",
                f"sapmatch intents --flow {run.flow} {_at(stage)}",
            ],
        ),
        ("Where", list(_where(run, stage))),
    ]
    return _mail(f"Write-back: {title}{of_file}", run, sections)


def _mail(headline: str, run: WrittenRun, sections: Sequence[Section]) -> Mail:
    return Mail(subject=text.subject(headline, f"({run.flow})"), body=text.body(sections))


def _count(run: WrittenRun, answers: Sequence[Answer]) -> str:
    """`3 of 12 records of confirmations.csv`"""
    records = "record" if run.records == 1 else "records"
    of_file = f" of {_file(run)}" if run.source else ""
    return f"{len(answers)} of {run.records} {records}{of_file}"


def _file(run: WrittenRun) -> str:
    """Its name as people know it."""
    return " ".join(run.source.rpartition("/")[2].split()) if run.source else ""


def _why(answers: Sequence[Answer]) -> Iterator[str]:
    groups = alike(answers)
    for (said, remedy), those in list(groups.items())[:_GROUPS]:
        count = f"{len(those)} records: " if len(those) > 1 else ""
        yield f"{count}{text.unlinked(said)}"
        yield from (f"  {_named(answer)}" for answer in those[:_NAMED])
        if len(those) > _NAMED:
            yield f"  and {len(those) - _NAMED} more"
        if remedy:
            yield f"  -> {remedy}"
    if len(groups) > _GROUPS:
        yield f"and {len(groups) - _GROUPS} other reasons, in the response file"


def _named(answer: Answer) -> str:
    """`4500000990/10 (record 3, intent 87983fca1234)`"""
    intent = f", intent {text.short(answer.intent)}" if answer.intent else ""
    place = f"{answer.place}{intent}"
    return f"{text.quoted(answer.name)} ({place})" if answer.name else place


def _mistakes(answers: Sequence[Answer]) -> Iterator[str]:
    """Those of one kind together; what is wrong with the file as a whole names no row."""
    kinds: dict[str, list[str]] = {}
    for answer in answers:
        where, _, field = answer.record.partition(": ")
        if where in ("file", "flow"):
            kinds.setdefault(f"The {where} {answer.said}", [])
        elif where.startswith("row "):
            said = f"{field}: {answer.said}" if field else answer.said
            kinds.setdefault(said, []).append(where)
        else:
            kinds.setdefault(f"{where}: {answer.said}", [])
    yield from text.bounded([_mistake(*kind) for kind in kinds.items()], "other mistakes")


def _mistake(said: str, rows: list[str]) -> str:
    left = len(rows) - _NAMED
    more = f" and {left} more" if left > 0 else ""
    return f"{said} ({', '.join(rows[:_NAMED])}{more})" if rows else said


def _todo(state: str) -> list[str]:
    return [words.remedy(state) or "", _more(state)]


def _more(state: str) -> str:
    return f"More: docs/operations/{_RUNBOOKS.get(state, 'README.md')} ({state})."


def _who(state: str, run: WrittenRun) -> str:
    owner = words.owner_words(words.owner_of(state))
    dropped = "whoever dropped the file, with " if run.source else ""
    told = f"{dropped}{owner}."
    return told[:1].upper() + told[1:]


def _replays(run: WrittenRun, answers: Sequence[Answer], stage: Stage) -> Iterator[str]:
    """What was never planned is dropped again; what was is replayed."""
    ids = [text.short(answer.intent) for answer in answers if answer.intent]
    if len(ids) < len(answers) and run.source:
        yield _drop(run, stage, run.flow)
    if len(ids) > 1:
        yield f"sapmatch replay --flow {run.flow} --run {run.run_id} {_at(stage)}"
    if ids:
        yield f"sapmatch replay {ids[0]} {_at(stage)}"
        yield f"sapmatch replay {ids[0]} --payload corrected.json {_at(stage)}"


def _drop(run: WrittenRun, stage: Stage, flow: str) -> str:
    """The command that drops the corrected file; its name is somebody else's text."""
    folder = f"s3://{stage.bucket}/updates/{flow}/inbox/"
    return f"aws s3 cp {quote(_file(run) or 'FILE')} {quote(folder)}"


def _where(run: WrittenRun, stage: Stage) -> Iterator[str]:
    if run.source:
        yield f"File s3://{stage.bucket}/{run.source}"
    if run.table:
        yield f"Response file for a spreadsheet s3://{stage.bucket}/{run.table}"
        yield f"aws s3 cp {quote(f's3://{stage.bucket}/{run.table}')} ."
    yield f"Run {run.run_id}"


def _at(stage: Stage) -> str:
    return f"--stage {stage.name}"
