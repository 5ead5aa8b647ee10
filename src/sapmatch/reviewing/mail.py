"""What the operations team reads: what is wrong, why, what to do, and where it is.

The subject never holds text from a document: it must be short, one line and harmless in any mail
program (SNS takes up to 99 characters without line breaks).
"""

from collections.abc import Sequence

from msgspec import Struct

from sapmatch.model.document import DocumentRecord
from sapmatch.model.invoice import ReadResult
from sapmatch.model.match import POSTABLE, Decision
from sapmatch.reviewing.fields import problem_line
from sapmatch.reviewing.trouble import DRIFT, Cause, Trouble

SUBJECT_LENGTH = 99
_SHORT_ID = 12
CAUSES = 20  # lines about a failed run, or about what was missed

_TITLES = {
    "AMBIGUOUS": "several orders fit",
    "DUPLICATE": "arrived before",
    "EXTRACTION_FAILED": "SAP was not read",
    "FILE_REJECTED": "the file has mistakes",
    "INVALID": "contradicts itself",
    "NO_CANDIDATE": "no order found",
    "NEEDS_REVIEW": "must be compared with the document",
    "NOT_INVOICEABLE": "order takes no invoice",
    "OUT_OF_TOLERANCE": "outside the tolerances",
    "READ_TIMED_OUT": "OCR did not end",
    "REJECTED": "could not be read",
    "RESYNC_REQUIRED": "SAP forgot where its changes were read to",
    "SAP_REJECTED": "refused by SAP",
    "SCHEMA_DRIFT": "fields are gone or changed in SAP",
    "OUTCOME_UNKNOWN": "not known whether SAP has it",
    "SWEEP_FOUND": "something was missed",
    "SUSPECTED_DUPLICATE": "may have arrived before",
    "WAITING_RECEIPT": "waits for the goods receipt",
    "WORKFLOW_FAILED": "processing stopped",
}

_REMEDIES = {
    "NEEDS_REVIEW": "Compare the values named above with the document and key the invoice in SAP "
    "(MIRO); where the document contradicts itself, ask the sender for a corrected one.",
    "READ_TIMED_OUT": "Key the invoice in SAP (MIRO), or upload a copy with fewer pages. The "
    "platform team looks for the cause in the log of the function read_document.",
    "REJECTED": "Ask the sender for a readable file, or key the invoice in SAP (MIRO).",
    "DUPLICATE": "Nothing, if the file was sent twice by mistake: it is posted only once.",
    "FILE_REJECTED": "Correct the rows and drop the file again: nothing of it was sent.",
    "SAP_REJECTED": "Correct the cause named by SAP, then have the record sent again.",
    "OUTCOME_UNKNOWN": "Look in SAP for the document before anybody posts it by hand.",
    "INPUT_REJECTED": "Start it again with a right input. Nothing was read, and nothing changed.",
    "UNEXPLAINED": "Nothing named above can be mended: it is a bug of ours or a limit of AWS. Look "
    "the error up in the log of the function (CloudWatch, by the request if one is named), and "
    "report it with the lines of that request. The next run that is due tries again.",
    "EXTRACTION_FAILED": "Mend what is named above; the next run that is due reads all that this "
    "one should have read. To go on with this very run, start the state machine extraction with "
    "the same input: chunks that are done are not read again, unless their rows were refused.",
    "RESYNC_REQUIRED": "Load everything anew when SAP has the time for it: {reload}. Until then no "
    "run of this extraction reads anything.",
    "SCHEMA_DRIFT": "Bring back what is missing, in SAP or in the settings. If all readers can "
    "live with the change, load everything anew: {reload}.",
    "WORKFLOW_FAILED": "Post nothing by hand yet. The platform team finds the cause in the "
    "execution of the state machine and starts it again.",
}


_RUNBOOK = "docs/operations/extractions.md"
_FUNCTIONS = {"plan": "plan_extraction", "chunks": "extract_chunk", "finish": "finish_extraction"}
_COPY_POSTED = "Nothing: the invoice is posted only once."
_COPY_SPLIT = "Nothing: each invoice of the first file goes its own way, once."
_COPY_NOT_POSTED = "Nothing about the copy. What the first file needs stands in the mail about it."


class Mail(Struct, frozen=True, kw_only=True):
    """A subject and a plain text body."""

    subject: str
    body: str


def subject(state: str, reference: str) -> str:
    """One line that sorts by state; `reference` is an id of ours."""
    return f"[sapmatch] {state}: {_TITLES.get(state, 'needs a look')} ({reference})"[
        :SUBJECT_LENGTH
    ]


def document_mail(
    state: str, record: DocumentRecord, decision: Decision | None, result: ReadResult | None = None
) -> Mail:
    """About one document: `decision` where there is one, else the problems of its reading.

    `result` is what was read: its values are shown where a person has to compare them.
    """
    why = list(decision.explanation) if decision else _problems(record, result)
    remedy = (decision.remedy if decision else None) or _REMEDIES.get(state)
    sections = [
        ("What", [_what(state, record)]),
        ("Why", why),
        ("Orders", _orders(decision)),
        ("What to do", [remedy] if remedy else []),
        ("Where", [_file(record), f"Document {record.id}"]),
    ]
    return Mail(subject=subject(state, record.id[:_SHORT_ID]), body=_text(sections))


def copy_mail(record: DocumentRecord, key: str) -> Mail:
    """The same file arrived under another name."""
    sections = [
        ("What", ["The same file was uploaded again under another name."]),
        ("Why", [f"File {key} has the same bytes as {record.key}, which is {record.state}."]),
        ("What to do", [_of_copy(record)]),
        ("Where", [f"Document {record.id}"]),
    ]
    return Mail(subject=subject("DUPLICATE", record.id[:_SHORT_ID]), body=_text(sections))


def write_back_mail(state: str, run_id: str, flow: str, lines: Sequence[str], file: str) -> Mail:
    """About the records of one write-back run that did not end well."""
    sections = [
        ("What", [f"Write-back flow {flow}: {_TITLES[state]}."]),
        ("Why", lines),
        ("What to do", [_REMEDIES[state]]),
        ("Where", [f"Run {run_id}", f"Response file {file}"]),
    ]
    return Mail(subject=subject(state, f"{flow} {run_id}"), body=_text(sections))


def extraction_mail(trouble: Trouble) -> Mail:
    """About a run of an extraction that failed."""
    state, remedy = trouble.state, _REMEDIES[trouble.remedy].format(reload=trouble.reload)
    left = (
        f"Readers still have the run {trouble.last_good}."
        if trouble.last_good
        else "No run of it was ever published."
    )
    sections = [
        ("What", [f"Extraction {trouble.extraction}: {_TITLES[state]}. {left}"]),
        ("Why", [_because(cause) for cause in trouble.causes[:CAUSES]]),
        ("What to do", [remedy, f"More: {_RUNBOOK}#{trouble.remedy.lower()}"]),
        ("Where", _where(trouble)),
    ]
    return Mail(subject=subject(state, trouble.extraction), body=_text(sections))


def sweep_mail(day: str, missing: Sequence[str]) -> Mail:
    """About what nobody had noticed: lines that say what was missing and what was done."""
    more = len(missing) - CAUSES
    told = [*missing[:CAUSES], *([f"and {more} more"] if more > 0 else [])]
    sections = [
        ("What", ["The nightly sweep found what should have happened and did not."]),
        ("Why", told),
        ("What to do", ["Find out why it was lost if this comes again: docs/operations/sweep.md."]),
    ]
    return Mail(subject=subject("SWEEP_FOUND", day), body=_text(sections))


def _problems(record: DocumentRecord, result: ReadResult | None) -> list[str]:
    """One line per problem; the record has them shortened."""
    problems = result.problems if result else record.problems
    more = len(problems) - CAUSES
    told = [problem_line(problem, result) for problem in problems[:CAUSES]]
    return [*told, f"and {more} more"] if more > 0 else told


def _file(record: DocumentRecord) -> str:
    place = record.place
    return place[:1].upper() + place[1:] if record.pages else f"File {place}"


def _of_copy(record: DocumentRecord) -> str:
    if record.state == "SPLIT":
        return _COPY_SPLIT
    return _COPY_POSTED if record.state in POSTABLE else _COPY_NOT_POSTED


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


def _what(state: str, record: DocumentRecord) -> str:
    number = f"Invoice {record.number}" if record.number else "The document"
    return f"{number}: {_TITLES.get(state, 'needs a look')}."


def _orders(decision: Decision | None) -> list[str]:
    if decision is None:
        return []
    return list(decision.orders) or [f"candidate {order}" for order in decision.candidates]


def _text(sections: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Sections with lines; control characters of a document never reach a mail program."""
    blocks = []
    for title, lines in sections:
        if lines:
            clean = ("".join(c if c.isprintable() else " " for c in line) for line in lines)
            blocks.append(f"{title}\n" + "\n".join(f"  {line}" for line in clean))
    return "\n\n".join(blocks) + "\n"
