"""One exception in full: what was read, decided, compared and said about it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sapmatch.cli import output
from sapmatch.model.document import DocumentRecord, pages_of
from sapmatch.model.errors import InputRejected
from sapmatch.model.invoice import ReadResult
from sapmatch.model.match import Decision, Ranked
from sapmatch.model.review import Review, Verdict
from sapmatch.model.stored import decision_key, decision_of, invoice_key, result_of
from sapmatch.reviewing.asked import SHORT_ID, allows
from sapmatch.reviewing.fields import in_words, problem_line

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services

_SHOWN = 40  # rows of a table for people; --json has them all


def casefile(parts: "Services", document_id: str) -> dict[str, Any]:
    """Everything about a document that has or had a review; InputRejected where it has none."""
    record = parts.documents.get(document_id)
    review = parts.reviews.get(document_id)
    if review is None:
        raise InputRejected(f"document {document_id[:SHORT_ID]}: has never been an exception")
    decisions = list(_decisions(parts, document_id, record.decision))
    last = decisions[-1] if decisions else None
    result = _result(parts, document_id)
    reviews = [*parts.reviews.history(document_id), review]
    ends = [action for action in ("accept", "match") if allows(action, review.state)]
    return {
        **_document(record),
        **_waiting(review),
        **_read(record, result),
        **_decided(last),
        "explanation": _explanation(last, result),
        "evidence": list(_evidence(result)),
        "history": list(_history(decisions, reviews)),
        "actions": [*ends, "reject", "wait"],
    }


def _document(record: DocumentRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "bucket": record.bucket,
        "key": record.key,
        "version_id": record.version_id,
        "pages": record.pages,
        "document_state": record.state,
        "company_code": record.company_code,
        "duplicate_of": record.duplicate_of,
    }


def _waiting(review: Review) -> dict[str, Any]:
    return {
        "state": review.state,
        "cause": review.cause,
        "status": review.status,
        "decision": review.decision,
        "opened_at": review.opened_at,
        "proposed": review.proposed,
    }


def _read(record: DocumentRecord, result: ReadResult | None) -> dict[str, Any]:
    invoice = result.invoice if result else None
    return {
        "number": invoice.number if invoice else record.number,
        "seller": invoice.seller.name if invoice else None,
        "total": invoice.total if invoice else None,
        "currency": invoice.currency if invoice else None,
    }


def _decided(last: Decision | None) -> dict[str, Any]:
    return {
        "difference": last.difference if last else None,
        "owner": last.owner if last else None,
        "remedy": last.remedy if last else None,
        "candidates": [_candidate(one) for one in last.ranked] if last else [],
        "tolerances": last.tolerances if last else (),
        "ledger": last.ledger if last else (),
        "lines": last.lines if last else (),
    }


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
        spoken = (said for review in about.get(number, {}).values() for said in _said(review))
        # A review that was opened again, or settled, holds once more what it ended with.
        yield from ({"decision": number, "said": verdict} for verdict in dict.fromkeys(spoken))


def _said(review: Review) -> tuple[Verdict, ...]:
    return (*review.said, *([review.verdict] if review.verdict else ()))


def print_casefile(found: dict[str, Any], stage: str | None) -> None:
    """The same for people, in the order in which they ask."""
    output.heading(f"{found['id'][:SHORT_ID]}: {found['state']} ({found['cause'] or 'no cause'})")
    where = f"{pages_of(found['pages'])} of {found['key']}" if found["pages"] else found["key"]
    amount = f"{found['total']} {found['currency']}" if found["total"] is not None else None
    output.facts(
        [
            ("Invoice", found["number"]),
            ("Seller", found["seller"]),
            ("Total", amount),
            ("Difference", found["difference"]),
            ("Status", found["status"]),
            ("Waits since", f"{found['opened_at']:%Y-%m-%d %H:%M} UTC"),
            ("Owner", (found["owner"] or "").replace("_", " ")),
            ("Remedy", found["remedy"]),
            ("Document", f"s3://{found['bucket']}/{where}"),
            ("Version", found["version_id"]),
            ("Id", found["id"]),
        ]
    )
    _section("Why", found["explanation"])
    _candidates(found["candidates"])
    _table("Tolerances", found["tolerances"], ("key", "line", "bound", "value", "limit", "verdict"))
    _table("Ledger", found["ledger"], ("order", "item", "ordered", "delivered", "invoiced", "open"))
    _section("Where it stands", map(_place, found["evidence"]))
    _section("History", map(_event, found["history"]))
    if found["status"] == "open":
        _section("What can be done", _commands(found, stage))


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
    at = f"page {place['page']}{box}" if place["page"] else place["xpath"] or "worked out"
    return f"{in_words(place['field'])}: {at}"


def _event(event: dict[str, Any]) -> str:
    if "said" not in event:
        cause = f" ({event['cause']})" if event["cause"] else ""
        return f"Decision {event['decision']}: {event['state']}{cause}. {event['summary'] or ''}"
    said: Verdict = event["said"]
    order = f" {said.order}" if said.order else ""
    second = f", confirmed by {said.confirmed_by}" if said.confirmed_by else ""
    return (
        f"{said.at:%Y-%m-%d %H:%M} UTC, {said.sap_user or said.by}: {said.action}{order}{second}: "
        f"{said.reason}"
    )


def _commands(found: dict[str, Any], stage: str | None) -> Iterator[str]:
    about = f" --decision {found['decision']}" if found["decision"] else ""
    at = f" --stage {stage}" if stage else ""
    for action in found["actions"]:
        order = " ORDER" if action == "match" else ""
        yield f'sapmatch decide {found["id"][:SHORT_ID]} {action}{order}{about}{at} --reason "..."'
