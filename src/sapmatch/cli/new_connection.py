"""What `sapmatch connections init` has to know: from options, else from a person, else as usual."""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, get_args

from msgspec.structs import replace

from sapmatch.cli.options import names
from sapmatch.model.errors import InputRejected
from sapmatch.model.profiles import PROFILES, ProfileName
from sapmatch.sap.ports import ports_of
from sapmatch.sap.setup.block import AUDIENCE, AUTH_TYPES, NETWORKS, TENANCIES, Wanted

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_CLIENT = "100"  # of a system that has clients, where nobody says another one
_TRIES = 3
_OTHERS = ("--scope", "--proxy-tenancy")
_TEXTS = {
    "--secret": "name of the secret in Secrets Manager, or env:NAME; never a secret itself",
    "--service": "path of the service that `sapmatch doctor` looks at",
    "--ca": "name of a secret with `bundle`: PEM of a private authority",
    "--token-url": "OAuth: who gives the token",
    "--issuer": "oauth2-saml-bearer: name of the trusted provider in SAML2",
    "--audience": "oauth2-saml-bearer: name of the local provider in SAML2",
    "--user": "oauth2-saml-bearer: SAP user of calls in nobody's name",
    "--destination": "btp-destination: its name in the BTP cockpit",
    "--for-people": "btp-destination: another one, which speaks for persons (decide --now)",
    "--proxy": "HOST or HOST:PORT of SAP's connectivity proxy",
    "--proxy-secret": "name of the secret with the binding of the connectivity service",
    "--location-id": "which Cloud Connector, where there are several",
}


def add_questions(parser: argparse.ArgumentParser) -> None:
    """An option for each answer."""
    parser.add_argument("--name", help="of the connection (default s4)")
    parser.add_argument("--profile", choices=get_args(ProfileName), help="kind of system")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", help="scheme, host and port")
    where.add_argument("--host", help="host alone; the port follows from --system-number")
    parser.add_argument("--system-number", metavar="NN", help="of the instance, with --host (00)")
    parser.add_argument("--client", metavar="NNN", help="SAP client")
    parser.add_argument("--auth", choices=AUTH_TYPES, help="how to log on")
    parser.add_argument("--network", choices=NETWORKS, help="where the functions stand (none)")
    parser.add_argument(
        "--proxy-tenancy", choices=TENANCIES, help="how the proxy wants our token (trusted: not)"
    )
    parser.add_argument("--scope", metavar="A,B", type=names, help="OAuth: scopes to ask for")
    for option, help_text in _TEXTS.items():
        parser.add_argument(option, help=help_text)


def answered(arguments: argparse.Namespace) -> Wanted:
    """The answers; InputRejected names the option for what nobody answered."""
    name = arguments.name or _asked("Name of the connection", "s4")
    if not _NAME.fullmatch(name):
        raise InputRejected("--name: must be of a-z, 0-9, _ and -, and begin with a letter")
    profile: ProfileName = arguments.profile or _asked(
        "Kind of system", "s4hana", get_args(ProfileName)
    )
    wanted = Wanted(
        name=name,
        profile=profile,
        url=_url(arguments),
        client=_client(arguments, profile),
        auth=arguments.auth or _asked("How to log on", "basic", AUTH_TYPES),
        network=arguments.network or _asked("Where its functions stand", "none", NETWORKS),
        system_number=arguments.system_number or "",
    )
    if wanted.auth != "none" and not arguments.secret:
        usual = wanted.secret_name
        arguments.secret = _asked("Name of the secret, never its value", usual)
    _ask_logon(arguments, wanted)
    given = (option.removeprefix("--").replace("-", "_") for option in (*_TEXTS, *_OTHERS))
    return replace(wanted, **{each: v for each in given if (v := getattr(arguments, each))})


def _ask_logon(arguments: argparse.Namespace, wanted: Wanted) -> None:
    """What only some ways to log on want to know."""
    if wanted.auth == "oauth2-saml-bearer":
        if not arguments.audience:
            arguments.audience = _asked("Name of SAP's local provider (SAML2)", AUDIENCE)
        if not arguments.user:
            arguments.user = _asked("SAP user of calls in nobody's name", wanted.user)
    elif wanted.auth == "btp-destination":
        if not arguments.destination:
            arguments.destination = _asked("Destination of the technical user", wanted.name)
        if not arguments.for_people:
            arguments.for_people = _asked("Destination that speaks for persons, if any", "")


def _url(arguments: argparse.Namespace) -> str:
    if arguments.url:
        if arguments.system_number:
            ports_of(arguments.system_number)
        return str(arguments.url)
    host = arguments.host or _asked("Host of SAP, or its whole url", "")
    if not host:
        raise InputRejected("--url: is missing; name it, or --host with --system-number")
    if arguments.system_number and (":" in host or "/" in host):
        raise InputRejected(
            "--host: must be the host alone, as the port follows from --system-number; or name "
            "the whole address in --url"
        )
    if "://" in host:
        return str(host)
    if not arguments.system_number:
        port = ":" in host or host.endswith((".cloud.sap", ".ondemand.com", ".sapsf.eu"))
        arguments.system_number = "" if port else _asked("System number", "00")
    if not arguments.system_number:
        return f"https://{host}"
    return f"https://{host}:{ports_of(arguments.system_number).https}"


def _client(arguments: argparse.Namespace, profile: ProfileName) -> str:
    if arguments.client or not PROFILES[profile].client:
        return arguments.client or ""
    return str(_asked("SAP client", _CLIENT))


def _asked(question: str, usual: str, choices: Sequence[str] = ()) -> Any:
    """What a person says; the usual where there is nobody to ask, or they just press Enter."""
    if sys.stdin.closed or not sys.stdin.isatty():
        return usual
    among = f" ({', '.join(choices)})" if choices else ""
    for _ in range(_TRIES):
        sys.stderr.write(f"{question}{among}{f' [{usual}]' if usual else ''}: ")
        sys.stderr.flush()
        said = sys.stdin.readline().strip() or usual
        if not choices or said in choices:
            return said
        sys.stderr.write(f"must be one of {', '.join(choices)}\n")
    raise InputRejected(f"{question}: must be one of {', '.join(choices)}")
