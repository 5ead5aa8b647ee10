"""Several invoices in one file become documents of their own, whatever dies in between."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sapmatch.model.document import part_id
from sapmatch.model.errors import Problem
from sapmatch.model.expense import Analysis
from sapmatch.model.invoice import Evidence, Invoice, ReadResult
from sapmatch.model.stored import invoice_key
from tests.builders.reading import field, page, pdf, png
from tests.builders.stored import ID, Shelf

FIRST, SECOND = part_id(ID, 1), part_id(ID, 2)


def part(number: str, *pages: int, **fields: Any) -> ReadResult:
    return ReadResult(
        outcome="read",
        kind="scan",
        method="textract",
        invoice=Invoice(number=number),
        evidence={"number": Evidence(page=pages[0], box=(0.1, 0.1, 0.2, 0.1))},
        pages=pages,
        **fields,
    )


FILE = ReadResult(
    outcome="read",
    kind="scan",
    method="textract",
    ocr_pages=4,
    parts=(part("R-1", 1, 2), part("R-2", 3, 4)),
)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[ReadResult], None]:
    """Lets read_document find this in any file."""

    def found(result: ReadResult) -> None:
        def read(data: bytes, *, analyse: Any, **_: Any) -> ReadResult:
            analyse(data, 4)
            return result

        monkeypatch.setattr("sapmatch.reading.stored.read_document", read)

    found(FILE)
    return found


def shelf_of(data: bytes = b"four pages") -> Shelf:
    shelf = Shelf(data)
    shelf.expense.answer = Analysis(documents=(), pages=4)
    return shelf


@pytest.mark.usefixtures("answer")
def test_each_invoice_gets_a_record_its_pages_and_a_workflow_of_its_own() -> None:
    shelf = shelf_of()
    done = shelf.read()
    assert (done.outcome, done.method, done.ocr_pages) == ("split", "textract", 4)
    assert (shelf.record.state, shelf.record.parts) == ("SPLIT", (FIRST, SECOND))
    assert shelf.workflows.started == {
        f"invoice-{FIRST}": {"document_id": FIRST},
        f"invoice-{SECOND}": {"document_id": SECOND},
    }
    second = shelf.documents.get(SECOND)
    assert (second.parent, second.part, second.pages) == (ID, 2, (3, 4))
    assert (second.key, second.version_id) == ("incoming/a.xml", "v1")
    assert second.place == "pages 3-4 of incoming/a.xml"
    assert shelf.stored(SECOND).result.evidence["number"].page == 3
    assert shelf.stored(SECOND).content == shelf.stored().content


@pytest.mark.usefixtures("answer")
def test_a_part_answers_from_its_stored_invoice_and_nothing_is_read_again() -> None:
    shelf = shelf_of()
    shelf.read()
    shelf.objects.fetched.clear()
    done = shelf.read(FIRST)
    assert (done.outcome, done.method, done.ocr_pages) == ("read", None, 0)
    assert shelf.documents.get(FIRST).state == "READ"
    assert shelf.documents.get(FIRST).number == "R-1"
    assert shelf.objects.fetched == [(invoice_key(FIRST), None)]
    assert len(shelf.expense.started) == 1


def test_a_part_that_a_person_must_see_stops_alone(answer: Callable[[ReadResult], None]) -> None:
    doubt = (Problem(code="NEEDS_REVIEW", message="Compare it.", field="total"),)
    unsure = msgspec.structs.replace(part("R-2", 3, 4), outcome="needs-review", problems=doubt)
    answer(msgspec.structs.replace(FILE, parts=(FILE.parts[0], unsure)))
    shelf = shelf_of()
    assert shelf.read().outcome == "split"
    assert [shelf.read(child).outcome for child in (FIRST, SECOND)] == ["read", "needs-review"]
    assert shelf.documents.get(SECOND).state == "NEEDS_REVIEW"


@pytest.mark.usefixtures("answer")
def test_a_page_that_was_not_read_makes_every_part_doubtful() -> None:
    """RE-16: nobody knows to which of them the page belongs."""
    shelf = shelf_of()
    shelf.expense.answer = Analysis(documents=(), pages=4, missing=(3,))
    assert shelf.read().outcome == "split"
    assert [shelf.read(child).outcome for child in (FIRST, SECOND)] == ["needs-review"] * 2
    assert "page 3" in shelf.documents.get(FIRST).problems[0].message


class Died(Exception):
    """The function was stopped here."""


def dying_after(shelf: Shelf, effects: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the function die after so many writes of any kind."""
    left = iter(range(effects))

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def once(*args: Any, **kwargs: Any) -> Any:
            done = write(*args, **kwargs)
            if next(left, None) is None:
                raise Died
            return done

        return once

    for place, name in (
        (shelf.objects, "write"),
        (shelf.documents, "create"),
        (shelf.documents, "save"),
        (shelf.workflows, "start"),
    ):
        monkeypatch.setattr(place, name, counted(getattr(place, name)))


@pytest.mark.usefixtures("answer")
@pytest.mark.parametrize("effects", range(8))
def test_a_death_after_any_effect_changes_nothing_in_the_end(
    effects: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-10: three invoices, two records, two workflows, then the file's own record."""
    undisturbed = shelf_of()
    undisturbed.read()
    shelf = shelf_of()
    with monkeypatch.context() as patch:
        dying_after(shelf, effects, patch)
        with pytest.raises(Died):
            shelf.read()
    assert shelf.read().outcome == "split"
    assert shelf.documents.records == undisturbed.documents.records
    assert shelf.objects.versions == undisturbed.objects.versions
    assert shelf.workflows.started == undisturbed.workflows.started
    before = shelf.written()
    assert shelf.read().outcome == "split"
    assert shelf.written() == before


def test_parts_that_are_on_their_way_stay_as_they_are_after_a_death(
    answer: Callable[[ReadResult], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-12: an engine, or what is known of vendors, may say something else the second time."""
    shelf = shelf_of()
    with monkeypatch.context() as patch:
        dying_after(shelf, 5, patch)  # one workflow was started
        with pytest.raises(Died):
            shelf.read()
    answer(msgspec.structs.replace(FILE, parts=(part("R-9", 1), part("R-8", 2), part("R-7", 3))))
    assert shelf.read().outcome == "split"
    assert shelf.record.parts == (FIRST, SECOND)
    numbers = [shelf.stored(child).result.invoice for child in (FIRST, SECOND)]
    assert [invoice.number for invoice in numbers if invoice] == ["R-1", "R-2"]
    assert len(shelf.expense.started) == 1


def test_a_file_of_one_invoice_is_not_split(answer: Callable[[ReadResult], None]) -> None:
    answer(part("R-1", 1))
    shelf = shelf_of(png(9, 9))
    assert shelf.read().outcome == "read"
    assert shelf.record.parts == ()
    assert shelf.workflows.started == {}


def test_two_invoices_that_textract_tells_apart_by_their_numbers_are_two_documents() -> None:
    """documents.md 1, trap 1: every page is a document of its own in the answer."""
    shelf = shelf_of(pdf("", ""))
    pages = [
        page(
            field("VENDOR_NAME", "Schrauben Nord GmbH"),
            field("INVOICE_RECEIPT_ID", f"R-2026-{n}", "Rechnungsnummer"),
            field("INVOICE_RECEIPT_DATE", "02.03.2026", "Datum"),
            field("SUBTOTAL", f"{n}00,00 EUR", "Netto"),
            field("TAX", f"{19 * n},00 EUR", "MwSt"),
            field("TOTAL", f"{119 * n},00 EUR", "Gesamtbetrag"),
        )
        | {"ExpenseIndex": n}
        for n in (1, 2)
    ]
    for each in pages[1]["SummaryFields"]:
        each["PageNumber"] = 2
    shelf.expense.answer = Analysis(documents=tuple(pages), pages=2)
    assert shelf.read().outcome == "split"
    assert [shelf.documents.get(child).pages for child in (FIRST, SECOND)] == [(1,), (2,)]
    assert [shelf.read(child).outcome for child in (FIRST, SECOND)] == ["read", "read"]
    numbers = [shelf.documents.get(child).number for child in (FIRST, SECOND)]
    assert numbers == ["R-2026-1", "R-2026-2"]
    assert shelf.stored(SECOND).result.evidence["total"].page == 2
