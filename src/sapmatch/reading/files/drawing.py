"""How much a PDF asks to be drawn, before anything draws it (ISO 32000-1, 8.10: form XObjects).

A form may draw forms, and a parser draws them as often as they are called: ten forms that each call
the next ten times are ten thousand million drawings. Which form a name means is looked up in all
resources of the file at once, so the estimate is never too low for what the file says openly.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

_MOST = 200_000_000  # bytes of content in all, some seconds of work
_MOST_NAMES = 200_000  # of resources and of what is called; a page has some dozens
_DEEPEST = 100
FORM = re.compile(rb"/Subtype\s*(?:/Form\b|/\w*#|\d)")  # or a name in disguise
_NUMBER = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+obj\b")
_CALL = re.compile(rb"/([^\s/<>\[\](){}%]{1,127})\s+Do\b")
_ANY_CALL = re.compile(rb"\bDo\b")
_RESOURCE = re.compile(rb"/([^\s/<>\[\](){}%]{1,127})\s+(\d{1,10})\s+\d{1,5}\s+R\b")


class _Content(Struct, frozen=True):
    size: int
    calls: Counter[bytes]  # by name; of no name where it is written in a way of its own


class Drawing:
    """The contents of a file and the names they call, gathered stream by stream."""

    def __init__(self) -> None:
        self._pages: list[_Content] = []
        self._forms: dict[int, list[_Content]] = defaultdict(list)  # all versions of each
        self._targets: dict[bytes, set[int]] = defaultdict(set)
        self._costs: dict[int, int] = {}
        self._left = _MOST_NAMES

    def name(self, objects: bytes) -> None:
        """Note which objects these resources give a name."""
        for found in self._found(_RESOURCE, objects):
            self._targets[found[1]].add(int(found[2]))

    def add(self, dictionary: bytes, content: bytes, *, is_data: bool = False) -> None:
        """Note what a page or a form draws; of data only what looks like calls without a doubt."""
        calls = Counter(found[1] for found in self._found(_CALL, content))
        if not is_data:
            calls[b""] = sum(1 for _ in self._found(_ANY_CALL, content)) - calls.total()
        noted = _Content(0 if is_data else len(content), +calls)
        number = _NUMBER.search(dictionary)
        if number and FORM.search(dictionary):
            self._forms[int(number[1])].append(noted)
        else:
            self._pages.append(noted)

    def is_bounded(self) -> bool:
        """Whether all of it is drawn in seconds at most."""
        if not self._forms:
            return True
        return self._left > 0 and sum(self._cost(page, ()) for page in self._pages) <= _MOST

    def _found(self, what: re.Pattern[bytes], content: bytes) -> Iterator[re.Match[bytes]]:
        """Every place in the content, until there were too many in the file."""
        for found in islice(what.finditer(content), self._left):
            self._left -= 1
            yield found

    def _cost(self, content: _Content, within: tuple[int, ...]) -> int:
        cost = content.size
        for name, times in content.calls.items():
            cost += times * self._dearest(name, within)
            if cost > _MOST:
                break
        return cost

    def _dearest(self, name: bytes, within: tuple[int, ...]) -> int:
        """The most that a name may stand for; a name that nothing explains may be anything."""
        if name not in self._targets or len(within) > _DEEPEST:
            return _MOST + 1
        forms = self._targets[name] & self._forms.keys()
        return max((self._form(number, within) for number in forms), default=0)

    def _form(self, number: int, within: tuple[int, ...]) -> int:
        if number in within:  # it draws itself
            return _MOST + 1
        if number not in self._costs:
            versions = self._forms[number]
            self._costs[number] = max(self._cost(one, (*within, number)) for one in versions)
        return self._costs[number]
