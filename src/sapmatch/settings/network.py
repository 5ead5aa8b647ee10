"""Rules for `[network]`, and what follows for it from the connections."""

import re
from collections.abc import Collection, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import urlsplit

from msgspec.structs import replace

from sapmatch.model.auth import NoAuth
from sapmatch.model.connection import Connection
from sapmatch.model.errors import Problem
from sapmatch.settings.blocks import Network, Provider, Settings, mistake
from sapmatch.settings.rfc import rfc_ports

SUBNET_BITS = 26  # of each subnet of a network of ours: 59 addresses
ZONES = 2  # where the settings name none
_LONG_ASN = 2**31  # CloudFormation has another property for those from here on
_PORTS = {"http": 80, "https": 443}
_ZONE_ID = re.compile(r"[a-z]{3}[a-z0-9]*\d-az\d")
_NEEDED = {
    "none": (),
    "vpn": ("sap_cidr", "prefix_lists"),
    "privatelink": ("prefix_lists", "endpoint_service"),
    "existing": ("sap_cidr", "prefix_lists", "vpc_id", "subnet_ids", "availability_zones"),
}
_VPN = (
    "customer_gateway_ip",
    "transit_gateway_id",
    "tunnel_addresses",
    "dns_servers",
    "dns_domain",
)
_PRIVATELINK = ("endpoint_service", "endpoint_services", "provider")
_EXISTING = ("vpc_id", "subnet_ids", "endpoint_security_groups", "hosted_zone_id")
_USELESS = {
    "none": (),
    "vpn": (*_PRIVATELINK, *_EXISTING),
    "privatelink": (*_VPN, *_EXISTING, "names"),
    "existing": (*_VPN, *_PRIVATELINK),
}


def address_of(connection: Connection) -> tuple[str, int]:
    """Host and port that the packets of a connection go to: SAP's, or those of its proxy."""
    if connection.proxy:
        return connection.proxy.host, connection.proxy.port
    return _host_and_port(connection.url)


def sap_ports(settings: Settings) -> list[int]:
    """Every port on which SAP is called."""
    return _ports(settings, settings.connections.values())


def ports_of(settings: Settings, service: str) -> list[int]:
    """Those on which SAP is called behind a provider's service."""
    leads = services_of(settings)
    connections = settings.connections.values()
    return _ports(settings, [c for c in connections if leads[address_of(c)[0]] == service])


def needed_endpoints(settings: Settings) -> list[str]:
    """The services of AWS that callers of SAP reach through an interface endpoint."""
    connections = settings.connections.values()
    secrets = ["secretsmanager"] if any(seen_inside(c).secrets for c in connections) else []
    broker = ["lambda"] if any(c.tokens_from_outside for c in connections) else []
    return secrets + broker


def seen_inside(connection: Connection) -> Connection:
    """As callers of SAP see it who have a broker: it alone reads what tokens are made with."""
    return replace(connection, auth=NoAuth()) if connection.tokens_from_outside else connection


def made_endpoints(settings: Settings) -> list[str]:
    """Those that the deployment makes; in an existing network its owner's serve by default."""
    network = settings.network
    if network.endpoints is not None:
        return list(network.endpoints)
    return [] if network.type == "existing" else needed_endpoints(settings)


def services_of(settings: Settings) -> dict[str, str]:
    """Host of SAP -> the provider's service that leads to it."""
    network = settings.network
    return {
        address_of(connection)[0]: network.endpoint_services.get(name, network.endpoint_service)
        or ""
        for name, connection in settings.connections.items()
    }


def are_zone_ids(zones: tuple[str, ...]) -> bool:
    """Whether these are ids, such as euc1-az1: the same in every account, as names are not."""
    return any(map(_ZONE_ID.fullmatch, zones))


def check_network(settings: Settings) -> Iterator[Problem]:
    """What could not be deployed, or would lead nowhere."""
    network = settings.network
    yield from _check_needed(network)
    yield from _check_addresses(network)
    if network.type == "vpn":
        yield from _check_vpn(network)
    if network.type == "privatelink":
        yield from _check_privatelink(settings)
    if network.type != "none":
        yield from _check_endpoints(settings)
        yield from _check_names(settings)
        yield from _check_proxies(settings)
    if network.provider:
        yield from _check_provider(network.provider)


def _check_needed(network: Network) -> Iterator[Problem]:
    for name in _NEEDED[network.type]:
        given = getattr(network, name)
        if not given and not (name == "endpoint_service" and network.endpoint_services):
            yield mistake(f"network.{name}", f'is missing for network type "{network.type}"')
    for name in _USELESS[network.type]:
        if getattr(network, name):
            yield mistake(f"network.{name}", f'is of no use for network type "{network.type}"')


def _check_addresses(network: Network) -> Iterator[Problem]:
    if network.sap_cidr and not _is_network(network.sap_cidr):
        yield mistake(
            "network.sap_cidr", 'must be a network smaller than everything, like "10.20.0.0/24"'
        )
    if network.customer_gateway_ip and not _is_address(network.customer_gateway_ip):
        yield mistake("network.customer_gateway_ip", 'must be an address, like "203.0.113.10"')
    for name in ("dns_servers", "tunnel_addresses"):
        for n, address in enumerate(getattr(network, name)):
            if not _is_address(address):
                yield mistake(f"network.{name}[{n}]", 'must be an IPv4 address, like "10.20.0.53"')
    if network.sap_port is not None and not 0 < network.sap_port < 65536:
        yield mistake("network.sap_port", "must be a port, from 1 to 65535")
    zones = network.availability_zones
    if zones and are_zone_ids(zones) and not all(map(_ZONE_ID.fullmatch, zones)):
        yield mistake("network.availability_zones", "must be all names or all ids (euc1-az1)")


def _check_vpn(network: Network) -> Iterator[Problem]:
    if not network.customer_gateway_ip and not network.transit_gateway_id:
        yield mistake(
            "network.customer_gateway_ip",
            'is missing for network type "vpn"; or name the transit_gateway_id that leads to SAP',
        )
    if network.transit_gateway_id and network.customer_gateway_ip and network.routing == "static":
        yield mistake(
            "network.routing",
            'must be "bgp" for a VPN that ends at a transit gateway: its static routes belong to '
            "the gateway's own route tables",
        )
    if not 0 < network.customer_gateway_asn < _LONG_ASN:
        yield mistake("network.customer_gateway_asn", f"must be from 1 to {_LONG_ASN - 1}")
    if bool(network.dns_servers) != bool(network.dns_domain):
        lacking = "dns_domain" if network.dns_servers else "dns_servers"
        yield mistake(f"network.{lacking}", "is missing: dns_servers answer for one dns_domain")
    if network.dns_servers and len(network.availability_zones) == 1:
        yield mistake("network.availability_zones", "must be two for dns_servers: AWS asks for it")
    if len(network.tunnel_addresses) not in (0, 2):
        yield mistake("network.tunnel_addresses", "must be both: a VPN has two tunnels")
    yield from _check_room(network)


def _check_room(network: Network) -> Iterator[Problem]:
    """Networks of ours must have room for their subnets, and must not hide SAP's addresses."""
    if not _is_network(network.vpc_cidr):
        yield mistake("network.vpc_cidr", 'must be a network, like "10.99.0.0/24"')
        return
    ours = IPv4Network(network.vpc_cidr)
    subnets = 2 ** (SUBNET_BITS - ours.prefixlen) if ours.prefixlen <= SUBNET_BITS else 0
    if ours.prefixlen < 16 or subnets < (len(network.availability_zones) or ZONES):
        yield mistake(
            "network.vpc_cidr",
            f"must be a /16 or smaller, with a /{SUBNET_BITS} for each availability zone",
        )
    saps = [network.sap_cidr] if network.sap_cidr and _is_network(network.sap_cidr) else []
    servers = [address for address in network.dns_servers if _is_address(address)]
    for theirs in (*saps, *servers):
        if ours.overlaps(IPv4Network(theirs)):
            yield mistake(
                "network.vpc_cidr",
                f"{ours} overlaps {theirs}: what is sent there would never leave the VPC; take a "
                "range that the company does not use",
            )


def _check_privatelink(settings: Settings) -> Iterator[Problem]:
    network = settings.network
    yield from _check_room(network)
    for name in network.endpoint_services.keys() - settings.connections.keys():
        yield mistake(f"network.endpoint_services.{name}", "names no connection of this file")
    services: dict[str, str | None] = {}
    for name, connection in settings.connections.items():
        host = address_of(connection)[0]
        service = network.endpoint_services.get(name, network.endpoint_service)
        if _is_address(host):
            yield mistake(
                f"connections.{name}.url",
                "must hold the name of SAP's certificate: it leads to the PrivateLink endpoint, "
                "an address does not",
            )
        if not service and network.endpoint_services:
            yield mistake("network.endpoint_service", f"is missing for connections.{name}")
        if services.setdefault(host, service) != service:
            yield mistake(f"network.endpoint_services.{name}", f"leads {host} to a second service")


def _check_endpoints(settings: Settings) -> Iterator[Problem]:
    network = settings.network
    if network.type == "existing" and network.endpoint_security_groups:
        return
    lacking = [name for name in needed_endpoints(settings) if name not in made_endpoints(settings)]
    if not lacking:
        return
    listed = ", ".join(f'"{name}"' for name in lacking)
    if network.type == "existing":
        yield mistake(
            "network.endpoint_security_groups",
            f"is missing: name those of the owner's endpoints for {listed}, or have the "
            f"endpoints made: endpoints = [{listed}]",
        )
    else:
        yield mistake("network.endpoints", f"lacks {listed}, which callers of SAP need")


def _check_names(settings: Settings) -> Iterator[Problem]:
    network = settings.network
    hosts = {address_of(connection)[0] for connection in settings.connections.values()}
    sap = IPv4Network(network.sap_cidr) if _is_network(network.sap_cidr or "") else None
    for host, address in network.names.items():
        place = f'network.names."{host}"'
        if host not in hosts:
            yield mistake(place, "is the host of no connection's url")
        if not _is_address(address):
            yield mistake(place, 'must be an IPv4 address, like "10.20.0.5"')
        elif sap and IPv4Address(address) not in sap:
            yield mistake(place, f"{address} is outside of sap_cidr {sap}: nothing leads there")
    if network.type == "existing" and network.names and not network.hosted_zone_id:
        yield mistake(
            "network.hosted_zone_id", "is missing: the private hosted zone that gets the names"
        )


def _check_proxies(settings: Settings) -> Iterator[Problem]:
    """The broker makes tokens for SAP; those for a proxy are fetched where it is called."""
    for name, connection in settings.connections.items():
        if connection.proxy and connection.proxy.tenancy != "trusted":
            yield mistake(
                f"connections.{name}.proxy.tenancy",
                f'"{connection.proxy.tenancy}" needs a token of XSUAA, to which network type '
                f'"{settings.network.type}" does not lead: have the proxy be of tenancy "trusted", '
                'or take network type "none"',
            )


def _check_provider(provider: Provider) -> Iterator[Problem]:
    for name in ("subnet_ids", "targets", "allowed_principals"):
        if not getattr(provider, name):
            yield mistake(f"network.provider.{name}", "is empty")
    for n, target in enumerate(provider.targets):
        if not _is_address(target):
            yield mistake(f"network.provider.targets[{n}]", "must be an IPv4 address of SAP")
    if "*" in provider.allowed_principals:
        yield mistake(
            "network.provider.allowed_principals",
            'lets every account of AWS ask; name yours: "arn:aws:iam::111122223333:root"',
        )


def _ports(settings: Settings, connections: Collection[Connection]) -> list[int]:
    ports = {address_of(connection)[1] for connection in connections}
    ports |= {
        _host_and_port(token_url)[1]
        for connection in connections
        if (token_url := getattr(connection.auth, "token_url", None))
        and not connection.tokens_from_outside
    }
    ports |= {port for each in connections if each.rfc for port in rfc_ports(each.rfc)}
    if settings.network.sap_port:
        ports.add(settings.network.sap_port)
    return sorted(ports)


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return str(parts.hostname), parts.port or _PORTS.get(parts.scheme, 443)
    except ValueError:  # told where addresses of connections are checked
        return "", 443


def _is_network(text: str) -> bool:
    try:
        return IPv4Network(text).prefixlen > 0
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    try:
        return bool(IPv4Address(text))
    except AddressValueError:
        return False
