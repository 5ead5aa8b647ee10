"""Answers in V4 JSON, and the headers that belong to every one of them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from local.sap.exchange import Request, Response
from local.sap.v4.errors import refusal

VERSION = {"odata-version": "4.0"}
_NUMBERS = msgspec.json.Encoder(decimal_format="number")
_STRINGS = msgspec.json.Encoder(decimal_format="string")


def json_answer(request: Request, status: int, shown: Mapping[str, Any]) -> Response:
    """JSON with decimals as numbers, or as strings where Accept has IEEE754Compatible=true."""
    quoted = is_compatible(request.headers.get("accept", ""))
    kind = "application/json;odata.metadata=minimal"
    if quoted:
        kind += ";IEEE754Compatible=true"
    body = (_STRINGS if quoted else _NUMBERS).encode(shown)
    return Response(status, body, f"{kind};charset=utf-8", dict(VERSION))


def is_compatible(media_type: str) -> bool:
    """Whether the media type carries IEEE754Compatible=true (JSON format 4.0, 3.2)."""
    return "ieee754compatible=true" in media_type.lower().replace(" ", "")


def need_json(request: Request) -> None:
    """406 where the client takes no JSON; V4 answers JSON also to who says nothing."""
    accepted = request.headers.get("accept", "*/*").lower()
    if not any(kind in accepted for kind in ("json", "*/*", "application/*", "multipart/")):
        raise refusal(HTTPStatus.NOT_ACCEPTABLE, "Only application/json is offered here")


def context_prefix(segments: int) -> str:
    """The way from the resource to $metadata: one step up for every further segment."""
    return "../" * (segments - 1) + "$metadata#"
