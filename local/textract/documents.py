"""The bytes of a document, from the request or from S3, and Textract's limits on them."""

import base64
import binascii
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.textract.errors import Refused, invalid
from sapmatch.model.errors import InputRejected
from sapmatch.ocr import count_pages, media

SYNC_BYTES = 10_485_760
IMAGE_BYTES = 10_485_760
JOB_BYTES = 500_000_000

_REFUSALS = {
    "UNKNOWN_TYPE": "UnsupportedDocumentException",
    "ENCRYPTED": "UnsupportedDocumentException",
    "TOO_LARGE": "DocumentTooLargeException",
    "TOO_MANY_PAGES": "DocumentTooLargeException",
}


def sync_document(document: dict[str, Any]) -> bytes:
    """The bytes for AnalyzeExpense: at most 10 MB, one page."""
    if ("Bytes" in document) == ("S3Object" in document):
        raise invalid("give either Document.Bytes or Document.S3Object")
    if "Bytes" in document:
        data = _decoded(document["Bytes"])
    else:
        data = stored(document["S3Object"], SYNC_BYTES)
    if len(data) > SYNC_BYTES:
        raise _too_large(SYNC_BYTES)
    if pages(data) > 1:
        raise Refused(
            "UnsupportedDocumentException",
            "more than one page: start an asynchronous job with StartExpenseAnalysis",
        )
    return data


def pages(data: bytes) -> int:
    """Number of pages; refused where the document cannot be read."""
    try:
        return count_pages(data)
    except InputRejected as exc:
        raise refusal(exc) from exc


def stored(where: dict[str, str], limit: int) -> bytes:
    """An S3 object from the endpoint of the environment, the given version of it."""
    if not where.get("Bucket") or not where.get("Name"):
        raise invalid("S3Object needs Bucket and Name")
    try:
        found = _client().get_object(**_place(where))
        if found["ContentLength"] > limit:
            raise _too_large(limit)
        return bytes(found["Body"].read())
    except (ClientError, BotoCoreError) as exc:
        raise _unreachable() from exc


def check_stored(where: dict[str, str]) -> None:
    """Refuse an S3 object that is missing or too large for a job."""
    try:
        found = _client().head_object(**_place(where))
    except (ClientError, BotoCoreError) as exc:
        raise _unreachable() from exc
    if found["ContentLength"] > JOB_BYTES:
        raise _too_large(JOB_BYTES)


def job_document(where: dict[str, str]) -> bytes:
    """The bytes for a job: images at most 10 MB, PDF and TIFF at most 500 MB."""
    data = stored(where, JOB_BYTES)
    if media(data) in ("PNG", "JPEG") and len(data) > IMAGE_BYTES:
        raise _too_large(IMAGE_BYTES)
    return data


def refusal(exc: InputRejected) -> Refused:
    """The AWS error for what the engine says about a document."""
    code = exc.problems[0].code if exc.problems else None
    if code is None:  # the engine itself is not installed
        return Refused("InternalServerError", str(exc), 500)
    return Refused(_REFUSALS.get(code, "BadDocumentException"), str(exc))


def _place(where: dict[str, str]) -> dict[str, str]:
    place = {"Bucket": where["Bucket"], "Key": where["Name"]}
    return place | ({"VersionId": where["Version"]} if "Version" in where else {})


def _client() -> Any:
    import boto3

    return boto3.client("s3")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise invalid("Document.Bytes is no base64") from exc


def _unreachable() -> Refused:
    return Refused(
        "InvalidS3ObjectException",
        "the S3 object cannot be read: check bucket, key, version, region and permissions",
    )


def _too_large(limit: int) -> Refused:
    return Refused("DocumentTooLargeException", f"the document has more than {limit:,} bytes")
