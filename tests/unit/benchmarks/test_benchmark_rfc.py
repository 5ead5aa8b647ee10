"""What the benchmark of function modules says."""

import pytest

from benchmarks.rfc import figures, measuring
from benchmarks.rfc.measuring import CALLS, Costs


@pytest.mark.parametrize(("ratio", "within"), [(2.9, False), (3.0, True), (4.2, True)])
def test_zeep_must_take_three_times_what_ours_takes(
    monkeypatch: pytest.MonkeyPatch, ratio: float, within: bool
) -> None:
    monkeypatch.setattr(figures, "without_a_line", lambda *_: Costs(1.0, ratio, ratio))
    monkeypatch.setattr(figures, "on_the_line", lambda *_: Costs(2.0, 3.0, 1.5))

    alone, whole = list(figures.of_call(None, CALLS[0]))  # type: ignore[arg-type]

    assert (alone["value"], alone["within"]) == (ratio, within)
    assert whole["value"] == 1.5
    assert "goal" not in whole


def test_a_ratio_is_taken_turn_by_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow minute meets both; the first call of each, which reads WSDLs, does not count."""
    made: list[str] = []
    times = iter([1.0, 4.0, 10.0, 50.0, 1.0, 6.0])
    monkeypatch.setattr(measuring, "_cpu_ms", lambda *_: next(times))

    cost = measuring.in_turns(lambda: made.append("ours"), lambda: made.append("zeep"), CALLS[1], 3)

    assert made == ["ours", "zeep"]
    assert cost == Costs(1.0, 6.0, 5.0)
