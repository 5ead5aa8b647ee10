"""Mails about extractions, sweeps and audits: subjects begin with the code of their runbook."""

from collections.abc import Sequence

from sapmatch.reviewing.mail import text, words
from sapmatch.reviewing.mail.text import Mail, Section
from sapmatch.reviewing.trouble import DRIFT, Cause, Trouble

_RUNBOOK = "docs/operations/extractions.md"
_FUNCTIONS = {"plan": "plan_extraction", "chunks": "extract_chunk", "finish": "finish_extraction"}


def extraction_mail(trouble: Trouble) -> Mail:
    """About a run of an extraction that failed."""
    state = trouble.state
    remedy = (words.remedy(trouble.remedy) or "").format(reload=trouble.reload)
    left = (
        f"Readers still have the run {trouble.last_good}."
        if trouble.last_good
        else "No run of it was ever published."
    )
    sections: list[Section] = [
        ("What", [f"Extraction {trouble.extraction}: {words.title(state)}. {left}"]),
        ("Why", [_because(cause) for cause in trouble.causes[: text.LINES]]),
        ("What to do", [remedy, f"More: {_RUNBOOK}#{trouble.remedy.lower()}"]),
        ("Where", _where(trouble)),
    ]
    return _mail(state, trouble.extraction, sections)


def sweep_mail(day: str, missing: Sequence[str]) -> Mail:
    """About what nobody had noticed: lines that say what was missing and what was done."""
    return _mail(
        "SWEEP_FOUND",
        day,
        [
            ("What", ["The nightly sweep found what should have happened and did not."]),
            ("Why", text.bounded(missing)),
            (
                "What to do",
                ["Find out why it was lost if this comes again: docs/operations/sweep.md."],
            ),
        ],
    )


def audit_mail(day: str, differences: Sequence[str]) -> Mail:
    """About writes that SAP shows in another way than they were confirmed, or not at all."""
    state = "AUDIT_DIFFERENCE"
    return _mail(
        state,
        day,
        [
            ("What", ["The daily audit compared what we wrote with what SAP holds."]),
            ("Why", text.bounded(differences)),
            ("What to do", [words.remedy(state) or "", "More: docs/operations/audit.md."]),
            ("Where", [f"Report audits/{day}.json"]),
        ],
    )


def _mail(state: str, reference: str, sections: Sequence[Section]) -> Mail:
    headline = f"{state}: {words.title(state)}"
    return Mail(subject=text.subject(headline, f"({reference})"), body=text.body(sections))


def _because(cause: Cause) -> str:
    """What a drift is, and nothing of what to do: that stands below with the whole command."""
    if DRIFT in cause.message:
        differences = cause.message.partition(f"{DRIFT}: ")[2] or cause.message
        return differences.partition(". The last good run stays")[0]
    place = f"{cause.part}: " if cause.part else ""
    return f"{place}{cause.error}: {cause.message}"


def _where(trouble: Trouble) -> list[str]:
    lines = [f"Run {trouble.run_id}", f"Execution {trouble.execution}"]
    if trouble.remedy == "UNEXPLAINED":
        steps = sorted({cause.step for cause in trouble.causes})
        lines += [f"Log of the function {_FUNCTIONS[step]}" for step in steps if step]
    if trouble.remedy != "INPUT_REJECTED":
        lines.append("Later runs that fail alike are not told again.")
    return lines
