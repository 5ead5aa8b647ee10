"""The page behind `sapmatch match --explain`."""

import re
from html.parser import HTMLParser

from msgspec.structs import replace

from sapmatch.matching.waterfall import page
from sapmatch.model.match import Decision, State
from tests.unit.matching.desk import decide, invoice, item, line, order


class _Tags(HTMLParser):
    """Names of all tags, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(html: str) -> _Tags:
    tags = _Tags()
    tags.feed(html)
    return tags


def bars(html: str) -> list[tuple[str, int, int]]:
    found = re.findall(r'<rect class="(\w+)" x="(\d+)" y="\d+" width="(\d+)"', html)
    return [(kind, int(x), int(x) + int(width)) for kind, x, width in found]


def test_every_weight_hangs_where_the_sum_before_it_ended_and_the_last_bar_is_the_score() -> None:
    """MA-P61"""
    decision = decide(invoice(), order())
    drawn = bars(page([("a.xml", decision)]))
    assert len(drawn) == len(decision.evidence) + 1
    *weights, score = drawn
    assert score[0] == "sum"
    for evidence, (kind, _, _) in zip(decision.evidence, weights, strict=True):
        assert kind == ("for" if evidence.weight >= 0 else "against")
    ends = [right if kind == "for" else left for kind, left, right in weights]
    starts = [left if kind == "for" else right for kind, left, right in weights]
    assert all(abs(start - end) <= 1 for start, end in zip(starts[1:], ends, strict=False))
    assert abs(score[2] - ends[-1]) <= 1


def test_the_page_tells_every_limit_and_what_is_to_be_done() -> None:
    decision = decide(invoice(line(price="12.00")), order("4500000012", item()))
    text = " ".join(parsed(page([("a.xml", decision)])).text)
    assert decision.state is State.OUT_OF_TOLERANCE
    assert decision.explanation[0] in text
    assert (decision.remedy or "no remedy") in text
    for check in decision.tolerances:
        assert f"{check.value} {check.unit}" in text
        assert check.verdict in text


def test_a_decision_without_candidates_has_no_waterfall() -> None:
    html = page([("a.xml", decide(invoice()))])
    assert "<svg" not in html
    assert "NO_CANDIDATE" in html


def test_text_of_a_document_never_becomes_markup() -> None:
    hostile = "<script>alert(1)</script>"
    decision = decide(invoice(number=hostile), order())
    shown = replace(decision, remedy=hostile, keys=(f"K1 {hostile}",))
    tags = parsed(page([(hostile, shown)]))
    assert "script" not in tags.tags
    assert any(hostile in text for text in tags.text)


def test_several_decisions_stand_on_one_page_in_the_order_given() -> None:
    decisions: list[tuple[str, Decision]] = [
        (name, decide(invoice(), order())) for name in ("b.xml", "a.xml")
    ]
    html = page(decisions)
    assert html.count("<section>") == 2
    assert html.index("b.xml") < html.index("a.xml")


def test_what_is_drawn_stays_on_the_page() -> None:
    """A doubtful score ends left of the limit, whose label stands near the edge then."""
    doubtful = decide(invoice(order_references=()), order(partner_name=None, partner_vat_id=None))
    drawn = page([("a.xml", doubtful)])
    (label,) = re.findall(r'<text x="(\d+)" y="\d+" text-anchor="middle">', drawn)
    assert int(label) <= 860 - 75
    assert drawn.count('<div class="wide"><table>') == drawn.count("<table>") > 0
    assert "prior: most orders" in drawn


def test_a_state_that_is_its_own_cause_stands_once() -> None:
    twice = Decision(state=State.DUPLICATE, policy_version="p", cause="DUPLICATE")
    assert ">DUPLICATE</span>" in page([("a.xml", twice)])
