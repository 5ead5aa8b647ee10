"""A decision in sentences: plain ones first, true remedies, every weight and limit."""

import ast
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from sapmatch import matching
from sapmatch.matching.advice import CAUSES, INVALID, remedy
from sapmatch.matching.decision import Outcome
from sapmatch.matching.explanation import details
from sapmatch.matching.tolerances import PRECEDENCE
from sapmatch.model.match import Decision, Owner, State
from sapmatch.model.policy import Tolerance
from sapmatch.reviewing.mail.words import title
from tests.unit.matching.desk import (
    STRANGER,
    TOLERANCES,
    D,
    Desk,
    decide,
    invoice,
    item,
    line,
    order,
    policy,
    posting,
)

ROOM = Path(matching.__file__).parent
CODE = re.compile(r"[A-Z]+_[A-Z_]+|\b(?:ERS|[A-Z]P|DQ|DW|AN|UNIT)\b")
HEAD = "Invoice NM-2026-0431 over"
PO = "purchase order 4500000012"


def causes_in(*modules: str) -> set[str]:
    """Constants that look like causes, among the strings of some modules."""
    found = set()
    for module in modules:
        tree = ast.parse((ROOM / f"{module}.py").read_text(encoding="utf-8"))
        texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
        found |= {t for t in texts if isinstance(t, str) and re.fullmatch(r"[A-Z][A-Z_]+", t)}
    return found - {state.value for state in State}


def test_every_cause_has_words_a_remedy_and_an_owner() -> None:
    causes = causes_in("decision", "gates", "variances", "match", "refusal") | set(PRECEDENCE)
    assert causes <= set(CAUSES)
    assert set(CAUSES) <= causes | {"CORRECTION"}
    for cause, advice in CAUSES.items():
        assert advice.why, cause
        assert advice.remedy.endswith("."), cause
        assert advice.owner in get_args(Owner), cause


def test_every_cause_that_a_mail_is_about_has_a_headline() -> None:
    by_state = {"NO_ORDER", "RECEIPT_MISSING", "VP", "REPLACED"}
    bare = {cause for cause in CAUSES if title("AMBIGUOUS", cause) == title("AMBIGUOUS")}
    assert bare == by_state


def test_every_flaw_of_an_invoice_has_a_summary() -> None:
    assert causes_in("validity") == set(INVALID)


@pytest.mark.parametrize(
    ("billed", "held", "state", "summary"),
    [
        (invoice(), (order(),), State.MATCHED, f"{HEAD} 1190.00 EUR agrees with {PO}."),
        (
            invoice(line(price="10.20")),
            (order(),),
            State.WITHIN_TOLERANCE,
            (
                f"{HEAD} 1213.80 EUR belongs to {PO}; line 10 is 20.00 EUR (2 %) dearer than "
                "ordered, and 25.00 EUR and 3.0 % are allowed."
            ),
        ),
        (
            invoice(line(price="12.00")),
            (order(),),
            State.OUT_OF_TOLERANCE,
            (
                f"{HEAD} 1428.00 EUR belongs to {PO}; line 10 is 200.00 EUR (20 %) dearer than "
                "ordered, and 25.00 EUR and 3.0 % are allowed."
            ),
        ),
        (
            invoice(line(price="8.00")),
            (order(),),
            State.OUT_OF_TOLERANCE,
            (
                f"{HEAD} 952.00 EUR belongs to {PO}; line 10 is 200.00 EUR (20 %) cheaper than "
                "ordered, and 10.0 % is allowed."
            ),
        ),
        (
            invoice(line(quantity="110")),
            (order(),),
            State.OUT_OF_TOLERANCE,
            (
                f"{HEAD} 1309.00 EUR belongs to {PO}; line 10 bills goods for 100.00 EUR (10 %) "
                "more than can be invoiced, and 50.00 EUR and 2 % are allowed."
            ),
        ),
        (
            invoice(line(), line(20, "1", "99.00", description="Montage", seller_item_id="M")),
            (order(),),
            State.OUT_OF_TOLERANCE,
            (
                f"{HEAD} 1307.81 EUR belongs to {PO}; line 20 bills 99.00 EUR that no order item "
                "covers, and nothing is allowed."
            ),
        ),
        (
            invoice(lines=(), net=D("900.00")),
            (order(),),
            State.OUT_OF_TOLERANCE,
            (
                f"{HEAD} 1071.00 EUR belongs to {PO}; the invoice bills 100.00 EUR less than is "
                "open, and nothing is allowed, as there are no lines to measure it by."
            ),
        ),
        (
            invoice(line(unit="KGM")),
            (order(),),
            State.OUT_OF_TOLERANCE,
            (
                f"{HEAD} 1190.00 EUR belongs to {PO}; the unit of a line cannot be converted into "
                "that of its order item."
            ),
        ),
        (
            invoice(),
            (order("4500000012", item(received=[])),),
            State.WAITING_RECEIPT,
            f"{HEAD} 1190.00 EUR belongs to {PO}; the goods of line 10 have not all been received.",
        ),
        (
            invoice(),
            (order("4500000012", item(deleted=True)),),
            State.NOT_INVOICEABLE,
            (
                f"{HEAD} 1190.00 EUR belongs to {PO}, and SAP takes no invoice for it: the order "
                "item of line 10 is deleted."
            ),
        ),
        (
            invoice(),
            (order(released=False),),
            State.NOT_INVOICEABLE,
            (
                f"{HEAD} 1190.00 EUR belongs to {PO}, and SAP takes no invoice for it: the order "
                "is not released."
            ),
        ),
        (
            invoice(seller=STRANGER),
            (order(),),
            State.AMBIGUOUS,
            (
                f"{HEAD} 1190.00 EUR needs a decision: it is not sure that the company of the "
                "order sent it."
            ),
        ),
        (
            invoice(order_references=()),
            (order(), order("4500000013")),
            State.AMBIGUOUS,
            (
                f"{HEAD} 1190.00 EUR needs a decision: more than one order explains it about "
                "equally well."
            ),
        ),
        (
            invoice(type="receipt"),
            (order(),),
            State.AMBIGUOUS,
            (
                f"{HEAD} 1190.00 EUR needs a decision: it is a receipt of a till and may be paid "
                "already."
            ),
        ),
        (
            invoice(),
            (),
            State.NO_CANDIDATE,
            (
                f"{HEAD} 1190.00 EUR fits no order: no open order agrees with it well enough in "
                "number, supplier and amount."
            ),
        ),
        (
            invoice(total=D("1000.00")),
            (order(),),
            State.INVALID,
            "The invoice contradicts itself: its sums do not fit.",
        ),
        (invoice(number=None), (order(),), State.INVALID, "The invoice is not complete."),
    ],
)
def test_the_first_sentence_can_be_read_without_knowing_any_code(
    billed: Any, held: Any, state: State, summary: str
) -> None:
    decision = decide(billed, *held)
    assert (decision.state, decision.explanation[0]) == (state, summary)
    assert not CODE.search(summary)
    posted = state in (State.MATCHED, State.WITHIN_TOLERANCE)
    assert (decision.remedy is None, decision.owner is None) == (posted, posted)


def test_a_duplicate_names_the_first_document_and_in_what_they_agree() -> None:
    desk = Desk(order())
    desk.take(invoice(), "first")
    again = desk.decide(invoice(), "second")
    assert again.explanation[0] == (
        f"{HEAD} 1190.00 EUR was here before, as document first: supplier, number, amount and date "
        "are equal."
    )
    assert "sapmatch replay" in (again.remedy or "")
    near = desk.decide(invoice(number="NM 2026 0431"), "third")
    assert near.explanation[0].startswith(
        "Invoice NM 2026 0431 over 1190.00 EUR may have been here before, as document first: "
    )
    assert "compares both documents" in (near.remedy or "")


def test_a_credit_note_gives_back() -> None:
    held = order("4500000012", item(postings=(posting("100", "1000"),)))
    less = decide(invoice(line(quantity="10", price="8.00"), type="credit-note"), held)
    assert less.explanation[0].startswith(
        f"Credit note NM-2026-0431 over 95.20 EUR belongs to {PO}; line 10 gives back 20.00 EUR "
        "(20 %) less than was billed"
    )
    more = decide(invoice(line(quantity="110"), type="credit-note"), held)
    assert "gives back goods for 100.00 EUR (10 %) more than were invoiced" in more.explanation[0]


def test_the_other_deviations_follow_in_words() -> None:
    lines = line(10, price="12.00"), line(20, quantity="110")
    decision = decide(invoice(*lines), order("4500000012", item(10), item(20)))
    assert decision.cause == "DQ"
    assert "line 20 bills goods for 100.00 EUR" in decision.explanation[0]
    assert decision.explanation[1] == (
        "Line 10 is 200.00 EUR (20 %) dearer than ordered, and 25.00 EUR and 3.0 % are allowed."
    )


def test_weights_and_limits_are_details_and_no_sentences_for_people() -> None:
    """MA-P61: the shown weights add up to the shown score, to the last digit."""
    decision = decide(invoice(line(price="12.00")), order())
    shown = list(details(decision))
    assert not any("Score" in s or "Tolerance" in s for s in decision.explanation)
    score = shown[0]
    told = re.fullmatch(r"Score (-?\d+) of at least 100 for 4500000012: (.*)\.", score)
    assert told
    weights = [int(weight) for weight in re.findall(r" ([+-]\d+)(?:,|$)", told[2])]
    assert len(weights) == len(decision.evidence)
    assert sum(weights) == int(told[1]) == decision.score
    assert shown[1] == "The probability that this is right is 99.9 %."
    for check in decision.tolerances:
        verdict = {"pass": "holds", "fail": "fails"}[check.verdict]
        bound = check.bound.replace("_", " ")
        measured = f"{check.value:f} of {check.limit:f} {check.unit} {verdict}."
        assert f"Tolerance {check.key} of line 10, {bound}: {measured}" in shown


def test_the_second_best_is_told_with_its_score() -> None:
    """MA-P09"""
    decision = decide(invoice(order_references=()), order(), order("4500000013"))
    assert f"The second best, 4500000013, scores {decision.runner_up}." in details(decision)
    assert decision.explanation[1] == (
        "Purchase order 4500000012 fits best, then purchase order 4500000013."
    )


def test_a_thousand_lines_are_told_in_a_few_sentences() -> None:
    """MA-P60"""
    items = [item(n, "1", received=["1"]) for n in range(1, 1001)]
    lines = [line(n, "1", "12.00") for n in range(1, 1001)]
    decision = decide(invoice(*lines, number="N" * 5_000), order("4500000012", *items))
    assert decision.state is State.OUT_OF_TOLERANCE
    told = [*decision.explanation, *details(decision)]
    assert len(told) < 80
    assert max(map(len, told)) < 400
    assert "980 more lines are in the decision." in told
    assert "1980 more limits are in the decision." in told


def test_what_is_posted_with_a_block_is_released_and_not_decided_again() -> None:
    limits = TOLERANCES | {"PP": Tolerance(upper_absolute=D(25), effect="block")}
    decision = decide(invoice(line(price="12.00")), order(), rules=policy(limits))
    assert (decision.payment_block, decision.owner) == (True, "purchasing")
    assert decision.remedy == (
        "Purchasing clears the deviation; then the invoice is released for payment in SAP (MRBR)."
    )
    assert any("payment block" in sentence for sentence in decision.explanation)


def test_a_remedy_names_the_transaction_that_changes_the_kind_of_order() -> None:
    outcome = Outcome(state=State.OUT_OF_TOLERANCE, cause="PP")
    assert "(ME22N)" in (remedy(outcome, "purchase_order") or "")
    assert "(VA02)" in (remedy(outcome, "sales_order") or "")


def test_remedies_promise_a_new_match_only_where_an_order_or_a_receipt_brings_it() -> None:
    alone = {cause for cause, advice in CAUSES.items() if "by itself" in advice.remedy}
    assert alone == {
        *("DW", "DQ", "BR", "BW", "LA", "LD", "PP", "PS", "UNIT", "RECEIPT_MISSING", "NO_ORDER"),
        *("ITEM_DELETED", "FINALLY_INVOICED", "NOT_RELEASED", "NOT_POSTABLE"),
    }


def test_a_hostile_text_stays_one_short_line() -> None:
    decision: Decision = decide(invoice(number="A\tB\n" + "x" * 500), order())
    assert "\n" not in decision.explanation[0]
    assert len(decision.explanation[0]) < 200
