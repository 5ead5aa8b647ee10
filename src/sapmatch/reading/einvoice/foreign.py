"""Business documents that are no invoice, and invoices in formats that are not read: by name."""

from typing import NamedTuple

from sapmatch.model.invoice import Outcome
from sapmatch.reading.limits import Refused

_LONGEST = 80  # characters of a name that are shown


class _Format(NamedTuple):
    root: str  # local name, in lower case; empty: any
    namespace: str  # a part of it; empty: any
    name: str
    is_invoice: bool


_OASIS = "urn:oasis:names:specification:ubl:schema:xsd:"
# The first that fits is it: a root name alone stands behind those with a namespace.
_FORMATS = (
    _Format("invoice", "ebinterface.at", "an ebInterface invoice", True),
    _Format("invoice", "isdoc.cz", "an ISDOC invoice", True),
    _Format("invoice", "urn:sfti:documents:BasicInvoice", "a Svefaktura invoice", True),
    _Format("invoice", "rep.oio.dk", "an OIOXML invoice", True),
    _Format("invoice", "urn:eslog", "an e-SLOG invoice", True),
    _Format("invoice", "urn:oasis:names:tc:ubl", "a UBL 1.0 invoice", True),
    _Format("invoice", "opentrans.org", "an openTRANS invoice", True),
    _Format("faktura", "crd.gov.pl", "a KSeF invoice", True),
    _Format("invoicedata", "nav.gov.hu", "an Online Számla invoice", True),
    _Format("comprobante", "sat.gob.mx", "a CFDI invoice", True),
    _Format("", "facturae", "a Facturae invoice", True),
    _Format("fatturaelettronica", "", "a FatturaPA invoice", True),
    _Format("fatturaelettronicasemplificata", "", "a FatturaPA invoice", True),
    _Format("finvoice", "", "a Finvoice invoice", True),
    _Format("e_invoice", "", "an Estonian e-invoice", True),
    _Format("invoicemessage", "", "a GS1 XML invoice", True),
    _Format("nfeproc", "", "an NF-e invoice", True),
    _Format("nfe", "", "an NF-e invoice", True),
    _Format("cxml", "", "a cXML document", True),
    _Format("invoic01", "", "an SAP IDoc", True),
    _Format("invoic02", "", "an SAP IDoc", True),
    _Format("freightinvoice", _OASIS, "a UBL freight invoice", True),
    _Format("debitnote", _OASIS, "a UBL debit note", True),
    _Format("document", ":pain.", "a payment order to a bank (ISO 20022 pain)", False),
    _Format("document", ":camt.", "a bank statement (ISO 20022 camt)", False),
    _Format("document", "iso:20022", "a message of a bank (ISO 20022)", False),
    _Format("scrdmccbdaciomessagestructure", "", "an Order-X purchase order", False),
    _Format("crossindustryorder", "", "a purchase order", False),
    _Format("order", "", "a purchase order", False),
    _Format("orderchange", "", "a change of a purchase order", False),
    _Format("ordercancellation", "", "the cancellation of a purchase order", False),
    _Format("orderresponse", "", "the answer to a purchase order", False),
    _Format("orderresponsesimple", "", "the answer to a purchase order", False),
    _Format("despatchadvice", "", "a despatch advice", False),
    _Format("crossindustrydespatchadvice", "", "a despatch advice", False),
    _Format("receiptadvice", "", "a receipt advice", False),
    _Format("catalogue", "", "a catalogue", False),
    _Format("quotation", "", "a quotation", False),
    _Format("reminder", "", "a payment reminder", False),
    _Format("statement", "", "a statement of account", False),
    _Format("remittanceadvice", "", "a remittance advice", False),
    _Format("applicationresponse", "", "an acknowledgement (ApplicationResponse)", False),
    _Format("messagelevelresponse", "", "an acknowledgement", False),
    _Format("xbrl", "", "a financial report (XBRL)", False),
    _Format("svg", "", "a drawing (SVG)", False),
    _Format("rss", "", "a news feed", False),
    _Format("feed", "", "a news feed", False),
    _Format("xmpmeta", "", "metadata of a file (XMP)", False),
    _Format("rdf", "", "metadata of a file (RDF)", False),
)


def foreign_xml(root: str, namespace: str) -> Refused:
    """Why an XML is not read that is neither UBL nor CII, by the name of its root."""
    unknown = f"an unknown kind of document ({root[:_LONGEST]})"
    return foreign_format(root, namespace) or _refused("unsupported", unknown)


def foreign_format(name: str, namespace: str = "") -> Refused | None:
    """The same for the formats that are known by name, else None."""
    if name.lower() == "html":
        message = "This is a web page: ask the sender for the invoice itself."
        return Refused("reject", "NOT_AN_INVOICE", message)
    for known in _FORMATS:
        if known.root in ("", name.lower()) and known.namespace.lower() in namespace.lower():
            outcome: Outcome = "unsupported" if known.is_invoice else "not-invoice"
            return _refused(outcome, f"{known.name} ({name[:_LONGEST]})")
    return None


def _refused(outcome: Outcome, what: str) -> Refused:
    if outcome == "not-invoice":
        message = f"This is {what}, not an invoice: file it elsewhere."
        return Refused(outcome, "NOT_AN_INVOICE", message)
    message = f"This is {what}, which is not read: ask the sender for UBL, CII or a PDF."
    return Refused("unsupported", "UNSUPPORTED", message)
