"""Pages of both protocol versions, from rows that are JSON texts already."""

import json

from tests.builders.sap_server import SERVICE

ORDERS = "Orders"
V4_SERVICE = "/sap/opu/odata4/sap/api_test/srvd_a2x/sap/test/0001"
SERVICES = {"V2": SERVICE, "V4": V4_SERVICE}


def page(version: str, *found: str, link: str | None = None, delta: str | None = None) -> bytes:
    """A page of rows that are JSON texts already."""
    links = {"V2": ("__next", "__delta"), "V4": ("@odata.nextLink", "@odata.deltaLink")}[version]
    parts = [f'"{"results" if version == "V2" else "value"}":[{",".join(found)}]']
    parts += [
        f"{json.dumps(name)}:{json.dumps(to)}"
        for name, to in zip(links, (link, delta), strict=True)
        if to
    ]
    inner = "{" + ",".join(parts) + "}"
    return (f'{{"d":{inner}}}' if version == "V2" else inner).encode()
