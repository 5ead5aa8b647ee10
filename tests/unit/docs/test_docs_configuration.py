"""docs/configuration.md names every setting there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from sapmatch.settings import Settings

PAGE = Path("docs/configuration.md")


def settings_of(kind: Any) -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        yield field.name
        yield from nested(get_type_hints(kind)[field.name])


def nested(hint: Any) -> Iterator[str]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield from settings_of(hint)
    for argument in get_args(hint):
        yield from nested(argument)


@pytest.mark.parametrize("name", sorted(set(settings_of(Settings))))
def test_every_setting_is_in_the_documentation(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"(?<![a-z_]){name}(?![a-z_])", text), f"{PAGE} does not name {name}"
