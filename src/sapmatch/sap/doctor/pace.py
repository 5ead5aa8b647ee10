"""Whether the clocks agree, and how long SAP takes."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from statistics import median

from sapmatch.sap.doctor.finding import Finding, failed, ok, skipped, warning
from sapmatch.sap.doctor.system import Seen, System

SKEW = 30.0  # seconds; the Date header knows whole ones, and answers take a while
USELESS_SKEW = 300.0  # tokens of a logon live so long
SLOW = 2.0  # seconds
_CLOCKS = (
    "let both sides follow a time server: NTP on SAP's host (ST06 shows its time), chrony with "
    "Amazon Time Sync on ours; a load balancer may have put its own time into the header"
)
_SLOWNESS = (
    "/IWFND/STATS shows the Gateway's part, STAD and ST05 the rest; on our side the way: region, "
    "VPN, proxy; {setting}.total_timeout must be longer than the slowest call"
)


def clock(system: System) -> Finding:
    """The time that SAP's answers name, against ours when they came."""
    if not system.seen:
        return _unseen(system)
    skews = [skew for each in system.seen if (skew := _skew(each)) is not None]
    if not skews:
        return skipped("SAP's answers name no time")
    skew = median(skews)
    if abs(skew) <= SKEW:
        return ok(f"the clocks differ by less than {SKEW:g} s")
    shown = f"SAP's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
    return failed(shown, _CLOCKS) if abs(skew) > USELESS_SKEW else warning(shown, _CLOCKS)


def _unseen(system: System) -> Finding:
    """No answer was timed; those of function modules are not."""
    if system.target.service:
        return skipped("SAP gave no answer")
    return skipped("is measured on an OData service only, and none was asked; see --service")


def _skew(seen: Seen) -> float | None:
    """Seconds by which SAP is ahead; None where it says nothing readable."""
    try:
        said = parsedate_to_datetime(seen.date or "")
    except ValueError:
        return None
    utc: datetime = said if said.tzinfo else said.replace(tzinfo=UTC)
    return (utc - seen.at).total_seconds()


def answer_time(system: System) -> Finding:
    """How long the calls of this examination took."""
    if not system.seen:
        return _unseen(system)
    middle = median(each.seconds for each in system.seen)
    slowest = max(system.seen, key=lambda each: each.seconds)
    shown = (
        f"median {_shown(middle)} of {len(system.seen)} calls, slowest {_shown(slowest.seconds)} "
        f"({slowest.what})"
    )
    if middle > SLOW or slowest.seconds > system.connection.total_timeout / 2:
        return warning(shown, _SLOWNESS.format(setting=system.setting))
    return ok(shown)


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
