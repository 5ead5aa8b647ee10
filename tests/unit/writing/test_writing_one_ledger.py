"""`sapmatch write`: several files with one ledger."""

import pytest

from sapmatch.model.errors import InputRejected, SapUnavailable
from tests.builders.laptop import Laptop
from tests.builders.memory_sap import fails


def test_of_two_files_with_one_ledger_the_older_is_not_written_over_the_newer() -> None:
    """MA-P64: whatever kept the older one back, and however late its command comes again."""
    laptop = Laptop("update")
    for number in ("1", "2"):
        laptop.sap.seed("Z_Thing", Thing=number, A="")
    laptop.sap.behaviours = [fails(SapUnavailable("HTTP 503"))] * 9
    with pytest.raises(SapUnavailable):
        laptop.lines()
    laptop.clock.sleep(3600)
    laptop.sap.behaviours = []
    assert laptop.statuses(data=b'[{"Thing":"1","A":"newer"}]') == ["updated"]
    assert laptop.statuses() == ["not_executed", "updated"]
    assert "a later file wrote this record" in laptop.said[0]["sap_message"]
    assert [row["A"] for row in laptop.sap.entities["Z_Thing"]] == ["newer", "y"]
    assert laptop.statuses(data=b'[{"Thing":"1","A":"newer"}]') == ["updated"]


def test_what_the_ledger_knows_of_another_service_is_no_answer() -> None:
    laptop = Laptop()
    laptop.lines()
    with pytest.raises(InputRejected, match="service /o; name another file with --ledger"):
        laptop.lines(service="/another")
    assert laptop.statuses() == ["created", "created"]
