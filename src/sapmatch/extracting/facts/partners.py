"""Rows of suppliers, customers and business partners as facts."""

from collections.abc import Callable, Iterator
from typing import Literal

from sapmatch.extracting.facts.line import Line
from sapmatch.extracting.fields import Row
from sapmatch.model.facts import Gone, Partner, PartnerNumber, Party, Version


def _supplier(row: Row, version: Version) -> Iterator[Line]:
    yield _party(row, version, "supplier", "Supplier")


def _customer(row: Row, version: Version) -> Iterator[Line]:
    yield _party(row, version, "customer", "Customer")


def _party(row: Row, version: Version, kind: Literal["supplier", "customer"], field: str) -> Line:
    fact = Party(
        version=version,
        kind=kind,
        number=row.joint(field) or row.needed(field),
        name=row.words(f"{field}Name"),
        vat_id=row.text("VATRegistration"),
    )
    return Line(kind=kind, number=fact.number, fact=fact)


def _partner(row: Row, version: Version) -> Iterator[Line]:
    """A partner is of interest as the supplier and the customer that it is."""
    fact = Partner(
        version=version,
        number=row.joint("BusinessPartner") or row.needed("BusinessPartner"),
        name=row.words("BusinessPartnerFullName"),
        supplier=row.joint("Supplier"),
        customer=row.joint("Customer"),
    )
    line = Line(kind="business_partner", number=fact.number, fact=fact)
    if fact.supplier:
        yield Line(kind=line.kind, number=line.number, fact=fact, about=("supplier", fact.supplier))
    if fact.customer:
        yield Line(kind=line.kind, number=line.number, fact=fact, about=("customer", fact.customer))
    if not (fact.supplier or fact.customer):
        yield line


def _tax_number(row: Row, version: Version) -> Iterator[Line]:
    """A VAT id begins with the country of its tax type; Greek ones with EL. Others are none."""
    kind, number = row.text("BPTaxType"), row.text("BPTaxNumber") or row.text("BPTaxLongNumber")
    country = {"GR": "EL"}.get(kind[:2], kind[:2])
    is_vat_id = len(kind) == 3 and kind.endswith("0") and number.startswith(country)
    partner = row.joint("BusinessPartner")
    vat_id = number if is_vat_id else ""
    fact = PartnerNumber(version=version, partner=partner, id=f"tax {kind}", vat_id=vat_id)
    yield Line(kind="business_partner", number=partner, fact=fact)


def _bank(row: Row, version: Version) -> Iterator[Line]:
    partner, bank = row.joint("BusinessPartner"), row.text("BankIdentification")
    iban = row.text("IBAN")
    fact = PartnerNumber(version=version, partner=partner, id=f"bank {bank}", iban=iban)
    yield Line(kind="business_partner", number=partner, fact=fact)


def _supplier_gone(row: Row, version: Version) -> Line:
    return _party_gone("supplier", row.joint("Supplier"), version)


def _customer_gone(row: Row, version: Version) -> Line:
    return _party_gone("customer", row.joint("Customer"), version)


def _party_gone(kind: Literal["supplier", "customer"], number: str, version: Version) -> Line:
    return Line(kind=kind, number=number, fact=Gone(of=f"party/{kind}/{number}", version=version))


def _partner_gone(row: Row, version: Version) -> Line:
    return _of_partner(row, Gone(of=f"partner/{row.joint('BusinessPartner')}", version=version))


def _tax_number_gone(row: Row, version: Version) -> Line:
    key = f"partner_number/{row.joint('BusinessPartner')}/tax {row.text('BPTaxType')}"
    return _of_partner(row, Gone(of=key, version=version))


def _bank_gone(row: Row, version: Version) -> Line:
    key = f"partner_number/{row.joint('BusinessPartner')}/bank {row.text('BankIdentification')}"
    return _of_partner(row, Gone(of=key, version=version))


def _of_partner(row: Row, fact: Gone) -> Line:
    return Line(kind="business_partner", number=row.joint("BusinessPartner"), fact=fact)


READERS: dict[str, Callable[[Row, Version], Iterator[Line]]] = {
    "A_Supplier": _supplier,
    "A_Customer": _customer,
    "A_BusinessPartner": _partner,
    "A_BusinessPartnerTaxNumber": _tax_number,
    "A_BusinessPartnerBank": _bank,
}
REMOVALS: dict[str, Callable[[Row, Version], Line]] = {
    "A_Supplier": _supplier_gone,
    "A_Customer": _customer_gone,
    "A_BusinessPartner": _partner_gone,
    "A_BusinessPartnerTaxNumber": _tax_number_gone,
    "A_BusinessPartnerBank": _bank_gone,
}
