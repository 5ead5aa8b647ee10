"""Why a run ended otherwise than planned, in words that say what to do."""

from typing import Final

from sapmatch.model.errors import SapmatchError, SapRejected
from sapmatch.model.provisioning import ProvisioningRun

EXPIRED: Final = "nobody approved it in time"
_LONGEST = 500
_CUT_OFF = (
    "a function was cut off; resume the run, which reads back from SAP what it was at; the user "
    "it was at may stay locked for us for some twenty-five minutes"
)
_BUSY = "all functions that may call SAP were busy for hours; resume the run when they are not"
_AWS = "AWS did not run a function; resume the run"
_WORDS: Final = {
    "TooManyRounds": "it took more rounds than a run may; resume it, it goes on where it is",
    "RuntimeError": "a bug of ours; the function's log names the place",
    "SapRejected": "SAP refused a call that belongs to no row; the function's log has its message",
    "States.Timeout": _CUT_OFF,
    "Lambda.Unknown": _CUT_OFF,
    "Sandbox.Timedout": _CUT_OFF,
    "Runtime.ExitError": _CUT_OFF,
    "Lambda.TooManyRequestsException": _BUSY,
    "Lambda.ServiceException": _AWS,
    "Lambda.AWSLambdaException": _AWS,
    "Lambda.SdkClientException": _AWS,
}


def trouble_of(error: SapmatchError) -> str:
    """What is noted in the run of an error: our own message, which names setting and remedy.

    What SAP answered may name a person, and stays away.
    """
    name = type(error).__name__
    words = _WORDS["SapRejected"] if isinstance(error, SapRejected) else str(error)
    return f"{name}: {' '.join(words.split())}"[:_LONGEST]


def reason_of(run: ProvisioningRun, error: str | None) -> str | None:
    """The error with which a state machine failed, and what was noted of it."""
    if error is None:
        return None
    if run.trouble and run.trouble.startswith(f"{error}: "):
        return run.trouble
    return f"{error}: {_WORDS[error]}" if error in _WORDS else error
