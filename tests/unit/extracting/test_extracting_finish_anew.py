"""Rows that were refused for their counts are read again by the same run, and nothing is lost."""

import pytest
from msgspec.structs import replace

from sapmatch.extracting.failures import failures_of, note_failure
from sapmatch.extracting.run import Plan, run_prefix
from sapmatch.model.errors import InputRejected, SapUnavailable
from sapmatch.model.flow import EntitySet, Output
from tests.builders.chunks import SET, orders_held, sap_with
from tests.builders.extractions import Desk


def lossy(desk: Desk) -> Plan:
    """A run of 7 rows that are all read, and SAP counts 9."""
    desk.sap.counts[SET] = [9, 9]
    plan = desk.plan("run-1")
    desk.read(plan)
    return plan


def refused(desk: Desk) -> Plan:
    """A run of 7 rows that lost one, which came and went unseen."""
    desk.sap.before(1, lambda: desk.sap.remove(SET, "0006"))
    desk.sap.before(1, lambda: desk.sap.put(SET, PurchaseOrder="0000A", Amount="8.00"))
    plan = desk.plan("run-1")
    desk.read(plan)
    with pytest.raises(InputRejected, match="6 rows were read, but SAP counts 7 before"):
        desk.finish(plan)
    return plan


def test_both_causes_of_missing_rows_are_said_and_what_to_do() -> None:
    """RE-19: the counts alone do not tell them apart."""
    desk = Desk(sap_with(7))
    plan = lossy(desk)
    with pytest.raises(InputRejected) as caught:
        desk.finish(plan)
    said = str(caught.value)
    assert "either rows came and went while they were read, or the service's paging loses" in said
    assert 'partition = "key" or "none", or by delta' in said


@pytest.mark.parametrize("output", [Output(), Output(format="csv", compression="gzip")])
def test_a_refused_run_that_is_started_again_reads_the_set_anew(output: Output) -> None:
    """RE-10: the longer first reading leaves nothing behind."""
    desk = Desk(sap_with(7), output=output)
    plan = refused(desk)
    for number in range(4):
        desk.sap.remove(SET, f"000{number}")
    assert desk.plan("run-1") == plan
    assert desk.finish(plan).missing == (0,)
    desk.read(plan)
    desk.sap.put(SET, PurchaseOrder="0009", Amount="9.00")  # too late for this run
    assert desk.finish(plan).done
    found = desk.published("run-1").set(SET)
    assert found is not None
    assert (found.rows, found.counted) == (3, 3)
    assert sorted(desk.rows("run-1")) == ["0000A", "0004", "0005"]
    held = [key for key in desk.objects.keys(run_prefix(desk.name, "run-1")) if "page-" in key]
    assert len(held) == 1


@pytest.mark.parametrize("planned", [True, False])
def test_rows_that_are_read_anew_are_compared_with_a_new_count(planned: bool) -> None:
    """As many as SAP held long ago, when the run was planned or refused, say nothing."""
    desk = Desk(sap_with(7))
    plan = lossy(desk)
    with pytest.raises(InputRejected, match="7 rows were read, but SAP counts 9 before and 9"):
        desk.finish(plan)
    for number in range(8, 15):
        desk.sap.put(SET, PurchaseOrder=f"00{number:02d}", Amount="8.00")
    desk.sap.counts[SET] = [20, 20]
    if planned:
        desk.plan("run-1")
    desk.read(plan)
    with pytest.raises(InputRejected, match="14 rows were read, but SAP counts 20 before and 20"):
        desk.finish(plan)


def test_only_the_refused_set_is_read_again() -> None:
    sap = sap_with(7)
    sap.sets["B"] = type(sap)(replace(sap.sets[SET].shape, entity_set="B")).sets["B"]
    sap.put("B", PurchaseOrder="1", Amount="1.00")
    desk = Desk(sap)
    sets = tuple(EntitySet(service="/po", name=name) for name in ("B", SET))
    desk.extraction = replace(desk.extraction, entity_sets=sets)
    sap.counts[SET] = [9, 9]
    plan = desk.plan("run-1")
    desk.read(plan)
    with pytest.raises(InputRejected, match="7 rows"):
        desk.finish(plan)
    assert desk.finish(plan).missing == (1,)


@pytest.mark.parametrize("before", [True, False])
def test_a_refusal_that_is_broken_off_anywhere_is_made_good(before: bool) -> None:
    """RE-12: what was refused is not published, and the run can be read anew."""
    ended: list[type[BaseException]] = []
    for dies_at in range(12):
        desk = Desk(sap_with(7), output=Output(compression="gzip"))
        plan = lossy(desk)
        desk.effects.done, desk.effects.dies_at, desk.effects.before = 0, dies_at, before
        with pytest.raises((KeyboardInterrupt, InputRejected)) as caught:
            desk.finish(plan)
        desk.effects.dies_at = None
        ended.append(caught.type)
        if caught.type is KeyboardInterrupt:
            desk.read(plan)
            desk.sap.counts[SET] = [9, 9]
            with pytest.raises(InputRejected, match="7 rows were read, but SAP counts 9"):
                desk.finish(plan)
            desk.sap.counts.clear()
        assert desk.finish(plan).missing == (0,)
        desk.sap.put(SET, PurchaseOrder="0008", Amount="1.00")
        desk.sap.put(SET, PurchaseOrder="0009", Amount="1.00")
        desk.read(plan)
        assert desk.finish(plan).done
        assert desk.rows("run-1") == orders_held(desk.sap)
    assert ended.count(KeyboardInterrupt) > 5
    assert ended[-1] is InputRejected


def test_errors_that_were_got_over_before_a_refusal_are_not_told_as_its_cause() -> None:
    desk = Desk(sap_with(7))
    plan = lossy(desk)
    note_failure(plan, plan.chunks[0], SapUnavailable("HTTP 503"), desk.objects)
    with pytest.raises(InputRejected):
        desk.finish(plan)
    assert failures_of(desk.name, "run-1", desk.objects) == []
