"""The stand-in's own data dictionary: structures and function modules."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Direction = Literal["import", "export", "tables"]
Release = Literal["new", "old"]
_FILE = Path(__file__).with_name("dictionary.toml")
_PARAMETER = re.compile(r"(\w+)(:|/|\[\])(\w+)")
_INITIAL: Mapping[str, Any] = {"I": 0, "D": "00000000", "T": "000000", "X": b""}


@dataclass(frozen=True, slots=True)
class Field:
    """A field; `type` is one of C N D T I X S."""

    name: str
    type: str
    length: int = 0

    @property
    def initial(self) -> Any:
        """Its value where nobody gave one."""
        return "0" * self.length if self.type == "N" else _INITIAL.get(self.type, "")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `structure` is empty where it is one value."""

    name: str
    direction: Direction
    fields: tuple[Field, ...]
    structure: str = ""
    is_table: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether it is one value."""
        return not self.structure


@dataclass(frozen=True, slots=True)
class Function:
    """A function module and the function group that S_RFC knows it by."""

    name: str
    group: str
    parameters: Mapping[str, Parameter]


def _field(text: str) -> Field:
    name, _, kind = text.partition(":")
    return Field(name, kind[0], int(kind[1:] or 0))


@cache
def _read() -> tuple[dict[str, tuple[Field, ...]], dict[str, dict[str, str]]]:
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    structures = {n: tuple(map(_field, t.split())) for n, t in read["structures"].items()}
    return structures, read["functions"]


@cache
def functions(release: Release = "new") -> Mapping[str, Function]:
    """All function modules by name; those of an older release know fewer parameters."""
    structures, read = _read()
    return {name: _function(name, about, structures, release) for name, about in read.items()}


def structure(name: str) -> tuple[Field, ...]:
    """The fields of a structure in their order."""
    return _read()[0][name]


def _function(
    name: str,
    about: Mapping[str, str],
    structures: Mapping[str, tuple[Field, ...]],
    release: Release,
) -> Function:
    parts: list[tuple[Direction, str]] = [("import", about.get("import", ""))]
    if release == "new":
        parts.append(("import", about.get("new", "")))
    parts += [("export", about.get("export", "")), ("tables", about.get("tables", ""))]
    found = {}
    for direction, text in parts:
        for each in text.split():
            parameter = _parameter(direction, each, structures)
            found[parameter.name] = parameter
    return Function(name, about["group"], found)


def _parameter(
    direction: Direction, text: str, structures: Mapping[str, tuple[Field, ...]]
) -> Parameter:
    match = _PARAMETER.fullmatch(text)
    assert match is not None, text
    name, mark, kind = match.groups()
    if mark == ":":
        return Parameter(name, direction, (_field(text),))
    return Parameter(name, direction, structures[kind], kind, mark == "[]")
