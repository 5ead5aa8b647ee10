"""What became of a change of a user: its steps, and whether child systems have it."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from sapmatch.bootstrap.users import UserSide
from sapmatch.cli import output
from sapmatch.cli.options import up_to
from sapmatch.model.errors import SapmatchError, SapRejected
from sapmatch.model.messages import for_people
from sapmatch.model.users import Changed, ChildSystem
from sapmatch.sap.users.lacking import lacking

REFUSED = 3
_LONGEST_WAIT = 86_400  # seconds
_POLL = 2.0  # seconds
_FINE = frozenset({"unchanged", "done", "accepted_by_central"})
_DECIDED = frozenset({"agrees", "not_asked"})
_SENTENCES = {
    "unchanged": "is so already; nothing was sent",
    "done": "is done, and was read back",
    "accepted_by_central": "the central system took it and distributes it",
    "partial": "was done in part; run the command again after mending what failed",
    "failed": "was refused; nothing changed",
    "unknown": "may have happened; look at the user before anything is sent again",
}


def add_outcome(parser: argparse.ArgumentParser) -> None:
    """`--wait`: how long child systems of a central one are asked."""
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=up_to(_LONGEST_WAIT),
        help="ask the child systems of a central user administration until they agree",
    )


def told(arguments: argparse.Namespace, side: UserSide, changed: Changed) -> int:
    """Print what became of it; 3 where it is not, or not everywhere, as it should be."""
    try:
        children = _children(arguments, side, changed)
    except SapmatchError:  # the change stands, whoever cannot be asked about it
        _print(arguments, changed, ())
        raise
    _print(arguments, changed, children)
    arrived = all(child.status in _DECIDED for child in children)
    return 0 if changed.status in _FINE and arrived else REFUSED


def _print(
    arguments: argparse.Namespace, changed: Changed, children: tuple[ChildSystem, ...]
) -> None:
    if arguments.json:
        output.json_line(_record(changed, children))
    else:
        _show(changed, children, waited=arguments.wait is not None)


def refused(arguments: argparse.Namespace, user: str, error: SapRejected) -> int:
    """Print that SAP said no before anything changed."""
    if arguments.json:
        failed = {"user": user, "status": "failed", "code": error.code, "message": error.text}
        output.json_line(failed)
    output.complain(f"user {user}: {error}")
    _hint(error.code, "read")  # every change begins so, and SAP looks at little else there
    return REFUSED


def absent(side: UserSide, name: str) -> str:
    """That a user is not shown; one whom the base query leaves out may be there."""
    also = ", or rfc.baseAccountQuery leaves it out" if side.rfc.base_account_query else ""
    return f"user {name.strip().upper()}: there is none in this system{also}"


@contextmanager
def reading() -> Iterator[None]:
    """Beside a refusal of what is only read, say which authorisation may be missing."""
    try:
        yield
    except SapRejected as exc:
        _hint(exc.code, "read")
        raise


def _hint(code: str, done: str) -> None:
    hint = lacking(code, done)
    if hint:
        output.note(hint)


def _children(
    arguments: argparse.Namespace, side: UserSide, changed: Changed
) -> tuple[ChildSystem, ...]:
    """How the children stand, after waiting as long as is asked for; none without a wait.

    Where nothing had to be sent, an earlier change may still be on its way.
    """
    if arguments.wait is None or not _is_distributed(side, changed):
        return ()
    was_in = None if changed.status == "unchanged" else changed.was_in
    wanted = side.reader.details(changed.user)
    end = time.monotonic() + arguments.wait
    while True:
        found = side.children.look(wanted, changed.user, was_in)
        left = end - time.monotonic()
        if left <= 0 or all(child.status in _DECIDED for child in found):
            return found
        time.sleep(min(_POLL, left))


def _is_distributed(side: UserSide, changed: Changed) -> bool:
    """Whether the central system holds all that is wanted, and the children should."""
    held = changed.status == "unchanged" and side.reader.is_central
    return held or changed.status == "accepted_by_central"


def _record(changed: Changed, children: tuple[ChildSystem, ...]) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(changed)
    del record["was_in"]
    record["warnings"] = [
        {"code": message.code, "message": message.text} for message in changed.warnings
    ]
    if children:
        record["children"] = [msgspec.to_builtins(child) for child in children]
    return record


def _show(changed: Changed, children: tuple[ChildSystem, ...], *, waited: bool) -> None:
    if changed.steps:
        rows = ((s.name, s.status, _said(s.code, s.message)) for s in changed.steps)
        output.table(("Step", "Status", "Note"), rows)
    for step in changed.steps:
        if step.status == "failed":
            _hint(step.code, step.name)
    for message in changed.warnings:
        output.note(f"warning: {message.code}: {for_people(message.text)}")
    output.line(f"{changed.user}: {_SENTENCES[changed.status]}")
    if children:
        output.table(
            ("System", "Status", "Note"),
            ((c.system, c.status, [*c.differs, *filter(None, [c.message])]) for c in children),
        )
    elif changed.status == "accepted_by_central" and not waited:
        output.note("whether it arrived in the child systems was not asked; --wait SECONDS asks")


def _said(code: str, message: str) -> str:
    """Codes of SAP and of what was read back; the names of our own errors say nothing to people."""
    shown = code if "/" in code or code.isupper() else ""
    return ": ".join(part for part in (shown, for_people(message)) if part)
