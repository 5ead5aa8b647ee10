"""Where each kind of SAP system has its V2 services."""

from collections.abc import Mapping
from dataclasses import replace

from local.sap.exchange import ROOT, Request
from local.sap.logon import oauth
from local.sap.logon.settings import ProfileName
from local.sap.paths import segments_of
from local.sap.v4.model import ROOT as V4_ROOT

_ROOTS: Mapping[ProfileName, tuple[str, ...]] = {
    "s4hana": (ROOT,),
    "s4hana-cloud": (ROOT,),
    "c4c": ("/sap/c4c/odata/v1", "/sap/c4c/odata/cust/v1"),
    "byd": ("/sap/byd/odata/v1", "/sap/byd/odata/cust/v1"),
}
_V4_NAME = slice(3, 5)  # of <group>/<kind>/sap/<service>/<version>


def placed(request: Request, profile: ProfileName) -> Request | None:
    """The request with the path that the Gateway knows; None where there is nothing at its path."""
    roots = _ROOTS[profile]
    root = next((each for each in roots if request.path.startswith(f"{each}/")), None)
    if root is not None:
        return replace(request, root=root, path=ROOT + request.path.removeprefix(root))
    elsewhere = request.path == oauth.PATH or (
        ROOT in roots and request.path.startswith(f"{V4_ROOT}/")
    )
    return request if elsewhere else None


def service_name(path: str) -> str:
    """The technical name with version that S_SERVICE and scopes use: `API_SALES_ORDER_SRV_0001`."""
    if path.startswith(f"{V4_ROOT}/"):
        return "_".join(segments_of(path.removeprefix(V4_ROOT))[_V4_NAME]).upper()
    return f"{next(iter(segments_of(path.removeprefix(ROOT))), '')}_0001"
