"""XML to an invoice: what the root says it is decides who reads it."""

from sapmatch.model.invoice import Invoice, Kind
from sapmatch.reading.cii import read_cii
from sapmatch.reading.findings import Findings
from sapmatch.reading.limits import ReadLimits, Refused
from sapmatch.reading.ubl import read_ubl
from sapmatch.reading.xml import Node, parse_xml

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:"
_ZUGFERD_1 = "urn:ferd:CrossIndustryDocument:invoice:1p0"
# Business documents that ask for no payment, by root name.
_NO_INVOICE = frozenset(
    "SCRDMCCBDACIOMessageStructure CrossIndustryOrder CrossIndustryDespatchAdvice Order "
    "OrderResponse OrderChange DespatchAdvice ReceiptAdvice Catalogue Quotation Reminder Statement "
    "RemittanceAdvice ApplicationResponse Document xmpmeta".split()
)


def read_structured(data: bytes, limits: ReadLimits) -> tuple[Kind, Invoice, Findings]:
    """UBL or CII; raises Refused for any other XML."""
    root = parse_xml(data, limits)
    found = Findings()
    if root.name in ("Invoice", "CreditNote") and root.namespace == f"{_UBL}{root.name}-2":
        return "ubl", read_ubl(root, found), found
    if root.namespace.startswith(_CII) or root.namespace == _ZUGFERD_1:
        return "cii", read_cii(root, found), found
    raise _foreign(root)


def _foreign(root: Node) -> Refused:
    name = root.name[:80]
    if name.lower() == "html":
        message = "This is a web page: ask the sender for the invoice itself."
        return Refused("reject", "NOT_AN_INVOICE", message)
    if name in _NO_INVOICE:
        message = f"The XML is a {name}, not an invoice: file it elsewhere."
        return Refused("not-invoice", "NOT_AN_INVOICE", message)
    message = f"The XML is a {name}, neither UBL nor CII: ask the sender for one of these, or PDF."
    return Refused("unsupported", "UNSUPPORTED", message)
