"""`python -m local.sap --port N --seed FILE`: run the embedded SAP until SIGTERM or Ctrl-C."""

import argparse
import json
import os
import signal
import ssl
import sys
import threading
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, get_args

from local.sap.logon.certificates import parsed_rule
from local.sap.logon.settings import ProfileName
from local.sap.seed import SeedError
from local.sap.server import PAGE_SIZE, serve
from local.sap.tls import server_context

_MAX_DELAY = 60_000
_EPILOG = """
--logon FILE and POST /_control/logon take the settings of local/sap/logon/settings.py as JSON, for
example {"users": {"MEIER": {"password": "...", "email": "meier@example.com"}}, "oauth_clients":
{"ROBOT": {"scopes": ["API_SALES_ORDER_SRV_0001"]}}, "trusted_providers": {"sapmatch": "<PEM>"}};
what is not named stays as it is. GET /_control/log, changes, users and connections show who did
what, who is locked, and how many TLS handshakes there were; POST /_control/forget
{"what": "access-tokens"} revokes every token.
"""


def main() -> int:
    """Print the base URL on the first line and serve; 2 for a wrong option, file or seed."""
    parser = _parser()
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        logon = _logon(options)
        users = _users(options)
        if not users and not logon.get("users"):
            parser.error("set SAP_USER and SAP_PASSWORD: the stand-in knows nobody by itself")
        with serve(
            options.seed,
            users=users,
            port=options.port,
            log=options.log,
            duplicate_check=not options.no_duplicate_check,
            page_size=options.page_size,
            answer_delay=options.answer_delay / 1000,
            logon=logon,
            tls=_tls(options),
        ) as server:
            print(server.url, flush=True)
            ended.wait()
    except (SeedError, OSError, ValueError) as error:
        print(f"local.sap: {error}", file=sys.stderr)
        return 2
    return 0


def _users(options: Namespace) -> dict[str, str]:
    """Those of SAP_USERS, a JSON object of passwords by user, and the one of --user."""
    users = json.loads(os.environ.get("SAP_USERS", "{}"))
    if not isinstance(users, dict) or not all(isinstance(each, str) for each in users.values()):
        raise ValueError('SAP_USERS must be a JSON object: {"<user>": "<password>"}')
    given = {options.user: options.password} if options.user and options.password else {}
    return users | given


def _logon(options: Namespace) -> dict[str, Any]:
    wanted = json.loads(options.logon.read_text()) if options.logon else {}
    if not isinstance(wanted, dict):
        raise ValueError("--logon: must be a JSON object")
    rules = [{"subject": each.subject, "user": each.user} for each in options.certrule]
    known = {"profile": options.profile} if options.profile else {}
    return wanted | known | ({"certificate_rules": rules} if rules else {})


def _tls(options: Namespace) -> ssl.SSLContext | None:
    if options.tls is None:
        return None
    certificate, key = options.tls
    required = options.client_certificate == "required"
    return server_context(certificate, key, options.client_ca, required=required)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m local.sap", description=__doc__, epilog=_EPILOG)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--seed", type=Path, required=True, help="JSON: entity set -> rows")
    parser.add_argument("--log", type=Path, help="append every request as a JSON line")
    parser.add_argument("--page-size", type=int, default=PAGE_SIZE)
    parser.add_argument(
        "--answer-delay", type=_milliseconds, default=0, metavar="MS", help="for every answer"
    )
    parser.add_argument("--no-duplicate-check", action="store_true")
    _add_logon(parser)
    _add_tls(parser)
    return parser


def _add_logon(parser: ArgumentParser) -> None:
    parser.add_argument("--user", default=os.environ.get("SAP_USER"), help="default: SAP_USER")
    parser.add_argument(
        "--password",
        default=os.environ.get("SAP_PASSWORD"),
        help="default: SAP_PASSWORD; more users in SAP_USERS, as JSON: passwords by user",
    )
    parser.add_argument("--logon", type=Path, help="JSON: users, OAuth clients, trust and so on")
    parser.add_argument("--profile", choices=get_args(ProfileName), help="default: s4hana")


def _add_tls(parser: ArgumentParser) -> None:
    parser.add_argument("--tls", type=Path, nargs=2, metavar=("CERT", "KEY"), help="PEM files")
    parser.add_argument("--client-ca", type=Path, help="PEM: who issues client certificates")
    parser.add_argument(
        "--client-certificate", choices=("required", "optional"), default="optional"
    )
    parser.add_argument(
        "--certrule",
        type=_rule,
        action="append",
        default=[],
        metavar="SUBJECT=USER",
        help="'CN=*, O=Example=*': certificates of that subject log on as what stands for a star",
    )


def _rule(text: str) -> Any:
    try:
        return parsed_rule(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _milliseconds(text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_DELAY:
        raise argparse.ArgumentTypeError(f"must be from 0 to {_MAX_DELAY} milliseconds")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
