import sys

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.ports import Ports, ports_of
from sapmatch.sap.rfc import check_sdk


@pytest.mark.parametrize(
    ("number", "ports"),
    [
        ("00", Ports(https=44300, http=8000, gateway=3300, message_server=3600)),
        ("01", Ports(https=44301, http=8001, gateway=3301, message_server=3601)),
        ("99", Ports(https=44399, http=8099, gateway=3399, message_server=3699)),
    ],
)
def test_ports_follow_from_the_system_number(number: str, ports: Ports) -> None:
    """CO-T68."""
    assert ports_of(number) == ports


@pytest.mark.parametrize("number", ["", "0", "100", "٠٠", "a1", "-1"])
def test_a_system_number_is_two_digits(number: str) -> None:
    with pytest.raises(InputRejected, match="two digits"):
        ports_of(number)


def test_without_pyrfc_the_message_names_what_to_install() -> None:
    """CO-T66: all of sapmatch is imported here already."""
    assert "pyrfc" not in sys.modules
    with pytest.raises(InputRejected, match=r"pyrfc is not installed.*RFC SDK.*2573790"):
        check_sdk()
