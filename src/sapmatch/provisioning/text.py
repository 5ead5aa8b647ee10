"""Text that does no harm in any mail program: plain, bounded, nothing in it can be clicked."""

import re
from collections.abc import Sequence

from msgspec import Struct

_SUBJECT = 99  # what SNS takes
_LINE = 300
LINES = 20  # of a list in a mail
_BODY = 20_000
# What mail programs make a link of: an address with its protocol, and a bare host name.
_ADDRESS = re.compile(r"(?i)(?<=www)\.|(?<!\bs3):(?=//)|(?<=mailto):")
_HOST = re.compile(r"(?i)([\w-]+)\.(?=[a-z]{2,24}(?![a-z]))")
# Structures and tables of a user, whose fields are named in mails as ADDRESS.LASTNAME.
_STRUCTURES = frozenset(
    "ADDRESS DEFAULTS UCLASS LOGONDATA ALIAS COMPANY REF_USER SNC ACTIVITYGROUPS PROFILES GROUPS "
    "SYSTEMS PARAMETER ISLOCKED".split()
)

Section = tuple[str, Sequence[str]]


class Mail(Struct, frozen=True, kw_only=True):
    """A subject and a plain text body."""

    subject: str
    body: str


def subject(text: str, reference: str) -> str:
    """One short line of ASCII; both parts are words and names of ours."""
    end = f" {reference}"[: _SUBJECT // 2]
    line = plain(f"[sapmatch] {text}"[: _SUBJECT - len(end)] + end)
    return line.encode("ascii", "replace").decode()[:_SUBJECT]


def body(sections: Sequence[Section]) -> str:
    """Sections with their lines, those without any left out."""
    told = [
        f"{title}\n" + "\n".join(f"  {plain(line)[:_LINE]}" for line in lines)
        for title, lines in sections
        if lines
    ]
    text = ("\n\n".join(told) + "\n").encode()
    return text[:_BODY].decode(errors="ignore")


def plain(line: str) -> str:
    """Without control and bidirectional characters, and without links."""
    printable = "".join(sign if sign.isprintable() else " " for sign in line)
    return _ADDRESS.sub(lambda found: f"[{found[0]}]", printable)


def unlinked(line: str) -> str:
    """What SAP or a file said: no name of a host in it can be clicked."""
    return _HOST.sub(lambda found: found[0] if found[1] in _STRUCTURES else f"{found[1]}[.]", line)


def bounded(lines: Sequence[str], more: str = "more") -> list[str]:
    """The first lines, and how many more there are."""
    left = len(lines) - LINES
    return list(lines) if left <= 0 else [*lines[:LINES], f"and {left} {more}"]
