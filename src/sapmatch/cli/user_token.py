"""The token of a person, from a file that they alone can read."""

import base64
import binascii
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from sapmatch.cli import output
from sapmatch.model.errors import InputRejected

_LONGEST = 32_768  # characters; SAP's own servers take headers of 16 KB at most
_JWT = re.compile(r"[\w-]{1,4096}\.[\w-]+\.[\w-]+", re.ASCII)  # RFC 7515 3.1
_LEFT = 60  # seconds that it has to be good for


def read_token(file: str, now: datetime) -> str:
    """The JWT in a file, `-` for stdin; nothing of it is ever shown.

    Raises InputRejected where there is none, or it is over; who issued it is checked by who uses
    it.
    """
    text = sys.stdin.read(_LONGEST + 1) if file == "-" else _content(Path(file))
    token = text.strip()
    if len(token) > _LONGEST or not _JWT.fullmatch(token):
        raise InputRejected(f"--user-token {file}: holds no JWT (RFC 7519); give the token alone")
    ends = _claims(token).get("exp")
    if isinstance(ends, int | float) and ends < now.timestamp() + _LEFT:
        over = f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M:%S} UTC"
        raise InputRejected(
            f"--user-token {file}: is good until {over} only; log on again and get a new one. "
            "Nothing was decided"
        )
    return token


def _content(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                output.complain(
                    f"{path}: others can read this token; run chmod 600 {path} next time (it is "
                    "used all the same)"
                )
            return file.read(_LONGEST + 1)
    except OSError as exc:
        raise InputRejected(f"--user-token {path}: cannot be read ({exc.strerror})") from exc


def _claims(token: str) -> dict[str, Any]:
    """What it says, unverified: good enough to tell its owner that it is too old."""
    part = token.split(".")[1]
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
