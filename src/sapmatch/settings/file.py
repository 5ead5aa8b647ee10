"""sapmatch.toml -> typed settings; every mistake is reported at once, with its path."""

import tomllib
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.policy import Limit
from sapmatch.model.rfc import Rfc
from sapmatch.settings.blocks import Settings, mistake
from sapmatch.settings.rfc import ELSEWHERE, completed
from sapmatch.settings.rules import check
from sapmatch.settings.written import check_written, within_limits


def load(path: Path) -> Settings:
    """Read one stage's settings; raises InputRejected with every mistake in `problems`."""
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise InputRejected(
            f"{path}: cannot be read ({exc.strerror}); name it with --settings"
        ) from exc
    return parse(text, str(path))


def parse(text: bytes, name: str) -> Settings:
    """Settings from TOML bytes; `name` is the file as the messages call it."""
    try:
        table = tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InputRejected(f"{name}: is no TOML: {exc}") from exc
    table = completed(table)
    problems: list[Problem] = []
    settings = within_limits(_section(table, Settings, "", problems), table)
    wrong = {problem.field for problem in problems}
    found = (*check(settings), *check_written(settings, table))
    problems.extend(p for p in found if not any(_is_in(p.field or "", one) for one in wrong))
    if problems:
        listing = "".join(f"\n  {p.field}: {p.message}" for p in problems)
        raise InputRejected(f"{name}: {_counted(len(problems))}{listing}", problems)
    return settings


def _is_in(path: str, wrong: str | None) -> bool:
    return path == wrong or path.startswith(f"{wrong}.")


def _counted(mistakes: int) -> str:
    return "one mistake" if mistakes == 1 else f"{mistakes} mistakes"


def _section(value: Any, kind: type[Any], path: str, problems: list[Problem]) -> Any:
    """One table as a struct; a mistaken field gets a stand-in, so that checking goes on."""
    if not isinstance(value, dict):
        problems.append(mistake(path, "must be a table"))
        return None
    hints = get_type_hints(kind)
    fields = {f.encode_name: f for f in msgspec.structs.fields(kind)}
    for key in value.keys() - fields.keys():
        elsewhere = ELSEWHERE.get(key) if kind is Rfc else None
        problems.append(mistake(_join(path, key), elsewhere or _unknown(key, fields)))
    given: dict[str, Any] = {}
    for key, spec in fields.items():
        part = None
        if key in value:
            part = _value(value[key], hints[spec.name], _join(path, key), problems)
        elif spec.required:
            problems.append(mistake(_join(path, key), "is missing"))
        if part is not None or spec.required:
            given[spec.name] = _stand_in(hints[spec.name]) if part is None else part
    return kind(**given)


def _unknown(key: str, known: Collection[str]) -> str:
    """Whoever writes a name in other letters, as poolcapacity or pool_capacity, is told it."""
    meant = [name for name in known if _plain_name(name) == _plain_name(key)]
    if meant:
        return f"is not known here; did you mean {meant[0]}?"
    return f"is not known here; known are {', '.join(sorted(known))}"


def _plain_name(key: str) -> str:
    return key.replace("_", "").replace("-", "").casefold()


def _tagged(value: Any, kinds: list[Any], path: str, problems: list[Problem]) -> Any:
    """A table as the struct that its `type` names."""
    if not isinstance(value, dict):
        problems.append(mistake(path, "must be a table"))
        return None
    by_tag = {kind.__struct_config__.tag: kind for kind in kinds}
    kind = by_tag.get(value.get("type", ""))
    if kind is None:
        known = ", ".join(f'"{tag}"' for tag in by_tag)
        problems.append(mistake(_join(path, "type"), f"must be one of {known}"))
        return None
    rest = {key: part for key, part in value.items() if key != "type"}
    return _section(rest, kind, path, problems)


def _stand_in(hint: Any) -> Any:
    """For a required value that is missing or wrong; its mistakes are told already."""
    kinds = _structs(hint)
    return _section({}, kinds[0], "", []) if kinds else ""


def _value(value: Any, hint: Any, path: str, problems: list[Problem]) -> Any:
    structs = _structs(hint)
    if structs and value in _options(hint):
        return value
    if len(structs) > 1:
        return _tagged(value, structs, path, problems)
    if structs:
        return _section(value, structs[0], path, problems)
    arguments = get_args(hint)
    container = _CONTAINERS.get(get_origin(hint) or hint)
    if container and not isinstance(value, container[0]):
        problems.append(mistake(path, container[1]))
        return None
    if get_origin(hint) is dict:
        return _entries(value, arguments, path, problems)
    if get_origin(hint) is tuple and _is_struct(arguments[0]):
        rows = [_section(v, arguments[0], f"{path}[{n}]", problems) for n, v in enumerate(value)]
        return tuple(row for row in rows if row is not None)
    if hint == Limit:
        return _limit(value, path, problems)
    if hint in (Decimal, Decimal | None):
        return _number(value, path, 'must be a number in quotes such as "25.00"', problems)
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as exc:
        problems.append(mistake(path, _plain(exc, hint, value)))
        return None


def _entries(
    table: dict[str, Any], hints: tuple[Any, ...], path: str, problems: list[Problem]
) -> dict[Any, Any]:
    """A table whose names are free; what is wrong in it is named and left out."""
    found: dict[Any, Any] = {}
    for name, value in table.items():
        place = _join(path, name)
        try:
            key = msgspec.convert(name, hints[0])
        except msgspec.ValidationError:
            problems.append(mistake(place, "is no date; write it as 2026-11-20"))
            continue
        part = _value(value, hints[1], place, problems)
        if part is not None:
            found[key] = part
    return found


def _limit(value: Any, path: str, problems: list[Problem]) -> Limit | None:
    """A number in quotes, so that it stays exact, or `off`."""
    if value == "off":
        return "off"
    return _number(value, path, 'must be a number in quotes such as "25.00", or "off"', problems)


def _number(value: Any, path: str, wanted: str, problems: list[Problem]) -> Decimal | None:
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and 0 <= number < _LARGEST and number == number.quantize(_FINEST):
        return number
    problems.append(mistake(path, wanted))
    return None


_LARGEST = Decimal("1E+11")  # SAP's amounts have 14 digits, three of them decimals
_FINEST = Decimal("1E-9")
_CONTAINERS: dict[Any, tuple[type[Any], str]] = {
    dict: (dict, "must be a table"),
    tuple: (list, 'must be a list in brackets, such as ["..."]'),
}
_PLAIN = {
    str: "must be a text: put it in quotes",
    bool: "must be true or false, without quotes",
    int: "must be a whole number, without quotes",
    float: "must be a number, without quotes",
}


def _plain(exc: msgspec.ValidationError, hint: Any, value: Any) -> str:
    """What is expected here, in words."""
    options = _options(hint)
    if options:
        return "must be one of " + ", ".join(f'"{option}"' for option in options)
    plain = next((arm for arm in (hint, *get_args(hint)) if arm in _PLAIN), None)
    if plain and not isinstance(value, plain):
        return _PLAIN[plain]
    return str(exc).removeprefix("Invalid value ").split(" - at ")[0].lower()


def _options(hint: Any) -> list[str]:
    """The words that a setting takes, alone or in a list."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [option for arm in get_args(hint) for option in _options(arm)]


def _structs(hint: Any) -> list[Any]:
    """The struct that a setting is, or those that it may be."""
    arms = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [arm for arm in arms if _is_struct(arm)]


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Struct)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
