"""What only a person may say: yes to what cannot be undone, and a password."""

import getpass
import os
import sys

from sapmatch.cli import output
from sapmatch.model.errors import InputRejected


def agreed(question: str, *, yes: bool) -> bool:
    """Whether it is wanted; a script says so by --yes, because nobody answers it."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputRejected(f"{question} Nobody is there to ask; say it by --yes")
    output.note(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def password_of_environment(name: str) -> str:
    """The password in that variable; it is never an argument, which others can see."""
    found = os.environ.get(name, "")
    if not found:
        raise InputRejected(f"--password-env {name}: there is no such variable, or it is empty")
    return found


def typed_password(user: str) -> str:
    """A password that a person types twice."""
    if not sys.stdin.isatty():
        raise InputRejected(
            "a password is missing, and there is no terminal to type it at; name a variable by "
            "--password-env, or let one be made by --generate"
        )
    first = getpass.getpass(f"Password of {output.printable(user)}: ", stream=sys.stderr)
    if not first:
        raise InputRejected("the password is empty; nothing was sent")
    if getpass.getpass("Once more: ", stream=sys.stderr) != first:
        raise InputRejected("the two passwords differ; nothing was sent")
    return first


def can_show() -> bool:
    """Whether a person sees what is shown once."""
    return sys.stderr.isatty()


def show_once(user: str, password: str) -> None:
    """On the terminal only: stdout may be a file, and files are kept."""
    if can_show():
        sys.stderr.write(f"Password of {output.printable(user)}, shown this once: {password}\n")
