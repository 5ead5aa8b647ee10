"""Points of time as SAP and people write them: V2 ticks or ISO, as a day or to the second."""

import re
from datetime import UTC, datetime

_V2_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?(Z|[+-]\d\d:\d\d)?")
_DAY = 86_400_000  # milliseconds


def moment(text: str) -> int | None:
    """Milliseconds since 1970 of a V2 or ISO date; a time without zone counts as UTC."""
    found = _V2_DATE.fullmatch(text)
    if found:
        return int(found[1])
    if not _ISO_DATE.fullmatch(text):
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp() * 1000)


def without_time(value: object) -> str:
    """The same text for the same day, however it is written: SAP keeps no time with it."""
    text = str(value)
    found = moment(text)
    return text if found is None else f"day {found // _DAY}"
