"""`python -m local up|demo|status|mails|down`: the local stage from the shell."""

import argparse
import os
import sys

import boto3
from rich.console import Console

from local import demo, stage
from local.jobs import Jobs
from local.mailbox import Mailbox


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run_demo = commands.add_parser("demo", help="run the main job and show it")
    run_demo.add_argument("--keep", action="store_true", help="leave the stage up afterwards")
    commands.add_parser("up", help="start the stage and leave it up")
    commands.add_parser("status", help="what the stage knows of every document")
    commands.add_parser("mails", help="the mails since they were shown last")
    commands.add_parser("down", help="end the stage")
    arguments = parser.parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        return COMMANDS[arguments.command](arguments, console)
    except (RuntimeError, TimeoutError, ChildProcessError) as exc:
        console.print(f"local stage: {exc}", style="red", markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("local stage: interrupted", style="red", highlight=False)
        return 130


def _demo(arguments: argparse.Namespace, console: Console) -> int:
    say = demo.timed(console)
    running = stage.up(say)
    try:
        os.environ.update(running.environment())
        mailbox = Mailbox(boto3.client("sqs"), running.mailbox)
        good = demo.play(Jobs(running), mailbox, say, console)
    finally:
        if not arguments.keep:
            stage.down()
    say("demo: every decision and every write as expected" if good else "demo: NOT as expected")
    if arguments.keep:
        _tell(running, console)
    return 0 if good else 1


def _up(_arguments: argparse.Namespace, console: Console) -> int:
    _tell(stage.up(demo.timed(console)), console)
    return 0


def _status(_arguments: argparse.Namespace, console: Console) -> int:
    running = stage.load()
    if running is None:
        console.print("no local stage is up; start one with: make up")
        return 2
    os.environ.update(running.environment())
    console.print(demo.table(Jobs(running).rows()))
    return 0


def _mails(_arguments: argparse.Namespace, console: Console) -> int:
    running = stage.load()
    if running is None:
        console.print("no local stage is up; start one with: make up")
        return 2
    os.environ.update(running.environment())
    letters = Mailbox(boto3.client("sqs"), running.mailbox).collect(0)
    for letter in letters:
        console.print(demo.panel(letter))
    console.print(f"{len(letters)} new mails", highlight=False)
    return 0


def _down(_arguments: argparse.Namespace, console: Console) -> int:
    console.print("ended" if stage.down() else "nothing was up")
    return 0


def _tell(running: stage.Stage, console: Console) -> None:
    """How to look around."""
    console.print("\nThe stage is up. To look around, in this shell:\n", highlight=False)
    for name, value in running.environment().items():
        console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    bucket = running.outputs["BucketName"]
    for command in (
        "\n  .venv/bin/sapmatch status --stage local",
        "  .venv/bin/sapmatch exceptions --stage local",
        "  .venv/bin/sapmatch exceptions show ID --stage local",
        '  .venv/bin/sapmatch decide ID accept --reason "why" --stage local',
        "  .venv/bin/python -m local mails    shows the mails that came since",
        f"  aws s3 ls --recursive s3://{bucket}",
        "  make down    ends it",
    ):
        console.print(command, highlight=False, soft_wrap=True)


COMMANDS = {"demo": _demo, "up": _up, "status": _status, "mails": _mails, "down": _down}

if __name__ == "__main__":
    sys.exit(main())
