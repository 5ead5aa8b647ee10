"""What RETURN says: BAPIRET2 rows, and whether the function module did its work."""

from collections.abc import Collection, Iterable, Mapping

from sapmatch.model.errors import SapUnavailable
from sapmatch.model.rfc import BapiFailed, BapiMessage, RfcInput, RfcResult, RfcScalar, RfcStructure

_VARIABLES = ("MESSAGE_V1", "MESSAGE_V2", "MESSAGE_V3", "MESSAGE_V4")
_LONGEST_TEXT = 1000
_TYPES = ("S", "I", "W", "E", "A", "X")


def message_of(row: RfcStructure) -> BapiMessage:
    """One row of RETURN; older modules name ID and NUMBER together CODE."""
    code = _text(row.get("CODE"))
    return BapiMessage(
        type=_text(row.get("TYPE")).strip().upper(),
        id=_text(row.get("ID")) or code[:2],
        number=(_text(row.get("NUMBER")) or code[2:5]).zfill(3),
        text=_text(row.get("MESSAGE"))[:_LONGEST_TEXT],
        variables=tuple(_text(row.get(name)) for name in _VARIABLES if _text(row.get(name))),
        parameter=_text(row.get("PARAMETER")),
        row=_int(row.get("ROW")),
        field=_text(row.get("FIELD")),
        system=_text(row.get("SYSTEM")),
    )


def messages_of(
    exports: Mapping[str, RfcInput], tables: Mapping[str, Iterable[RfcStructure]]
) -> tuple[BapiMessage, ...]:
    """The rows of RETURN, be it a table or one structure; an initial one says nothing.

    A row without a type that is about something is kept: nobody knows that it is no failure.
    Modules without RETURN may say it by RC, MSGID and MSGNO (PASSWORD_FORMAL_CHECK): then RC
    decides, whether or not a message is named.
    """
    rows = list(tables.get("RETURN", ()))
    single = exports.get("RETURN")
    if isinstance(single, Mapping):
        rows.append(single)
    if "MSGID" in exports and _text(exports.get("RC")).strip(" 0"):
        rows.append(
            {
                "TYPE": "E",
                "ID": _text(exports["MSGID"]),
                "NUMBER": _text(exports.get("MSGNO")),
                "MESSAGE": _text(exports.get("MSGTEXT")),
            }
        )
    return tuple(message_of(row) for row in rows if _says_something(row))


def _says_something(row: RfcStructure) -> bool:
    """Whether a row has a type, or is about something all the same."""
    if "TYPE" not in row:
        return any(_text(value).strip(" 0") for value in row.values())
    return any(_text(row.get(name)).strip(" 0") for name in ("TYPE", "ID", "NUMBER", "CODE"))


def judged(
    function: str,
    result: RfcResult,
    *,
    fail_when_warning: bool,
    non_fatal: Collection[str] = (),
) -> tuple[BapiMessage, ...]:
    """The warnings beside a success; BapiFailed where any row says that it failed (CO-T37).

    Rows of class E, A and X are failures, those of class W are where they are to fail. A failure
    whose number (`025`) or `ID:NUMBER` is `non_fatal` is a warning. SapUnavailable where RETURN was
    asked for and did not come: nobody knows then.
    """
    require_whole(function, result, "RETURN")
    failures: list[BapiMessage] = []
    warnings: list[BapiMessage] = []
    for message in result.messages:
        if not (message.is_error or message.type == "W"):
            continue
        fails = message.is_error or fail_when_warning
        found = failures if fails and not _is_among(message, non_fatal) else warnings
        found.append(message)
    if failures:
        worst = next((each for each in failures if each.is_error), failures[0])
        raise BapiFailed(function, result.messages, worst)
    return tuple(warnings)


def require_whole(function: str, result: RfcResult, *tables: str) -> None:
    """SapUnavailable where a table is missing in the answer of a call that reads.

    An empty one is an answer: the user has no roles. One that is absent may stand for all of them.
    """
    missing = ", ".join(name for name in tables if name in result.absent)
    if missing:
        raise SapUnavailable(
            f"{function}: the answer is not complete: {missing} is missing; nothing was changed"
        )


def is_unclear(result: RfcResult) -> bool:
    """Whether RETURN was asked for and did not come, or has a row of no type that SAP knows."""
    return "RETURN" in result.absent or any(each.type not in _TYPES for each in result.messages)


def warned(result: RfcResult, non_fatal: Collection[str]) -> tuple[BapiMessage, ...]:
    """Warnings that nobody called harmless: what was read may not be all."""
    return tuple(
        each for each in result.messages if each.type == "W" and not _is_among(each, non_fatal)
    )


def _is_among(message: BapiMessage, codes: Collection[str]) -> bool:
    named = {message.number, f"{message.id}:{message.number}"}
    return any(_padded(code) in named for code in codes)


def _padded(code: str) -> str:
    """Settings may say 25 for 025."""
    head, colon, number = code.rpartition(":")
    return f"{head}{colon}{number.zfill(3)}"


def _text(value: RfcInput) -> str:
    return "" if value is None or isinstance(value, Mapping) else str(value)


def _int(value: RfcScalar) -> int:
    text = _text(value).strip()
    return int(text) if text.isascii() and text.isdigit() else 0
