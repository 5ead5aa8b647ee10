"""Master data: business partners and products, created and changed field by field."""

from collections.abc import Callable, Mapping

from local.sap.backend import Backend, Outcome
from local.sap.errors import ours
from local.sap.payload import Payload, complete
from local.sap.rules.checks import bad
from local.sap.rules.invoice_checks import require
from local.sap.values import Row, day_json, moment_json

PARTNER = "A_BusinessPartner"
PRODUCT = "A_Product"
_FIRST_PARTNER = 1000000
# The field with the name that each category needs: person, organisation, group.
_NAMES = {"1": "LastName", "2": "OrganizationBPName1", "3": "OrganizationBPName1"}


def create_partner(payload: Payload, backend: Backend) -> Outcome:
    """Store a partner under the number that was given, else under the next one."""
    given = payload.given
    require(given, ("BusinessPartnerCategory",), PARTNER)
    if given["BusinessPartnerCategory"] not in _NAMES:
        raise bad("The category is 1, 2 or 3", target="BusinessPartnerCategory")
    require(given, (_NAMES[given["BusinessPartnerCategory"]],), PARTNER)
    row = complete(backend.store.entity_set(PARTNER), given)
    number = backend.store.next_number(PARTNER, "BusinessPartner", _FIRST_PARTNER)
    row["BusinessPartner"] = row["BusinessPartner"] or number
    if backend.find(PARTNER, BusinessPartner=row["BusinessPartner"]) is not None:
        text = f"Business partner {row['BusinessPartner']} already exists"
        raise ours(85, text, target="BusinessPartner")
    row |= _names(row) | {"CreationDate": day_json(backend.now().date())}
    backend.store.insert(PARTNER, row)
    return Outcome(created=[(PARTNER, row)])


def _names(row: Row) -> Row:
    """The names that SAP makes of the parts of a name."""
    if row["BusinessPartnerCategory"] == "1":
        name = f"{row['FirstName']} {row['LastName']}".strip()
    else:
        name = f"{row['OrganizationBPName1']} {row['OrganizationBPName2']}".strip()
    return {"BusinessPartnerName": name, "BusinessPartnerFullName": name}


def _change_partner(row: Row, given: Row, backend: Backend) -> Row:
    category = given.get("BusinessPartnerCategory", row["BusinessPartnerCategory"])
    if category != row["BusinessPartnerCategory"]:
        raise ours(86, "The category cannot be changed", target="BusinessPartnerCategory")
    after = row | given
    require(after, (_NAMES[category],), PARTNER)
    return given | _names(after) | {"LastChangeDate": day_json(backend.now().date())}


def create_product(payload: Payload, backend: Backend) -> Outcome:
    """Store a product under the number that was given."""
    require(payload.given, ("Product", "ProductType", "BaseUnit"), PRODUCT)
    row = complete(backend.store.entity_set(PRODUCT), payload.given)
    if backend.find(PRODUCT, Product=row["Product"]) is not None:
        raise ours(87, f"Product {row['Product']} already exists", target="Product")
    now = backend.now()
    row |= {"CreationDate": day_json(now.date()), "LastChangeDateTime": moment_json(now)}
    backend.store.insert(PRODUCT, row)
    return Outcome(created=[(PRODUCT, row)])


def _change_product(row: Row, given: Row, backend: Backend) -> Row:
    """The base unit stays as long as quantities are counted in it."""
    if given.get("BaseUnit", row["BaseUnit"]) != row["BaseUnit"]:
        raise ours(88, "The base unit cannot be changed: stocks exist", target="BaseUnit")
    return given | {"LastChangeDate": day_json(backend.now().date())}


CREATE: Mapping[str, Callable[[Payload, Backend], Outcome]] = {
    PARTNER: create_partner,
    PRODUCT: create_product,
}
UPDATE: Mapping[str, Callable[[Row, Row, Backend], Row]] = {
    PARTNER: _change_partner,
    PRODUCT: _change_product,
}
