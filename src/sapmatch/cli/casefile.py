"""One document in full: what was read, decided, compared and said about it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sapmatch.cli import output
from sapmatch.model.document import DocumentRecord, ExceptionRecord, pages_of
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import ReadResult
from sapmatch.model.match import Decision, Ranked, State
from sapmatch.model.money import Money
from sapmatch.model.review import Review, Verdict
from sapmatch.model.stored import decision_key, decision_of, invoice_key, result_of
from sapmatch.reviewing.asked import SHORT_ID, allows
from sapmatch.reviewing.fields import in_words, problem_line

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services

_SHOWN = 40  # rows of a table for people; --json has them all


def casefile(parts: "Services", document_id: str) -> dict[str, Any]:
    """Everything about a document, whether it waits, has waited or never did."""
    record = parts.documents.get(document_id)
    review = parts.reviews.get(document_id)
    told = _told(parts, record)
    decisions = list(_decisions(parts, document_id, record.decision))
    last = decisions[-1] if decisions else None
    result = _result(parts, document_id)
    reviews = [*parts.reviews.history(document_id), *([review] if review else [])]
    return {
        **_document(record),
        "written": [_written(parts.intents.get(intent_id)) for intent_id in record.intents],
        **_waiting(record, review),
        **_read(record, result),
        **_decided(last, told),
        "explanation": _explanation(last, result),
        "evidence": list(_evidence(result)),
        "history": list(_history(decisions, reviews)),
        "actions": list(_actions(review, told)) if review and review.status == "open" else [],
    }


def _told(parts: "Services", record: DocumentRecord) -> ExceptionRecord | None:
    """What people were told last about the document as it is now."""
    told = [e for e in parts.outbox.of(record.id) if e.state == record.state]
    return told[-1] if told else None


def _actions(review: Review, told: ExceptionRecord | None) -> Iterator[str]:
    """What may be decided; only what would be taken, where that was tried for a mail."""
    number = review.decision
    if told and (not number or decision_key(review.document_id, number) in told.evidence):
        yield from told.offers
    elif allows("accept", review.state):
        yield "accept"
    if allows("match", review.state):
        yield "match ORDER"
    yield from ("reject", "wait")


def _written(intent: Intent) -> dict[str, Any]:
    return {"entity_set": intent.entity_set, "state": intent.state, "key": intent.key}


def _document(record: DocumentRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "bucket": record.bucket,
        "key": record.key,
        "version_id": record.version_id,
        "pages": record.pages,
        "received_at": record.received_at,
        "document_state": record.state,
        "company_code": record.company_code,
        "duplicate_of": record.duplicate_of,
    }


def _waiting(record: DocumentRecord, review: Review | None) -> dict[str, Any]:
    """`state` is that of the wait as long as there is one, then that of the document."""
    waits = review if review and review.status == "open" else None
    return {
        "state": waits.state if waits else record.state,
        "cause": waits.cause if waits else record.cause or record.reason,
        "status": review.status if review else None,
        "decision": review.decision if review else record.decision,
        "opened_at": review.opened_at if review else None,
        "proposed": review.proposed if review else None,
    }


def _read(record: DocumentRecord, result: ReadResult | None) -> dict[str, Any]:
    invoice = result.invoice if result else None
    return {
        "number": invoice.number if invoice else record.number,
        "seller": invoice.seller.name if invoice else None,
        "total": invoice.total if invoice else None,
        "currency": invoice.currency if invoice else None,
    }


def _decided(last: Decision | None, told: ExceptionRecord | None) -> dict[str, Any]:
    """Where the reading ended it, people were told owner and remedy."""
    mends = last or told
    return {
        "difference": beyond(last),
        "owner": mends.owner if mends else None,
        "remedy": mends.remedy if mends else None,
        "candidates": [_candidate(one) for one in last.ranked] if last else [],
        "tolerances": last.tolerances if last else (),
        "ledger": last.ledger if last else (),
        "lines": last.lines if last else (),
    }


def beyond(decision: Decision | None) -> Decimal | None:
    """What an invoice differs by, where that was the question: what SAP forbids, or goods that are
    missing, is no matter of an amount."""
    asked = decision and decision.state in (State.OUT_OF_TOLERANCE, State.MANUAL_MATCHED)
    return decision.difference if decision and asked else None


def _decisions(parts: "Services", document_id: str, count: int) -> Iterator[Decision]:
    for number in range(1, count + 1):
        yield decision_of(parts.objects.read(decision_key(document_id, number)))


def _result(parts: "Services", document_id: str) -> ReadResult | None:
    key = invoice_key(document_id)
    return result_of(parts.objects.read(key)) if parts.objects.exists(key) else None


def _explanation(decision: Decision | None, result: ReadResult | None) -> list[str]:
    if decision:
        return list(decision.explanation)
    return [problem_line(problem, result) for problem in result.problems] if result else []


def _candidate(one: Ranked) -> dict[str, Any]:
    return {"orders": one.orders, "score": one.score, "evidence": one.evidence}


def _evidence(result: ReadResult | None) -> Iterator[dict[str, Any]]:
    """Where each value stands in the document; boxes in shares of the page."""
    for field, place in sorted(result.evidence.items()) if result else ():
        yield {
            "field": field,
            "page": place.page,
            "box": place.box,
            "xpath": place.xpath,
            "confidence": result.confidence.get(field) if result else None,
        }


def _history(decisions: Sequence[Decision], reviews: Sequence[Review]) -> Iterator[dict[str, Any]]:
    """Decisions in their order, each with what people said about it."""
    about: dict[int, dict[int, Review]] = {}
    for review in reviews:
        about.setdefault(review.decision, {})[review.version] = review
    for number in sorted({*range(1, len(decisions) + 1), *about}):
        if 0 < number <= len(decisions):  # one that is just being recorded comes next time
            one = decisions[number - 1]
            summary = one.explanation[0] if one.explanation else None
            yield {"decision": number, "state": one.state, "cause": one.cause, "summary": summary}
        spoken = _spoken(about.get(number, {}).values())
        yield from ({"decision": number, "said": verdict} for verdict in spoken)


def _spoken(reviews: Iterable[Review]) -> Iterator[Verdict]:
    """What people said, once, though a review that goes on holds again what it ended with; a
    proposal that was confirmed is told by its confirmation."""
    every = [one for review in reviews for one in (*review.said, review.verdict) if one]
    confirmed = {(one.by, one.at) for one in every if one.confirmed_at}
    for one in dict.fromkeys(every):
        if one.confirmed_at or (one.by, one.at) not in confirmed:
            yield one


def print_casefile(found: dict[str, Any], stage: str | None) -> None:
    """The same for people, in the order in which they ask; XPaths are for --json alone."""
    waits = found["status"] == "open"
    cause = f" ({found['cause']})" if found["cause"] else ""
    output.heading(f"{found['id'][:SHORT_ID]}: {found['state'] or 'not decided yet'}{cause}")
    where = f"{pages_of(found['pages'])} of {found['key']}" if found["pages"] else found["key"]
    output.facts(
        [
            ("Invoice", found["number"]),
            ("Seller", found["seller"]),
            ("Total", money(found["total"], found["currency"])),
            ("Difference", money(found["difference"], found["currency"])),
            ("In SAP", [_sap(written) for written in found["written"]]),
            ("Duplicate of", (found["duplicate_of"] or "")[:SHORT_ID]),
            ("Status", found["status"]),
            ("Received", _minute(found["received_at"])),
            ("Waits since", _minute(found["opened_at"]) if waits else None),
            ("Owner", (found["owner"] or "").replace("_", " ")),
            ("Remedy", found["remedy"]),
            ("Document", f"s3://{found['bucket']}/{where}"),
            ("Version", found["version_id"]),
            ("Id", found["id"]),
        ]
    )
    _section("What can be done", _commands(found, stage))
    _section("Why", found["explanation"])
    _candidates(found["candidates"])
    _table("Tolerances", found["tolerances"], ("key", "line", "bound", "value", "limit", "verdict"))
    _table("Ledger", found["ledger"], ("order", "item", "ordered", "delivered", "invoiced", "open"))
    _section("History", map(_event, found["history"]))
    _section("Where it stands", [_place(one) for one in found["evidence"] if one["page"]])


def _section(title: str, lines: Any) -> None:
    shown = list(lines)
    if shown:
        output.heading(title)
    for line in shown[:_SHOWN]:
        output.line(f"  {line}")
    if len(shown) > _SHOWN:
        output.line(f"  and {len(shown) - _SHOWN} more: see --json")


def _table(title: str, rows: Sequence[Any], columns: Sequence[str]) -> None:
    if rows:
        output.heading(title)
        cells = ([getattr(row, column) for column in columns] for row in rows[:_SHOWN])
        output.table([column.title() for column in columns], cells)


def _candidates(candidates: Sequence[dict[str, Any]]) -> None:
    for place, one in enumerate(candidates, start=1):
        output.heading(f"Candidate {place}: {', '.join(one['orders'])}, score {one['score']}")
        cells = [(e.name, e.weight, e.invoice, e.order) for e in one["evidence"]]
        output.table(("Evidence", "Weight", "Invoice", "Order"), cells)


def _place(place: dict[str, Any]) -> str:
    box = f" at {', '.join(f'{side:.3f}' for side in place['box'])}" if place["box"] else ""
    return f"{in_words(place['field'])}: page {place['page']}{box}"


def _sap(written: dict[str, Any]) -> str:
    return " ".join([written["entity_set"], "/".join(written["key"].values()), written["state"]])


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _event(event: dict[str, Any]) -> str:
    if "said" not in event:
        cause = f" ({event['cause']})" if event["cause"] else ""
        return f"Decision {event['decision']}: {event['state']}{cause}. {event['summary'] or ''}"
    said: Verdict = event["said"]
    order = f" {said.order}" if said.order else ""
    first = f"{_minute(said.at)}, {said.sap_user or said.by}: {said.action}{order}: {said.reason}"
    if not said.confirmed_at:
        return first
    second = f"{_minute(said.confirmed_at)}, {said.confirmed_sap_user or said.confirmed_by}"
    why = f": {said.confirmed_reason}" if said.confirmed_reason else ""
    return f"{first}; {second} confirmed it{why}"


def _commands(found: dict[str, Any], stage: str | None) -> Iterator[str]:
    about = f" --decision {found['decision']}" if found["decision"] else ""
    at = f" --stage {stage}" if stage else ""
    for action in found["actions"]:
        yield f'sapmatch decide {found["id"][:SHORT_ID]} {action}{about}{at} --reason "..."'


def money(amount: Any, currency: str | None) -> str | None:
    """An amount with its currency, where there is one."""
    return str(Money(amount, currency)) if amount is not None and currency else None
