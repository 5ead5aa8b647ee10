"""Objects in our S3 bucket."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sapmatch.aws.errors import translated
from sapmatch.model.errors import InputRejected, PreconditionFailed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Objects:
    """Port Objects over one bucket."""

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
        """Whether the newest version is an object."""
        try:
            self.size(key)
        except InputRejected:
            return False
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys under the prefix in UTF-8 order, as S3 lists them."""
        pages = self._client.get_paginator("list_objects_v2")
        with translated(f"s3 prefix {prefix}"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (entry["Key"] for entry in page.get("Contents", ()))

    def _address(self, key: str, version_id: str | None) -> dict[str, Any]:
        address = {"Bucket": self._bucket, "Key": key}
        return address | {"VersionId": version_id} if version_id else address
