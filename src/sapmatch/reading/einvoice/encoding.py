"""XML bytes of any encoding as UTF-8."""

import codecs
import re

_BOMS = (  # UTF-32 before UTF-16: its mark begins with the same bytes
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How "<" looks where no byte-order mark tells the width (XML 1.0, appendix F).
_WIDE = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}>")
_DECLARED = re.compile(r"encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_HEAD = 400
# Python also knows codecs that are no character sets, and slow ones; none is used for XML.
_CHARACTER_SETS = ("iso8859", "cp", "koi8", "mac", "gb", "big5", "euc", "shift_jis", "ascii")


def as_utf8(data: bytes) -> bytes:
    """The document in UTF-8, without byte-order mark and XML declaration.

    Bytes tell more than declarations: a text that claims UTF-8 and is none is Windows-1252, one
    that claims an encoding that does not exist is UTF-8. Raises UnicodeError where nothing fits.
    """
    text = _text(data.lstrip(b" \t\r\n")).lstrip("\ufeff \t\r\n")
    declaration = _DECLARATION.match(text)
    return (text[declaration.end() :] if declaration else text).encode("utf-8")


def _text(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    for start, encoding in _WIDE:
        if data.startswith(start):
            return data.decode(encoding)
    declared = _declared(data)
    if declared:
        return data.decode(declared)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _declared(data: bytes) -> str | None:
    """The declared encoding where it is a real one of single bytes."""
    declaration = _DECLARATION.match(data[:_HEAD].decode("latin-1"))
    named = _DECLARED.search(declaration.group()) if declaration else None
    if not named:
        return None
    try:
        name = codecs.lookup(named.group(1)).name
    except LookupError:
        return None
    return name if name.startswith(_CHARACTER_SETS) else None
