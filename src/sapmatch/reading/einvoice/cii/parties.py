"""Parties of a Cross Industry Invoice."""

from sapmatch.model.invoice import Address, Party
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.xml import Node

_VAT, _TAX = "VA", "FC"  # schemes of a tax registration: BT-31, BT-32


def party(element: Element) -> Party:
    """A trade party."""
    legal = "SpecifiedLegalOrganization"
    return Party(
        name=element.text("name", "Name"),
        trading_name=element.text("trading_name", f"{legal}/TradingBusinessName"),
        vat_id=_registration(element, "vat_id", _VAT),
        tax_id=_registration(element, "tax_id", _TAX),
        registration_id=element.text("registration_id", f"{legal}/ID"),
        identifiers=element.texts("identifiers", "ID", "GlobalID"),
        electronic_address=element.text("electronic_address", "URIUniversalCommunication/URIID"),
        address=_address(element.one("PostalTradeAddress", "address")),
        country=element.text("country", "PostalTradeAddress/CountryID"),
    )


def optional_party(element: Element) -> Party | None:
    """A party that only some invoices name."""
    found = party(element)
    return found if found != Party() else None


def _registration(element: Element, field: str, scheme: str) -> str | None:
    def of_scheme(node: Node) -> bool:
        return node.attribute("schemeID") == scheme

    for number in element.all("SpecifiedTaxRegistration/ID", where=of_scheme):
        return number.text(field, "")
    return None


def _address(element: Element) -> Address | None:
    found = Address(
        lines=element.texts("lines", "LineOne", "LineTwo", "LineThree"),
        city=element.text("city", "CityName"),
        postal_code=element.text("postal_code", "PostcodeCode"),
        region=element.text("region", "CountrySubDivisionName"),
    )
    return found if found != Address() else None
