"""The mark by which records of ours are recognised in SAP."""

import base64
import hashlib

from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Record

OURS = "sapmatch "  # how every mark begins
_KNOWN_FIELDS = {"A_SupplierInvoice": "DocumentHeaderText"}  # of what is made from a match


def marker(identity: str) -> str:
    """The mark of a document, or of what else makes a record unique: 19 characters."""
    digest = hashlib.sha256(identity.encode()).digest()
    return f"{OURS}{base64.b32encode(digest).decode()[:10]}"


def marker_field(flow: WriteBack) -> str | None:
    """The field that holds the mark of what the flow creates, None where none does."""
    known = _KNOWN_FIELDS.get(flow.entity_set) if flow.source == "match" else None
    return flow.marker or (known if not (flow.mapping or flow.mapping_file) else None)


def marked(flow: WriteBack, identity: str) -> Record:
    """The field of the flow with its mark; empty where it has none."""
    return {flow.marker: marker(identity)} if flow.marker else {}
