"""Role assignments as rows of text: XML on one line each, or objects of JSON.

What is read may stand in any order and with or without a prolog; what is written is always the
same. Two sets of rows are compared by `RoleAssignment.key`, never as text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast
from xml.sax.saxutils import escape

import msgspec

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.users import FOREVER, Origin, RoleAssignment

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

RoleRow: TypeAlias = str | Mapping[str, Any]
_Wrong: TypeAlias = Callable[[str, str], None]

NAME_LENGTH: Final = 30
SYSTEM_LENGTH: Final = 10
_TAGS: Final = ("SUBSYSTEM", "AGR_NAME", "FROM_DAT", "TO_DAT", "AGR_TEXT", "ORG_FLAG")
_ORIGINS: Final = ("", "C", "X", "E")
_PROLOG: Final = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
_ANY_PROLOG = re.compile(r"<\?xml\s[^<>]*\?>")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_INITIAL = ("", "0000-00-00", "00000000")
_LARGEST = 1_000_000  # characters
_MOST = 5_000  # rows of one user


def rows_of(given: str | Sequence[RoleRow]) -> tuple[RoleAssignment, ...]:
    """The assignments that text or rows name, in their order (CO-T47).

    Text is XML or JSON with one or several rows. InputRejected names every mistake by its row.
    """
    problems: list[Problem] = []
    found = []
    rows = list(_rows(given))
    if len(rows) > _MOST:
        raise InputRejected(f"ACTIVITYGROUPS: {len(rows)} rows; no user has more than {_MOST}")
    for number, row in enumerate(rows, start=1):
        role = _role(row, f"ACTIVITYGROUPS[{number}]", problems)
        if role:
            found.append(role)
    if problems:
        raise InputRejected("; ".join(each.message for each in problems), problems)
    return tuple(found)


def xml_of(role: RoleAssignment, *, all: bool = False) -> str:
    """One line; with `all` its text and where it comes from as well (ALL_ACTIVITYGROUPS)."""
    parts = (_element(tag, text) for tag, text in json_of(role, all=all).items())
    return f"{_PROLOG}<item>{''.join(parts)}</item>"


def json_of(role: RoleAssignment, *, all: bool = False) -> dict[str, str]:
    """The same as an object; the system only where there is one."""
    row = {"SUBSYSTEM": role.system} if role.system else {}
    row["AGR_NAME"] = role.name
    row["FROM_DAT"] = role.valid_from.isoformat()
    row["TO_DAT"] = role.valid_to.isoformat()
    if all:
        row["AGR_TEXT"] = role.text
        row["ORG_FLAG"] = role.origin
    return row


def same(left: Iterable[RoleAssignment], right: Iterable[RoleAssignment]) -> bool:
    """Whether both are the same assignments, in whatever order and however often."""
    return {role.key for role in left} == {role.key for role in right}


def _element(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>" if text else f"<{tag}/>"


def _rows(given: str | Sequence[RoleRow]) -> Iterator[Mapping[str, Any]]:
    if isinstance(given, str):
        yield from _of_text(given)
        return
    if isinstance(given, Mapping):
        yield given
        return
    for row in given:
        if isinstance(row, str):
            yield from _of_text(row)
        elif isinstance(row, Mapping):
            yield row
        else:
            raise InputRejected(
                f"ACTIVITYGROUPS: a row is a {type(row).__name__}; write an object, or XML as text"
            )


def _of_text(text: str) -> Iterator[Mapping[str, Any]]:
    if len(text) > _LARGEST:
        raise InputRejected(f"ACTIVITYGROUPS: more than {_LARGEST} characters")
    text = text.strip().removeprefix("\ufeff")
    if text[:1] in ("[", "{"):
        yield from _of_json(text)
    elif text:
        yield from (_tags(item) for item in _items(text))


def _of_json(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise InputRejected("ACTIVITYGROUPS: is not JSON; write a list of objects") from exc
    yield from _rows(found if isinstance(found, list) else [found])


def _items(text: str) -> "Iterator[Element]":
    """The elements `item`; a DOCTYPE cannot stand where the text is put, so there are no entities.

    Undefined ones are errors, and nothing external is ever read.
    """
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(f"<rows>{_ANY_PROLOG.sub('', text)}</rows>")  # noqa: S314
    except (ElementTree.ParseError, ValueError) as exc:
        raise InputRejected(
            "ACTIVITYGROUPS: is not XML; write <item><AGR_NAME>...</AGR_NAME>"
            "<FROM_DAT>2026-01-31</FROM_DAT><TO_DAT>9999-12-31</TO_DAT></item>"
        ) from exc
    texts = [root.text, *(item.tail for item in root)]
    if any((text or "").strip() for text in texts) or any(_local(each) != "item" for each in root):
        raise InputRejected("ACTIVITYGROUPS: XML holds something else than elements <item>")
    yield from root


def _tags(item: "Element") -> Mapping[str, Any]:
    """Texts by tag; a tag that stands twice, or holds others, is none that we know."""
    row: dict[str, Any] = {}
    for child in item:
        tag = _local(child)
        if tag in row or len(child):
            tag = f"{tag} (twice, or with elements in it)"
        row[tag] = child.text or ""
    return row


def _local(element: "Element") -> str:
    return element.tag.rpartition("}")[2]


def _role(row: Mapping[str, Any], place: str, problems: list[Problem]) -> RoleAssignment | None:
    """The row; None where something is wrong with it, which is among the problems then."""
    before = len(problems)

    def wrong(tag: str, message: str) -> None:
        field = f"{place}.{tag}" if tag else place
        problems.append(Problem(code="ROLE_ROW", message=f"{field}: {message}", field=field))

    unknown = [str(tag) for tag in row if tag not in _TAGS]
    if unknown:
        wrong("", f"knows no {', '.join(unknown)}; known are {', '.join(_TAGS)}")
    texts = {tag: _text(tag, row.get(tag), wrong) for tag in _TAGS}
    name, system = _names(texts, wrong)
    start, end = _dates(texts, wrong)
    if texts["ORG_FLAG"] not in _ORIGINS:
        wrong("ORG_FLAG", "is none of C, X and E; leave it empty for a role assigned by hand")
    if len(problems) > before or start is None or end is None:
        return None
    return RoleAssignment(
        system=system,
        name=name,
        valid_from=start,
        valid_to=end,
        text=texts["AGR_TEXT"],
        origin=cast(Origin, texts["ORG_FLAG"]),
    )


def _names(texts: Mapping[str, str], wrong: _Wrong) -> tuple[str, str]:
    name, system = texts["AGR_NAME"].upper(), texts["SUBSYSTEM"].upper()
    if not name:
        wrong("AGR_NAME", "is missing")
    for tag, text, most in (("AGR_NAME", name, NAME_LENGTH), ("SUBSYSTEM", system, SYSTEM_LENGTH)):
        if len(text) > most:
            wrong(tag, f"has {len(text)} characters; at most {most} fit")
    return name, system


def _dates(texts: Mapping[str, str], wrong: _Wrong) -> tuple[date | None, date | None]:
    start = _date(texts["FROM_DAT"])
    end = FOREVER if texts["TO_DAT"] in _INITIAL else _date(texts["TO_DAT"])
    if start is None:
        wrong("FROM_DAT", "is missing or no date; write it as 2026-01-31")
    if end is None:
        wrong("TO_DAT", "is no date; write it as 2026-01-31")
    if start and end and start > end:
        wrong("TO_DAT", "is before FROM_DAT")
    return start, end


def _text(tag: str, value: Any, wrong: _Wrong) -> str:
    if value is None:
        return ""
    if isinstance(value, date):  # a datetime is one as well
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if not isinstance(value, str):
        wrong(tag, f"is a {type(value).__name__}; write text")
        return ""
    return value.strip()


def _date(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
