"""Text that does no harm in any mail program: plain, bounded, and nothing in it can be clicked.

SNS takes subjects of up to 99 characters of ASCII without line breaks, and messages of up to
256 KB.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from sapmatch.model.money import CURRENCIES, Money

SUBJECT_LENGTH = 99
BODY_BYTES = 20_000
LINES = 20  # of a list in a mail
SHORT_ID = 12  # digits of a document id that people type
_LINE_LENGTH = 300
_QUOTED_LENGTH = 80
_MOST_DIGITS = 15  # before the point; no sum of money has more
# What mail programs make a link of: an address with its protocol, and a bare host name. None opens
# an address of S3, which stands in commands.
_ADDRESS = re.compile(r"(?i)(?<=www)\.|(?<!\bs3):(?=//)|(?<=mailto):")
_HOST = re.compile(r"(?i)(?<=[\w-])\.(?=[a-z]{2,24}(?![a-z]))")
_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")

Section = tuple[str, Sequence[str]]


class Mail(Struct, frozen=True, kw_only=True):
    """A subject and a plain text body."""

    subject: str
    body: str


def subject(text: str, reference: str) -> str:
    """One short line; both parts are words and ids of ours, never text of a document."""
    end = f" {reference}"[: SUBJECT_LENGTH // 2]
    line = plain(f"[sapmatch] {text}"[: SUBJECT_LENGTH - len(end)] + end)
    return line.encode("ascii", "replace").decode()[:SUBJECT_LENGTH]


def body(sections: Sequence[Section]) -> str:
    """Sections with their lines; where it is too long the longest section ends earlier."""
    blocks = {title: [plain(line)[:_LINE_LENGTH] for line in lines] for title, lines in sections}
    while len(text := _joined(blocks).encode()) > BODY_BYTES:
        longest = max(blocks.values(), key=lambda lines: sum(map(len, lines)))
        del longest[-2:]
        longest.append("and more")
    return text.decode()


def plain(line: str) -> str:
    """Without control and bidirectional characters, and without links."""
    return _ADDRESS.sub(lambda found: f"[{found[0]}]", "".join(_printable(c) for c in line))


def quoted(text: str) -> str:
    """Text of a document: short, and no name of a host in it."""
    words = " ".join(text[: 2 * _QUOTED_LENGTH].split())
    short = words if len(words) <= _QUOTED_LENGTH else words[: _QUOTED_LENGTH - 1] + "…"
    return unlinked(short)


def unlinked(line: str) -> str:
    """A sentence that may quote a document: no name of a host in it can be clicked."""
    return _HOST.sub("[.]", line)


def short_ids(text: str) -> str:
    """Document ids as people type them."""
    return _ID.sub(r"\1", text)


def short(identity: str) -> str:
    """An id as people type it."""
    return identity[:SHORT_ID]


def amount(value: Decimal | None, currency: str | None) -> str | None:
    """Money in words, None where it is no sum that anybody bills."""
    if value is None or currency not in CURRENCIES:
        return None
    return str(Money(value, currency)) if value.adjusted() < _MOST_DIGITS else None


def bounded(lines: Sequence[str], more: str = "more") -> list[str]:
    """The first lines, and how many more there are."""
    left = len(lines) - LINES
    return list(lines) if left <= 0 else [*lines[:LINES], f"and {left} {more}"]


def _printable(character: str) -> str:
    return character if character.isprintable() else " "


def _joined(blocks: dict[str, list[str]]) -> str:
    told = (
        f"{title}\n" + "\n".join(f"  {line}" for line in lines)
        for title, lines in blocks.items()
        if lines
    )
    return "\n\n".join(told) + "\n"
