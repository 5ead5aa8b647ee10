"""The notation that the writers of e-invoices share."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr


class Fragment(str):
    """A text that is XML already."""

    def __add__(self, other: str) -> "Fragment":
        return Fragment(str(self) + other)


def element(name: str, *content: Any, **attributes: str) -> Fragment:
    """An element; nothing where it would have no content, and a text where it is no XML yet."""
    given = [part for part in content if part not in (None, "")]
    if not given:
        return Fragment("")
    inner = "".join(part if isinstance(part, Fragment) else escape(_plain(part)) for part in given)
    named = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return Fragment(f"<{name}{named}>{inner}</{name}>")


def _plain(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def document(root: str, names: dict[str, str], body: Sequence[str]) -> bytes:
    """A whole document."""
    content = Fragment("".join(body))
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + element(root, content, **names).encode()


def money(name: str, amount: Decimal | None, currency: str | None = "EUR") -> Fragment:
    """An amount with its currency."""
    return element(name, amount, currencyID=currency or "")


NOTHING = Fragment("")
