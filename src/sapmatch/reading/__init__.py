"""S3 object -> Invoice: what is in a document, and how sure that is."""

from sapmatch.model.invoice import ReadResult
from sapmatch.reading.limits import ReadLimits
from sapmatch.reading.read import read_document

__all__ = ["ReadLimits", "ReadResult", "read_document"]
