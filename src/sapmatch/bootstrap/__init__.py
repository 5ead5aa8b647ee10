"""The composition root: the one place that names concrete classes.

Every function and every command gets its parts here. Parts are made on first use, because a cold
start pays for each import.
"""

from sapmatch.bootstrap.logon import sap_client, textract
from sapmatch.bootstrap.parts import Services, services
from sapmatch.bootstrap.stage import (
    deployment,
    extraction_machine,
    write_back_flows,
    written_connections,
)

__all__ = [
    "Services",
    "deployment",
    "extraction_machine",
    "sap_client",
    "services",
    "textract",
    "write_back_flows",
    "written_connections",
]
