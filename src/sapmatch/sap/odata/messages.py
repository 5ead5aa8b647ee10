"""What SAP says: error bodies in V2 JSON, V4 JSON and XML, and the header beside a success."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import msgspec
from msgspec import Struct

_LONGEST_TEXT = 1000
_MOST_DETAILS = 50
_LARGEST_BODY = 1_000_000  # bytes; what is larger is no error message


class Message(Struct, frozen=True):
    """One message of SAP; `target` names the field that it is about."""

    code: str
    text: str
    severity: str = ""
    target: str = ""

    @property
    def is_error(self) -> bool:
        """Whether SAP calls it an error."""
        return self.severity.lower() in ("error", "abort", "fatal")

    def __str__(self) -> str:
        shown = " ".join(part for part in (self.severity, self.code) if part)
        return f"{shown}: {self.text}" + (f" ({self.target})" if self.target else "")


class Refusal(Struct, frozen=True):
    """The error body of OData."""

    code: str
    text: str
    details: tuple[str, ...] = ()
    transaction_id: str | None = None


def from_body(body: bytes) -> Refusal | None:
    """The error inside a body of JSON or XML; None where there is none."""
    if len(body) > _LARGEST_BODY:
        return None
    start = body[:100].lstrip()
    if start.startswith(b"{"):
        return _from_json(body)
    return _from_xml(body) if b"error" in body[:1000] else None


def from_header(headers: Mapping[str, str]) -> tuple[Message, ...]:
    """What SAP says beside a success (header `sap-message`, JSON or XML)."""
    text = headers.get("sap-message", "").encode("latin-1", "replace")
    if text.lstrip().startswith(b"<"):
        root = _xml(text)
        nodes = [] if root is None else [root, *root.iterfind(".//{*}detail")]
        found = [_xml_message(node) for node in nodes[:_MOST_DETAILS]]
    else:
        notification = _json(text)
        details = _at(notification, "details")
        entries = [notification, *(details if isinstance(details, list) else [])]
        found = [_json_message(entry) for entry in entries[:_MOST_DETAILS]]
    return tuple(message for message in found if message.text)


def _from_json(body: bytes) -> Refusal | None:
    error = _at(_json(body), "error")
    if not isinstance(error, dict):
        return None
    inner = error.get("innererror")
    entries = _at(inner, "errordetails") or error.get("details")
    if isinstance(entries, dict):
        entries = entries.get("errordetail")
    found = [_json_message(entry) for entry in entries] if isinstance(entries, list) else []
    return refusal_of(_json_message(error), found, _text(inner, "transactionid"))


def _from_xml(body: bytes) -> Refusal | None:
    root = _xml(body)
    if root is None or root.tag.rpartition("}")[2] != "error":
        return None
    found = [_xml_message(node) for node in root.iterfind(".//{*}errordetail")]
    return refusal_of(_xml_message(root), found, root.findtext(".//{*}transactionid", ""))


def refusal_of(main: Message, details: list[Message], transaction_id: str = "") -> Refusal:
    """The main message, and the others once each with what they are about."""
    kept = [
        one for one in details[:_MOST_DETAILS] if (one.code, one.text) != (main.code, main.text)
    ]
    named = [str(one) for one in kept]
    if main.target:
        named.insert(0, f"field {main.target}")
    return Refusal(main.code, main.text, tuple(named), transaction_id or None)


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _json_message(entry: Any) -> Message:
    text = _text(entry, "message") or _text(entry, "message", "value")
    return Message(
        _text(entry, "code"), text[:_LONGEST_TEXT], _text(entry, "severity"), _text(entry, "target")
    )


def _at(node: Any, *path: str) -> Any:
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _text(node: Any, *path: str) -> str:
    found = _at(node, *path)
    return found if isinstance(found, str) else ""


class _NoDoctype(ElementTree.TreeBuilder):
    """Stops at a DOCTYPE: neither entities nor anything external is ever read."""

    def doctype(self, *_: object) -> None:
        raise ValueError("DOCTYPE")


def _xml(body: bytes) -> ElementTree.Element | None:
    parser = ElementTree.XMLParser(target=_NoDoctype())  # noqa: S314  no DOCTYPE, no entities
    try:
        parser.feed(body)
        return parser.close()
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


def _xml_message(node: ElementTree.Element) -> Message:
    code, text, severity, target = (
        (node.findtext(f"{{*}}{name}") or "") for name in ("code", "message", "severity", "target")
    )
    return Message(code, text[:_LONGEST_TEXT], severity, target)
