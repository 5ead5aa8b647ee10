"""`python -m local.sap --port N --seed FILE`: run the embedded SAP until SIGTERM or Ctrl-C."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from local.sap.seed import SeedError
from local.sap.server import PAGE_SIZE, serve

_MAX_DELAY = 60_000


def main() -> int:
    """Print the base URL on the first line and serve; 2 for a wrong option or seed."""
    parser = _parser()
    options = parser.parse_args()
    if not options.user or not options.password:
        parser.error("set SAP_USER and SAP_PASSWORD: the stand-in knows nobody by itself")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with serve(
            options.seed,
            users={options.user: options.password},
            port=options.port,
            log=options.log,
            duplicate_check=not options.no_duplicate_check,
            page_size=options.page_size,
            answer_delay=options.answer_delay / 1000,
        ) as server:
            print(server.url, flush=True)
            ended.wait()
    except (SeedError, OSError) as error:
        print(f"local.sap: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.sap", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--seed", type=Path, required=True, help="JSON: entity set -> rows")
    parser.add_argument("--log", type=Path, help="append every request as a JSON line")
    parser.add_argument("--page-size", type=int, default=PAGE_SIZE)
    parser.add_argument(
        "--answer-delay", type=_milliseconds, default=0, metavar="MS", help="for every answer"
    )
    parser.add_argument("--no-duplicate-check", action="store_true")
    parser.add_argument("--user", default=os.environ.get("SAP_USER"), help="default: SAP_USER")
    parser.add_argument(
        "--password", default=os.environ.get("SAP_PASSWORD"), help="default: SAP_PASSWORD"
    )
    return parser


def _milliseconds(text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_DELAY:
        raise argparse.ArgumentTypeError(f"must be from 0 to {_MAX_DELAY} milliseconds")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
