"""The function modules, by subject; each takes a Call and gives its outputs."""

from collections.abc import Callable, Mapping

from local.sap.abap.call import Call
from local.sap.abap.modules import (
    basis,
    central,
    changing,
    helpvalues,
    listing,
    passwords,
    roles,
    tables,
    users,
)
from local.sap.abap.values import Row

MODULES: Mapping[str, Callable[[Call], Row]] = {
    **basis.MODULES,
    **listing.MODULES,
    **users.MODULES,
    **changing.MODULES,
    **passwords.MODULES,
    **roles.MODULES,
    **central.MODULES,
    **helpvalues.MODULES,
    **tables.MODULES,
}
