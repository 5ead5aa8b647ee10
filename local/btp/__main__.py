"""`python -m local.btp --destinations FILE`: run XSUAA, destination service, connectivity proxy.

The first line on stdout is a JSON object: the service `binding` without its secret, which comes
from BTP_CLIENTSECRET, where the `proxy` listens, and a `user_token` for --user.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from local.btp.proxy import serve_proxy
from local.btp.server import serve


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; 2 for a wrong option."""
    parser = _parser()
    options = parser.parse_args()
    secret = os.environ.get("BTP_CLIENTSECRET")
    if not secret:
        parser.error("set BTP_CLIENTSECRET: the stand-in knows no client by itself")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        known = json.loads(options.destinations.read_text(encoding="utf-8"))
        targets = dict(each.split("=", 1) for each in options.target)
        with (
            serve(known, secret=secret, port=options.port) as btp,
            serve_proxy(
                targets, port=options.proxy_port, locations=frozenset({"", *options.location_id})
            ) as proxy,
        ):
            binding = {name: text for name, text in btp.binding.items() if name != "clientsecret"}
            shown = {"binding": binding, "proxy": {"host": "127.0.0.1", "port": proxy.port}}
            token = btp.issuer.user_token(options.user) if options.user else None
            issuers = {btp.issuer.url: f"{btp.url}/token_keys"}
            print(json.dumps(shown | {"issuers": issuers, "user_token": token}), flush=True)
            ended.wait()
    except (OSError, ValueError) as error:
        print(f"local.btp: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.btp", description=__doc__)
    parser.add_argument("--destinations", type=Path, required=True, help="JSON: name -> reply")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--proxy-port", type=int, default=0, help="0 takes a free port")
    parser.add_argument(
        "--target", action="append", default=[], metavar="VIRTUALHOST:PORT=URL", help="repeatable"
    )
    parser.add_argument(
        "--location-id", action="append", default=[], help="of one more Cloud Connector; repeatable"
    )
    parser.add_argument("--user", help="whose user token is printed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
