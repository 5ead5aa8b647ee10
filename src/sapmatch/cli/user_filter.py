"""Conditions on users as people write them.

    ADDRESS.LASTNAME=Miller and LOGONDATA.USTYP!=B
    USERNAME=JD* or not (ADDRESS.DEPARTMENT=*sales* or LOGONDATA.GLTGB<2026-12-31)

`*` at the end, the beginning or both asks for a beginning, an end or a part. A value in quotes is
taken as it is; `""` stands for a quote in it.
"""

import re
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeAlias

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import Both, Compare, Condition, Either, Not, Operator

_TOKEN = re.compile(
    r"\s*(?:(?P<compare>!=|<=|>=|=|<|>)|(?P<bracket>[()])"
    r"|\"(?P<quoted>(?:[^\"]|\"\")*)\"|(?P<word>[^\s()=<>!\"]+))"
)
_OPERATORS: dict[str, Operator] = {
    "=": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}
_FIELD = re.compile(r"[A-Za-z0-9_/]+(?:\.[A-Za-z0-9_/]+)?\Z")
_DEEPEST = 50


_Rule: TypeAlias = Callable[[], Condition]


class _Token(Struct, frozen=True):
    kind: str
    text: str
    at: int  # from 1


def condition_of(text: str) -> Condition:
    """The condition; InputRejected points at the position of a mistake, counted from 1."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def whole(self) -> Condition:
        found = self._either()
        token = self._peek()
        if token is not None:
            hint = "; put a value with blanks in quotes" if token.kind == "word" else ""
            self._wrong(token, f"'and' or 'or' is missing before {token.text!r}{hint}")
        return found

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self) -> Condition:
        if self._took("not"):
            return Not(self._deeper(self._one))
        token = self._peek()
        if token is not None and (token.kind, token.text) == ("bracket", "("):
            self._next += 1
            found = self._deeper(self._either)
            closing = self._peek()
            if closing is None or (closing.kind, closing.text) != ("bracket", ")"):
                self._wrong(closing, f"the bracket of position {token.at} is not closed")
            self._next += 1
            return found
        return self._compare()

    def _deeper(self, inner: "_Rule") -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._wrong(self._tokens[self._next - 1], f"is nested deeper than {_DEEPEST}")
        found = inner()
        self._depth -= 1
        return found

    def _compare(self) -> Condition:
        field = self._taken()
        if field is None or field.kind != "word" or not _FIELD.match(field.text):
            self._wrong(field, "a field is missing, such as USERNAME or ADDRESS.LASTNAME")
        sign = self._taken()
        if sign is None or sign.kind != "compare":
            self._wrong(sign, f"behind {field.text} one of = != < <= > >= is missing")
        value = self._taken()
        if value is None or value.kind not in ("word", "quoted"):
            self._wrong(value, 'a value is missing; write "" for an empty one')
        return _comparison(field.text.upper(), _OPERATORS[sign.text], value, self._wrong)

    def _took(self, word: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "word" or token.text.lower() != word:
            return False
        self._next += 1
        return True

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _taken(self) -> _Token | None:
        token = self._peek()
        self._next += 1
        return token

    def _wrong(self, token: _Token | None, message: str) -> NoReturn:
        raise _mistake(self._text, token.at if token else len(self._text) + 1, message)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            begins = len(text) - len(text[at:].lstrip()) + 1
            raise _mistake(text, begins, f"{text[begins - 1]!r} begins nothing that is known")
        kind = str(match.lastgroup)
        value = match[kind].replace('""', '"') if kind == "quoted" else match[kind]
        yield _Token(kind, value, match.start(kind) + 1)
        at = match.end()


def _comparison(
    field: str, operator: Operator, value: _Token, wrong: Callable[[_Token, str], NoReturn]
) -> Condition:
    text = value.text
    if value.kind == "quoted" or "*" not in text:
        return Compare(field=field, operator=operator, value=text)
    if operator not in ("eq", "ne"):
        wrong(value, "* stands behind = and != only; put the value in quotes to mean the sign")
    inner = text.strip("*")
    if "*" in inner or not inner:
        wrong(value, "* stands at the beginning or the end of a value; put it in quotes else")
    likeness: Operator = "contains"
    if not text.startswith("*"):
        likeness = "prefix"
    elif not text.endswith("*"):
        likeness = "suffix"
    found = Compare(field=field, operator=likeness, value=inner)
    return Not(found) if operator == "ne" else found


def _mistake(text: str, at: int, message: str) -> InputRejected:
    return InputRejected(f"--filter: position {at}: {message}\n  {text}\n  {' ' * (at - 1)}^")
