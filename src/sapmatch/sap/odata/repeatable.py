"""Requests that SAP recognises when they come again, and whether a service does (OD-P75 to OD-P78).

V2: SAP Gateway, "Defining Settings for Idempotent Services"; V4: OASIS Repeatable Requests 1.0. In
a batch each part carries its own.
"""

from datetime import UTC
from email.utils import format_datetime

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Repeatability
from sapmatch.sap.odata import errors
from sapmatch.sap.odata.metadata import Version
from sapmatch.sap.session import Answer


class Repeatable:
    """Whether one service recognises a request id: what the settings say until it says no."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def headers(self, repeatability: Repeatability | None, version: Version) -> dict[str, str]:
        """Under what SAP recognises the request; none where it would not."""
        if repeatability is None or not self._on:
            return {}
        if repeatability.first_sent.tzinfo is None:
            raise InputRejected("first_sent: has no zone; write datetime.now(UTC)")
        moment = format_datetime(repeatability.first_sent.astimezone(UTC), usegmt=True)
        if version == "V4":
            return {
                "Repeatability-Request-ID": repeatability.request_id,
                "Repeatability-First-Sent": moment,
            }
        return {"RequestID": repeatability.request_id, "RepeatabilityCreation": moment}

    def learn(self, answer: Answer) -> None:
        """From a service that says that it cannot, no request id is expected to work any more."""
        if errors.denies_repeatability(answer):
            self._on = False
