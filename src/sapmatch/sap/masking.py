"""Secrets taken out of what SAP says, once it can be read."""

import html
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

SHORTEST: Final = 3  # characters; SAP takes no shorter password
_SHORT: Final = 8  # what is shorter may be a part of any word
_STARS: Final = "***"


class Mask:
    """Hides secrets in texts, in any case of letters and also where they stand escaped."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(each for each in secrets if len(each) >= SHORTEST)

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def __add__(self, other: "Mask") -> "Mask":
        return Mask(self._secrets | other._secrets)

    def text(self, text: str) -> str:
        """The text without the secrets."""
        return self._pattern.sub(_STARS, text) if self._secrets and text else text

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = {
            form
            for each in self._secrets
            for form in (each, html.escape(each), html.escape(each, quote=False))
        }
        longest_first = sorted(forms, key=len, reverse=True)
        return re.compile("|".join(map(_searched, longest_first)), re.IGNORECASE)


NOTHING: Final = Mask()


def _searched(form: str) -> str:
    found = re.escape(form)
    return found if len(form) >= _SHORT else rf"(?<!\w){found}(?!\w)"
