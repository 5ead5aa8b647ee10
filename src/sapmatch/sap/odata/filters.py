"""Filters of Sales and Service Cloud and Business ByDesign, which take fewer than OData knows."""

import re
from collections.abc import Iterator, Mapping

from sapmatch.model.errors import InputRejected, Problem

_TEXT = re.compile(r"(?:\b[a-z]{1,15})?'(?:[^']|'')*'", re.IGNORECASE)  # `datetime'...'` included
_TOKEN = re.compile(r"[()]|[^\s(),]+")
_CALL = re.compile(r"\b([a-z]+)\s*\(", re.IGNORECASE)
_FIELD = re.compile(r"[A-Za-z_][\w/]*")
_WORDS = frozenset("and or not eq ne gt ge lt le null true false".split())
# The two that SAP's developer guide to the OData API of Cloud for Customer names.
_TAKEN = frozenset({"startswith", "endswith"})
_ARITHMETIC = frozenset("add sub mul div mod".split())


def check_simple(place: str, options: Mapping[str, str]) -> None:
    """Refuse what these systems answer with an error, or wrongly.

    They take `or` between conditions on one field only, no functions of texts, dates or numbers
    but `startswith` and `endswith`, and no field of an expanded navigation.
    """
    text = _TEXT.sub("''", options.get("$filter", ""))
    expanded = {path.partition("/")[0] for path in options.get("$expand", "").split(",")}
    problems = [*_functions(text), *_joined(text), *_navigated(text, expanded)]
    if problems:
        shown = "; ".join(problem.message for problem in problems)
        raise InputRejected(f"{place}: $filter: {shown}", problems)


def _functions(text: str) -> Iterator[Problem]:
    for name in dict.fromkeys(_CALL.findall(text)):
        if name not in _WORDS | _TAKEN:
            yield _problem(f"{name}() is not known to this kind of system: filter what was read")
    for word in dict.fromkeys(_TOKEN.findall(text)):
        if word in _ARITHMETIC:
            yield _problem(f"{word}: this kind of system does not calculate in a filter")


def _joined(text: str) -> Iterator[Problem]:
    """By brackets: where one holds `or`, all fields in it have to be the same."""
    levels: list[tuple[set[str], list[str]]] = [(set(), [])]
    for part in [*_TOKEN.findall(text), ")"]:
        if part == "(":
            levels.append((set(), []))
        elif part == ")":
            fields, words = levels.pop()
            if "or" in words and len(fields) > 1:
                named = ", ".join(sorted(fields))
                yield _problem(f"`or` joins conditions on {named}, and may do so on one field only")
            if not levels:
                return
            levels[-1][0].update(fields)
        elif part in _WORDS:
            levels[-1][1].append(part)
        elif _FIELD.fullmatch(part) and part not in _TAKEN:
            levels[-1][0].add(part)


def _navigated(text: str, expanded: set[str]) -> Iterator[Problem]:
    for token in dict.fromkeys(_TOKEN.findall(text)):
        if _FIELD.fullmatch(token) and token.partition("/")[0] in expanded and "/" in token:
            yield _problem(f"{token} is a field of an expanded navigation: read that set by itself")


def _problem(text: str) -> Problem:
    return Problem(code="SIMPLE_FILTER", message=text, field="$filter")
