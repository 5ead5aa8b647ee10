"""A decision of a person is tried before it counts, and its worth is known in our currency."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sapmatch.matching.rehearse import rehearse_stored, worth_stored
from sapmatch.matching.stored import Desk as Records
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Invoice, ReadResult
from sapmatch.model.match import Decision, State
from sapmatch.model.policy import ExchangeRates
from sapmatch.model.review import Action, Verdict
from sapmatch.model.stored import decision_key, invoice_key
from tests.builders.memory import START, MemoryDocuments, MemoryObjects
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_reviews import MemoryReviews
from tests.unit.matching.desk import STRANGER, Desk, invoice, line, order, policy

ID = "d" * 64
RATES = ExchangeRates(source="ECB", rates={"EUR": {date(2026, 10, 12): {"USD": Decimal("1.25")}}})


def intent(document: str) -> Intent:
    """The write of a document, under the identity that SAP would know it by."""
    return Intent(
        id="i1",
        flow="supplier_invoice",
        connection="s4",
        client="100",
        operation="insert",
        service="/sap",
        entity_set="A_SupplierInvoice",
        payload_key="intents/x.json",
        payload_sha256="0" * 64,
        document_id=document,
    )


class Case:
    """One stored invoice, the decision on it, and what would be written."""

    def __init__(self, billed: Invoice | None, **more: Any) -> None:
        self.desk = Desk(*more.pop("orders", [order()]), rules=policy(**more.pop("rules", {})))
        self.objects = MemoryObjects()
        outcome = more.pop("outcome", "read")
        result = ReadResult(outcome=outcome, invoice=billed)
        self.objects.write(invoice_key(ID), msgspec.json.encode(result))
        decided = 0
        if billed and outcome == "read":
            decided = 1
            stored = msgspec.json.encode(self.desk.decide(billed))
            self.objects.write(decision_key(ID, 1), stored)
        self.record = DocumentRecord(
            id=ID,
            bucket="b",
            key="k",
            version_id=None,
            size=1,
            received_at=START,
            decision=decided,
            **more,
        )
        self.planned: list[tuple[Decision, list[str]]] = []
        self.intents = MemoryIntents()

    @property
    def records(self) -> Records:
        return Records(
            objects=self.objects,
            documents=MemoryDocuments(),
            reviews=MemoryReviews(),
            orders=self.desk.orders,
            policy=self.desk.rules,
            connection="s4",
            client="100",
        )

    def rehearse(
        self, action: Action = "accept", order_id: str | None = None, **more: Any
    ) -> tuple[str, ...]:
        verdict = Verdict(
            action=action, reason="agreed", by="anna", at=START, order=order_id, **more
        )
        return rehearse_stored(self.record, verdict, self.records, self._plan, self.intents)

    def worth(self) -> Decimal:
        return worth_stored(self.record, self.records)

    def _plan(self, document: str, _invoice: Invoice, decision: Decision, orders: Any) -> Any:
        assert document == ID
        self.planned.append((decision, list(orders)))
        return [(intent(ID), b"{}")]


def test_the_writes_are_planned_and_nothing_is_kept() -> None:
    case = Case(invoice(line(price="12.00")))
    before = {key: list(versions) for key, versions in case.objects.versions.items()}
    case.rehearse()
    ((decision, orders),) = case.planned
    assert (decision.state, orders) == (State.MANUAL_MATCHED, ["4500000012"])
    assert case.objects.versions == before


def test_whose_order_it_is_and_what_is_left_of_it_is_told() -> None:
    assert Case(invoice(line(price="12.00"))).rehearse() == (
        "Order 4500000012 is of supplier 10100001 Nordlicht Musterantriebe GmbH.",
        "Item 4500000012/10: 100 PC open before, 0 PC after.",
        "Beyond the tolerances: 200.00 EUR.",
    )


def test_a_refusal_names_the_supplier_of_the_order_that_was_chosen() -> None:
    """MA-P05"""
    party = {"partner": "10100009", "partner_name": STRANGER.name}
    strange = order("4500000099", partner_vat_id=STRANGER.vat_id, **party)
    case = Case(invoice(line(price="12.00")), orders=[order(), strange])
    whose = "Order 4500000099 is of supplier 10100009 Beispiel Werkzeughandel KG"
    with pytest.raises(InputRejected, match=f"add --other-supplier. {whose}"):
        case.rehearse("match", "4500000099")
    assert case.planned == []
    told = case.rehearse("match", "4500000099", other_supplier=True)
    assert told[0] == f"{whose}."


def test_what_writing_refuses_refuses_the_decision() -> None:
    case = Case(invoice(line(price="12.00")))

    def refuse(*_: object) -> Any:
        raise InputRejected("item 4500000012/10: has no tax code")

    verdict = Verdict(action="accept", reason="agreed", by="anna", at=START)
    with pytest.raises(InputRejected, match="no tax code"):
        rehearse_stored(case.record, verdict, case.records, refuse, case.intents)


def test_an_order_that_is_not_there_refuses_the_decision() -> None:
    case = Case(invoice())
    with pytest.raises(InputRejected, match="is no open order"):
        case.rehearse("match", "4500000077")
    assert case.planned == []


def test_a_number_that_sap_cannot_tell_from_another_refuses_the_decision() -> None:
    """MA-P49"""
    case = Case(invoice(line(price="12.00")))
    case.intents.plan([intent(ID)])
    case.rehearse()
    other = Case(invoice(line(price="12.00")))
    other.intents.plan([intent("e" * 64)])
    with pytest.raises(InputRejected, match="cannot tell the number of this invoice from that"):
        other.rehearse()


def test_values_that_a_person_accepts_must_be_whole_and_agree() -> None:
    Case(invoice(), outcome="needs-review").rehearse()
    broken = Case(invoice(number=None), outcome="needs-review")
    with pytest.raises(InputRejected, match="cannot be accepted"):
        broken.rehearse()


def test_a_document_without_invoice_can_only_be_rejected() -> None:
    for attempt in (Case(None).rehearse, Case(None).worth):
        with pytest.raises(InputRejected, match="holds no invoice; reject it"):
            attempt()


def test_the_worth_of_an_invoice_is_its_total() -> None:
    assert Case(invoice()).worth() == Decimal("1190.00")
    assert Case(invoice(), company_code="1010").worth() == Decimal("1190.00")


def test_a_foreign_invoice_is_worth_what_the_rate_of_its_day_says() -> None:
    """MA-P33"""
    case = Case(invoice(currency="USD"), rules={"exchange_rates": RATES})
    assert case.worth() == Decimal("952.00")


def test_without_a_rate_the_worth_is_not_guessed() -> None:
    with pytest.raises(InputRejected, match=r"add.* it to \[matching.exchange_rates\]"):
        Case(invoice(currency="USD")).worth()


def test_an_invoice_of_nobody_has_no_worth() -> None:
    stranger = invoice().buyer
    buyer = msgspec.structs.replace(stranger, name="Somebody else", vat_id="DE999999999")
    with pytest.raises(InputRejected, match="belongs to no company code"):
        Case(invoice(buyer=buyer)).worth()
