"""Whether SAP's host has an address, and whether there is a way to its port."""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from sapmatch.sap.doctor.finding import Finding, failed, ok, warning
from sapmatch.sap.doctor.system import Address, System

T = TypeVar("T")

_MOST_ADDRESSES = 8
_NO_NAME = (
    "check url; inside a VPC the name comes from a private hosted zone of Route 53 that is "
    "associated with it, or from the company's DNS by a Resolver outbound endpoint with a rule"
)
_NO_RESOLVER = (
    "no name server answers: the VPC's DNS support and DHCP options, or the Resolver outbound "
    "endpoint: its security group (port 53 by UDP and TCP) and the way to the company's DNS"
)
_REFUSED = (
    "SMICM, Goto > Services shows the ports that SAP listens on; with a load balancer or "
    "PrivateLink the listener must have this port, and its targets must be healthy"
)
_SILENT = (
    "security groups (ours outbound, the other side's inbound), the subnet's route table (VPN, "
    "transit gateway or peering), network ACLs in both directions, the VPN tunnel's state; with "
    "PrivateLink: the endpoint connection is accepted and lies in the zones of the service"
)
_NO_WAY = "the subnet's route table has no way there: route to VPN, transit gateway or peering"
_SOME = (
    "each call may meet the silent address first: cross-zone balancing of the load balancer, "
    "subnets in every zone of the PrivateLink endpoint, stale DNS records"
)


def dns(system: System) -> Finding:
    """Addresses of the host, within the time that a connection may take."""

    def asked() -> list[Address]:
        found = socket.getaddrinfo(system.host, system.port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found]

    via = f"the proxy of this machine, {system.host}, " if system.proxy else ""
    if system.connection.proxy:
        via = f"the connectivity proxy, {system.host}, "
    limit = system.connection.connect_timeout
    try:
        addresses = _within(limit, asked)
    except TimeoutError:
        return failed(
            f"{system.host}: no name server answered within {limit:g} s",
            _NO_RESOLVER,
            unreachable=True,
        )
    except (OSError, UnicodeError) as exc:
        remedy = _NO_RESOLVER if getattr(exc, "errno", None) == socket.EAI_AGAIN else _NO_NAME
        return failed(f"{system.host}: has no address ({_said(exc)})", remedy, unreachable=True)
    system.addresses = list(dict.fromkeys(addresses))[:_MOST_ADDRESSES]
    shown = ", ".join(str(address[0]) for _, address in system.addresses)
    return ok(f"{via or system.host + ' '}is {shown}")


def route(system: System) -> Finding:
    """A connection to each address."""
    errors = {address: _error_at(address, system) for address in system.addresses}
    silent = {address: exc for address, exc in errors.items() if exc is not None}
    port = system.port
    system.addresses = [address for address in errors if address not in silent]
    if not system.addresses:
        exc = next(iter(silent.values()))
        shown = _shown(list(silent), port)
        return failed(f"{shown}: {_reason(exc, system)}", _remedy(exc), unreachable=True)
    if silent:
        exc = next(iter(silent.values()))
        return warning(
            f"{_shown(system.addresses, port)} answers, "
            f"{_shown(list(silent), port)} does not: {_reason(exc, system)}",
            _SOME,
        )
    return ok(f"{_shown(system.addresses, port)} takes connections")


def connected(system: System) -> socket.socket:
    """A connection to an address that answered before; raises OSError."""
    return _connected(system.addresses[0], system)


def _error_at(address: Address, system: System) -> OSError | None:
    try:
        _connected(address, system).close()
    except OSError as exc:
        return exc
    return None


def _connected(address: Address, system: System) -> socket.socket:
    family, place = address
    plain = socket.socket(family, socket.SOCK_STREAM)
    plain.settimeout(system.connection.connect_timeout)
    try:
        plain.connect(place)
    except OSError:
        plain.close()
        raise
    return plain


def _within(seconds: float, call: Callable[[], T]) -> T:
    """The result of a call that knows no limit of its own; TimeoutError where it takes longer."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except Exception as exc:  # noqa: BLE001  raised where the result is asked for
            result.set_exception(exc)

    threading.Thread(target=run, daemon=True).start()
    return result.result(seconds)


def _shown(addresses: Sequence[Address], port: int) -> str:
    return ", ".join(f"{address[0]} port {port}" for _, address in addresses)


def _reason(exc: OSError, system: System) -> str:
    if isinstance(exc, TimeoutError):
        return f"no connection within {system.connection.connect_timeout:g} s"
    if isinstance(exc, ConnectionRefusedError):
        return "the connection was refused: nobody listens there"
    return f"no connection ({_said(exc)})"


def _said(exc: Exception) -> str:
    return str(getattr(exc, "strerror", None) or exc)


def _remedy(exc: OSError) -> str:
    if isinstance(exc, ConnectionRefusedError):
        return _REFUSED
    return _SILENT if isinstance(exc, TimeoutError) else _NO_WAY
