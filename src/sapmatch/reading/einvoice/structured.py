"""XML to an invoice: what the root says it is decides who reads it."""

from sapmatch.model.invoice import Invoice, Kind
from sapmatch.reading.einvoice.breakdown import broken_rules
from sapmatch.reading.einvoice.cii import read_cii
from sapmatch.reading.einvoice.foreign import foreign_xml
from sapmatch.reading.einvoice.ubl import read_ubl
from sapmatch.reading.einvoice.xml import Node, parse_xml
from sapmatch.reading.findings import Findings
from sapmatch.reading.limits import ReadLimits, Refused
from sapmatch.reading.printed.derived import note_derived

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:"
_ZUGFERD_1 = "urn:ferd:CrossIndustryDocument:"
_UBL_ROOTS = ("Invoice", "CreditNote", "SelfBilledInvoice", "SelfBilledCreditNote")
_CII_ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument")
# What documents travel in: the business header of Peppol, SOAP.
_ENVELOPES = frozenset({"StandardBusinessDocument", "Envelope", "Body"})
_HEADERS = frozenset({"StandardBusinessDocumentHeader", "Header"})
_ENVELOPE_DEPTH = 4
_ATTACHED = "AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject"
_ATTACHED_CII = (
    "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement/AdditionalReferencedDocument"
    "/AttachmentBinaryObject"
)


def read_structured(data: bytes, limits: ReadLimits) -> tuple[Kind, Invoice, Findings]:
    """UBL or CII, also inside an envelope; raises Refused for any other XML."""
    root = _document(parse_xml(data, limits), _ENVELOPE_DEPTH)
    if len(root.all(_ATTACHED) + root.all(_ATTACHED_CII)) > limits.max_attachments:
        message = f"The XML holds more than {limits.max_attachments} files: send them apart."
        raise Refused("reject", "TOO_LARGE", message)
    found = Findings()
    kind: Kind = "ubl" if _is_ubl(root) else "cii"
    invoice = read_ubl(root, found) if kind == "ubl" else read_cii(root, found)
    note_derived(invoice, found)
    found.problems.extend(broken_rules(invoice))
    return kind, invoice, found


def _document(root: Node, depth: int) -> Node:
    """The invoice, which may stand in envelopes; raises Refused where there is none, or several."""
    if _is_ubl(root) or _is_cii(root):
        return root
    if root.name not in _ENVELOPES or not depth:
        raise foreign_xml(root.name, root.namespace)
    inside = [node for nodes in root.by_name().values() for node in nodes]
    documents = [node for node in inside if node.name not in _HEADERS]
    if len(documents) != 1:
        message = f"The envelope holds {len(documents)} documents: upload each one on its own."
        raise Refused("reject", "UNSUPPORTED", message)
    return _document(documents[0], depth - 1)


def _is_ubl(root: Node) -> bool:
    named = root.name in _UBL_ROOTS
    # Some exports drop the namespaces; then only the totals tell UBL from other invoices.
    bare = not root.namespace and bool(root.one("LegalMonetaryTotal|RequestedMonetaryTotal"))
    return named and (root.namespace == f"{_UBL}{root.name}-2" or bare)


def _is_cii(root: Node) -> bool:
    named = root.name in _CII_ROOTS
    return named and (not root.namespace or root.namespace.startswith((_CII, _ZUGFERD_1)))
