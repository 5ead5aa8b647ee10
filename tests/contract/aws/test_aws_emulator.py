"""The emulator does what the local stage relies on, and a lack of it is named."""

import boto3
import pytest

from local import emulator, probe


def test_every_behaviour_that_we_rely_on_is_there(aws: str) -> None:
    probe.check(boto3.Session("test", "test", region_name=emulator.REGION), aws)


def test_a_behaviour_that_is_missing_is_named(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacks(_session: boto3.Session, _endpoint: str, _name: str) -> bool:
        """it does something"""
        return False

    monkeypatch.setattr(probe, "PROBES", (lacks,))
    with pytest.raises(RuntimeError, match="it does something"):
        probe.check(boto3.Session("test", "test", region_name=emulator.REGION), aws)
