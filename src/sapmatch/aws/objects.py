"""Objects in our S3 bucket."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sapmatch.aws.errors import MISSING, translated
from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.uploads import Upload

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig
    from mypy_boto3_s3 import S3Client

PART = 16 * 1024 * 1024  # bytes of one part of a large file
PARTS = 4  # on their way at once: memory holds no more of a file than these


class S3Objects:
    """Ports Objects and Uploads over one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, key: str, version_id: str | None = None) -> bytes:
        """The bytes of that version, or of the newest."""
        with translated(f"s3 object {key}"):
            answer = self._client.get_object(**self._address(key, version_id))
            return answer["Body"].read()

    def write(self, key: str, data: bytes) -> None:
        """Store the bytes as the newest version."""
        with translated(f"s3 object {key}"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data)

    def write_once(self, key: str, data: bytes) -> bool:
        """Store unless there is something, decided by S3 itself (If-None-Match)."""
        try:
            with translated(f"s3 object {key}"):
                self._client.put_object(Bucket=self._bucket, Key=key, Body=data, IfNoneMatch="*")
        except PreconditionFailed:
            return False
        return True

    def size(self, key: str, version_id: str | None = None) -> int:
        """Bytes of that version, or of the newest."""
        with translated(f"s3 object {key}"):
            return self._client.head_object(**self._address(key, version_id))["ContentLength"]

    def version(self, key: str) -> str | None:
        """Id of the newest version."""
        with translated(f"s3 object {key}"):
            head = self._client.head_object(**self._address(key, None))
        return head.get("VersionId")

    def exists(self, key: str) -> bool:
        """Whether the newest version is an object; a refused access is no answer to that."""
        from botocore.exceptions import ClientError

        with translated(f"s3 object {key}"):
            try:
                self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as exc:
                if exc.response["Error"]["Code"] not in MISSING:
                    raise
                return False
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys under the prefix in UTF-8 order, as S3 lists them."""
        pages = self._client.get_paginator("list_objects_v2")
        with translated(f"s3 prefix {prefix}"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (entry["Key"] for entry in page.get("Contents", ()))

    def delete(self, key: str) -> None:
        """Hide the object behind a delete marker."""
        with translated(f"s3 object {key}"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def fetch(self, key: str, path: Path) -> None:
        """Download into the file, part by part."""
        with translated(f"s3 object {key}"), path.open("wb") as file:
            self._client.download_fileobj(self._bucket, key, file, Config=_in_parts())

    def store(self, key: str, path: Path) -> None:
        """Upload the file, in parts where it is large."""
        with translated(f"s3 object {key}"), path.open("rb") as file:
            self._client.upload_fileobj(file, self._bucket, key, Config=_in_parts())

    def uploads(self, prefix: str, since: datetime, until: datetime) -> Iterator[Upload]:
        """Versions that came between the two moments, in order of their keys."""
        pages = self._client.get_paginator("list_object_versions")
        with translated(f"s3 prefix {prefix}"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for entry in page.get("Versions", ()):
                    if since <= entry["LastModified"] < until:
                        yield Upload(
                            bucket=self._bucket, key=entry["Key"], version_id=entry["VersionId"]
                        )

    def _address(self, key: str, version_id: str | None) -> dict[str, Any]:
        address = {"Bucket": self._bucket, "Key": key}
        return address | {"VersionId": version_id} if version_id else address


def _in_parts() -> "TransferConfig":
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=PARTS)
