"""docs/configuration.md names every setting there is, docs/rfc.md those of `rfc`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from sapmatch.model.rfc import Rfc
from sapmatch.settings import Settings

PAGE = Path("docs/configuration.md")
PAGES: dict[Any, Path] = {Rfc: Path("docs/rfc.md")}  # blocks that have a page of their own


def settings_of(kind: Any, page: Path = PAGE) -> Iterator[tuple[str, Path]]:
    """Names as the file writes them, with the page that explains them."""
    page = PAGES.get(kind, page)
    for field in msgspec.structs.fields(kind):
        yield field.encode_name, page
        yield from nested(get_type_hints(kind)[field.name], page)


def nested(hint: Any, page: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield from settings_of(hint, page)
    for argument in get_args(hint):
        yield from nested(argument, page)


@pytest.mark.parametrize(("name", "page"), sorted(set(settings_of(Settings))))
def test_every_setting_is_in_the_documentation(name: str, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.search(rf"(?<![A-Za-z_]){name}(?![A-Za-z_])", text), f"{page} does not name {name}"


def test_settings_are_looked_for_as_the_file_writes_them() -> None:
    found = dict(settings_of(Settings))
    assert found["poolCapacity"] == Path("docs/rfc.md")
    assert "pool_capacity" not in found
