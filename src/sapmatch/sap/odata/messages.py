"""What SAP says: error bodies in V2 JSON, V4 JSON and XML, and the headers beside a success."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from sapmatch.model.errors import SapMessage

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LONGEST_TEXT = 1000
_MOST_DETAILS = 50
_LARGEST_BODY = 1_000_000  # bytes; what is larger is no error message
_V4_SEVERITIES = {1: "success", 2: "info", 3: "warning", 4: "error"}
# The header says `numericSeverity`, an error body its annotation under one of two aliases.
_NUMERIC_SEVERITY = ("numericSeverity", "@Common.numericSeverity", "@SAP__common.numericSeverity")
_CONTENT_ID = ("ContentID", "@Core.ContentID", "@SAP__core.ContentID")


class Refusal(Struct, frozen=True, kw_only=True):
    """The error body of OData; `timestamp` as SAP wrote it."""

    code: str
    text: str
    details: tuple[SapMessage, ...] = ()
    severity: str = ""
    target: str = ""
    content_id: str = ""
    transaction_id: str | None = None
    timestamp: str | None = None


def from_body(body: bytes) -> Refusal | None:
    """The error inside a body of JSON or XML; None where there is none."""
    if len(body) > _LARGEST_BODY:
        return None
    start = body[:100].lstrip()
    if start.startswith(b"{"):
        return _from_json(body)
    return _from_xml(body) if b"error" in body[:1000] else None


def from_header(headers: Mapping[str, str]) -> tuple[SapMessage, ...]:
    """What SAP says beside a success: `sap-message` (V2), `sap-messages` (V4) (OD-P86)."""
    text = headers.get("sap-message", "").encode("latin-1", "replace")
    if text.lstrip().startswith(b"<"):
        root = _xml(text)
        nodes = [] if root is None else [root, *root.iterfind(".//{*}detail")]
        found = [_xml_message(node) for node in nodes[:_MOST_DETAILS]]
    else:
        notification = _json(text)
        entries = [notification, *_listed(_at(notification, "details"))]
        entries += _listed(_json(headers.get("sap-messages", "").encode("latin-1", "replace")))
        found = [_json_message(entry) for entry in entries[:_MOST_DETAILS]]
    return tuple(message for message in found if message.text)


def refusal_of(
    main: SapMessage,
    details: list[SapMessage],
    transaction_id: str = "",
    timestamp: str = "",
) -> Refusal:
    """The main message, and the others once each; details often repeat the main one."""
    twins = [one for one in details if (one.code, one.text) == (main.code, main.text)]
    kept = [one for one in details[:_MOST_DETAILS] if one not in twins]
    return Refusal(
        code=main.code,
        text=main.text,
        details=tuple(kept),
        severity=main.severity or next((one.severity for one in twins if one.severity), ""),
        target=main.target or next((one.target for one in twins if one.target), ""),
        content_id=main.content_id or next((one.content_id for one in twins if one.content_id), ""),
        transaction_id=transaction_id or None,
        timestamp=timestamp or None,
    )


def _from_json(body: bytes) -> Refusal | None:
    error = _at(_json(body), "error")
    if not isinstance(error, dict):
        return None
    inner = error.get("innererror")
    entries = _at(inner, "errordetails") or error.get("details")
    if isinstance(entries, dict):
        entries = entries.get("errordetail")
    found = [_json_message(entry) for entry in _listed(entries)]
    return refusal_of(
        _json_message(error),
        found,
        _text(inner, "transactionid"),
        _text(inner, "timestamp") or _text(error, "@SAP__common.Timestamp"),
    )


def _from_xml(body: bytes) -> Refusal | None:
    root = _xml(body)
    name = "" if root is None else root.tag.rpartition("}")[2]
    if root is None or name not in ("error", "innererror"):
        return None
    found = [_xml_message(node) for node in root.iterfind(".//{*}errordetail")]
    main = found[0] if name == "innererror" and found else _xml_message(root)
    transaction, timestamp = (
        root.findtext(f".//{{*}}{name}", "") for name in ("transactionid", "timestamp")
    )
    return refusal_of(main, found, transaction, timestamp)


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _json_message(entry: Any) -> SapMessage:
    text = _text(entry, "message") or _text(entry, "message", "value")
    return SapMessage(
        code=_text(entry, "code"),
        text=text[:_LONGEST_TEXT],
        severity=_text(entry, "severity") or _severity(entry),
        target=_text(entry, "target") or _text(entry, "propertyref"),
        content_id=next((text for name in _CONTENT_ID if (text := _text(entry, name))), ""),
    )


def _severity(entry: Any) -> str:
    numbers = (_at(entry, name) for name in _NUMERIC_SEVERITY)
    return next((_V4_SEVERITIES.get(n, "") for n in numbers if isinstance(n, int)), "")


def _listed(entries: Any) -> list[Any]:
    return entries if isinstance(entries, list) else []


def _at(node: Any, *path: str) -> Any:
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _text(node: Any, *path: str) -> str:
    found = _at(node, *path)
    return found if isinstance(found, str) else ""


def _xml(body: bytes) -> "Element | None":
    from xml.etree import ElementTree  # few answers are XML

    class NoDoctype(ElementTree.TreeBuilder):
        """Stops at a DOCTYPE: neither entities nor anything external is ever read."""

        def doctype(self, *_: object) -> None:
            raise ValueError("DOCTYPE")

    parser = ElementTree.XMLParser(target=NoDoctype())  # noqa: S314  no DOCTYPE, no entities
    try:
        parser.feed(body)
        return parser.close()
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


def _xml_message(node: "Element") -> SapMessage:
    code, text, severity, target, content_id = (
        (node.findtext(f"{{*}}{name}") or "")
        for name in ("code", "message", "severity", "target", "ContentID")
    )
    return SapMessage(
        code=code,
        text=text[:_LONGEST_TEXT],
        severity=severity,
        target=target,
        content_id=content_id,
    )
