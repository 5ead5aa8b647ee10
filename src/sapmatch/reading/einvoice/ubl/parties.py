"""Parties of a UBL document."""

from sapmatch.model.invoice import Address, Party
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.xml import Node

# TaxScheme/ID of what stands for VAT: GST in PINT, 63 in OIOUBL's list of Danish duties.
_VAT = frozenset({"VAT", "GST", "63"})
_CREDITOR = "SEPA"  # BT-90: the direct debit creditor, who is no one's supplier number


def party(element: Element) -> Party:
    """A cac:Party; its legal name, else the name it trades under."""
    legal = element.text("name", "PartyLegalEntity/RegistrationName")
    trading = element.text("trading_name" if legal else "name", "PartyName/Name")
    return Party(
        name=legal or trading,
        trading_name=trading if legal else None,
        vat_id=_registration(element, "vat_id", vat=True),
        tax_id=_registration(element, "tax_id", vat=False),
        registration_id=element.text("registration_id", "PartyLegalEntity/CompanyID"),
        identifiers=element.texts("identifiers", "PartyIdentification/ID", where=_is_identifier),
        electronic_address=element.text("electronic_address", "EndpointID"),
        address=_address(element.one("PostalAddress", "address")),
        country=_country(element, "PostalAddress"),
    )


def payee(element: Element) -> Party | None:
    """Who is to be paid, where it is not the seller."""
    return party(element) if element.exists else None


def delivered_to(delivery: Element) -> Party | None:
    """Where the goods went: the location with its address, and who received them."""
    found = Party(
        name=delivery.text("name", "DeliveryParty/PartyName/Name"),
        identifiers=delivery.texts("identifiers", "DeliveryLocation/ID"),
        address=_address(delivery.one("DeliveryLocation/Address", "address")),
        country=_country(delivery, "DeliveryLocation/Address"),
    )
    return found if found != Party() else None


def _is_identifier(id: Node) -> bool:
    return id.attribute("schemeID") != _CREDITOR


def _registration(element: Element, field: str, *, vat: bool) -> str | None:
    for scheme in element.all("PartyTaxScheme"):
        name = (scheme.code("TaxScheme/ID") or "").upper()
        if (name in _VAT) == vat and (number := scheme.text(field, "CompanyID")):
            return number
    return None


def _country(element: Element, path: str) -> str | None:
    return element.text("country", f"{path}/Country/IdentificationCode")


def _address(element: Element) -> Address | None:
    street = element.texts("lines", "StreetName", "BuildingNumber")
    more = element.texts("lines", "AdditionalStreetName", "AddressLine/Line", "Postbox")
    found = Address(
        lines=(*filter(None, (" ".join(street),)), *more),
        city=element.text("city", "CityName"),
        postal_code=element.text("postal_code", "PostalZone"),
        region=element.text("region", "CountrySubentity"),
    )
    return found if found != Address() else None
