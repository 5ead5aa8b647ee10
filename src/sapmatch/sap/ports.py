"""The ports of an ABAP instance, which follow from its system number (TCP/IP Ports of All SAP
Products, SAP Help)."""

import re

from msgspec import Struct

from sapmatch.model.errors import InputRejected

_NUMBER = re.compile(r"\d{2}", re.ASCII)


class Ports(Struct, frozen=True, kw_only=True):
    """Of one instance: ICM's two, the RFC gateway, the message server of its central services."""

    https: int
    http: int
    gateway: int
    message_server: int


def ports_of(system_number: str) -> Ports:
    """00: 44300, 8000, 3300, 3600 (CO-T68); InputRejected for what is no system number."""
    if not _NUMBER.fullmatch(system_number):
        raise InputRejected(f"system number {system_number!r}: must be two digits, 00 to 99")
    number = int(system_number)
    return Ports(
        https=44300 + number,
        http=8000 + number,
        gateway=3300 + number,
        message_server=3600 + number,
    )
