"""What a subscription may filter mails by (SNS message attributes, at most ten)."""

import re

from sapmatch.model.document import ExceptionRecord

_HARMLESS = re.compile(r"[\w ,:/+.-]{1,200}")
_CODE = re.compile(r"[\w ,]{1,100}")  # the cause of a copy is the name of a file: left out


def attributes_of(record: ExceptionRecord) -> dict[str, str]:
    """state, cause, owner, company_code and document, as far as they are known."""
    found = {
        "state": record.state,
        "cause": record.cause if _CODE.fullmatch(record.cause or "") else None,
        "owner": record.owner,
        "company_code": record.company_code,
        "document": record.document_id,
    }
    return {name: value for name, value in found.items() if value and _HARMLESS.fullmatch(value)}
