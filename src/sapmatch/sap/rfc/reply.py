"""Answers of function modules over SOAP: bytes to typed values, or to the fault that they are."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias
from xml.parsers import expat

from msgspec import Struct

from sapmatch.model.rfc import Field, Flavour, RfcInput, RfcScalar, RfcStructure
from sapmatch.sap.rfc.module import Module, Part, plain_name
from sapmatch.sap.rfc.values import value_of

MOST_ELEMENTS = 4_000_000
DEEPEST = 32

# A name without prefix, and the text or the elements inside.
Element: TypeAlias = tuple[str, "Content"]
Content: TypeAlias = "str | list[Element]"
_CUT_OFF: Final = frozenset(
    {
        expat.errors.codes[name]
        for name in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        )
    }
)
_ROW: Final = "item"
_RETURN: Final = "RETURN"


class Unreadable(Exception):
    """The body is no answer of a function module; `is_cut`: its end is missing."""

    def __init__(self, why: str, *, is_cut: bool = False) -> None:
        super().__init__(why)
        self.is_cut = is_cut


class Fault(Struct, frozen=True, kw_only=True):
    """A SOAP fault, or the exception element of mc-style.

    `key` is the exception of the module's interface, empty where it names none; `code` of SOAP.
    """

    key: str
    text: str
    code: str = ""
    id: str = ""
    number: str = ""


class Reply(Struct, frozen=True):
    """What came back, by the names of the data dictionary."""

    exports: dict[str, RfcInput]
    tables: dict[str, list[RfcStructure]]


def read_reply(body: bytes, module: Module, flavour: Flavour) -> Reply | Fault:
    """The typed answer; Unreadable where it is none.

    Names count without their prefixes, whether the element is `FM.Response` or `FMResponse`
    (CO-T28). What no interface knows is kept as text.
    """
    name, inside = _answer(parsed(body))
    children = inside if isinstance(inside, list) else []
    if name == "Fault":
        return _fault(children)
    if name.endswith(".Exception"):
        return _exception(children, "")
    if name not in module.answers:
        raise Unreadable(f"is no answer of {module.name} but <{name[:60]}>")
    if isinstance(inside, str) and inside.strip():
        raise Unreadable("holds text where parameters belong")
    reply = Reply({}, {})
    for tag, content in children:
        part = module.by_wire.get(tag)
        if part is None and tag == "ReturnTable":
            part = module.parts.get(_RETURN)
        name = part.parameter.name if part else plain_name(tag, flavour)
        if name in reply.tables or name in reply.exports:
            raise Unreadable(f"holds {name[:60]} twice")
        if part is not None:
            _keep(reply, part, content, flavour)
        else:
            _keep_unknown(reply, name, content, flavour)
    return reply


def fault_of(body: bytes) -> Fault | None:
    """The fault that a body is; None where it is anything else."""
    try:
        name, inside = _answer(parsed(body))
    except Unreadable:
        return None
    children = inside if isinstance(inside, list) else []
    if name == "Fault":
        return _fault(children)
    return _exception(children, "") if name.endswith(".Exception") else None


def parsed(body: bytes) -> Element:
    """The outermost element; Unreadable for what is no XML, has a DOCTYPE, or is out of bounds.

    Without a DOCTYPE there are no entities, and nothing external is ever read (CO-T34).
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    builder = _Builder()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text.append
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as exc:
        why = f"is no complete XML ({expat.ErrorString(exc.code)})"
        raise Unreadable(why, is_cut=exc.code in _CUT_OFF) from exc
    except (LookupError, ValueError) as exc:
        raise Unreadable("is written in an encoding that XML does not allow") from exc
    return builder.top[0]


def _no_doctype(*_: object) -> None:
    raise Unreadable("holds a DOCTYPE, which no function module sends and which is never read")


class _Builder:
    """Gathers elements; the text of one that has others inside is only white space."""

    def __init__(self) -> None:
        self.top: list[Element] = []
        self.text: list[str] = []
        self._open: list[list[Element]] = [self.top]
        self._count = 0

    def start(self, _: str, __: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) > DEEPEST:
            raise Unreadable("is larger or deeper than any answer of a function module")
        self.text.clear()
        self._open.append([])

    def end(self, name: str) -> None:
        children = self._open.pop()
        local = name.rpartition(":")[2] if ":" in name else name
        text = self.text
        # expat gathers text: more than one piece is rare.
        inside = children or (text[0] if len(text) == 1 else "".join(text))
        self._open[-1].append((local, inside))
        text.clear()


def _answer(root: Element) -> Element:
    """What stands in the body of the envelope."""
    name, inside = root
    if name != "Envelope" or isinstance(inside, str):
        raise Unreadable(f"is no SOAP envelope but <{name[:60]}>")
    bodies = [content for tag, content in inside if tag == "Body"]
    if len(bodies) > 1:
        raise Unreadable("is a SOAP envelope with two bodies")
    if not bodies or isinstance(bodies[0], str):
        raise Unreadable("is a SOAP envelope without a body")
    if len(bodies[0]) > 1:
        raise Unreadable("is a SOAP envelope with two answers")
    first: Element = bodies[0][0]
    return first


def _keep(reply: Reply, part: Part, content: Content, flavour: Flavour) -> None:
    parameter = part.parameter
    name, kind = parameter.name, parameter.kind
    if name == _RETURN and isinstance(content, list):
        # Modules differ in its shape, and a failure counts in either.
        kind = "table" if content[0][0] == _ROW else "structure"
    if kind == "table":
        reply.tables[name] = [
            _row(name, part.by_wire, inside, flavour) for inside in _rows(name, content)
        ]
    elif kind == "structure":
        reply.exports[name] = _row(name, part.by_wire, content, flavour)
    else:
        reply.exports[name] = _value(_flat(content), parameter.fields[0])


def _rows(name: str, content: Content) -> list[Content]:
    """What stands in the rows of a table; anything but rows is no table."""
    if isinstance(content, str):
        if content.strip():
            raise Unreadable(f"holds text in place of the rows of {name}")
        return []
    if any(tag != _ROW for tag, _ in content):
        raise Unreadable(f"holds something else than rows in {name}")
    return [inside for _, inside in content]


def _row(
    at: str, known: Mapping[str, Field], content: Content, flavour: Flavour
) -> dict[str, RfcScalar]:
    row: dict[str, RfcScalar] = {}
    if isinstance(content, str):
        if content.strip():
            raise Unreadable(f"holds text in place of the fields of {at}")
        return row  # an empty row, or a structure of which SAP sent nothing
    if len(dict(content)) < len(content):
        raise Unreadable(f"holds a field of {at} twice")
    for name, inside in content:
        field = known.get(name)
        if field is None:
            _keep_field(row, plain_name(name, flavour), inside)
        elif field.type == "char" and isinstance(inside, str):  # nearly all
            row[field.name] = inside.rstrip(" ")
        else:
            row[field.name] = _value(_flat(inside), field)
    return row


def _keep_field(row: dict[str, RfcScalar], name: str, content: Content) -> None:
    """A field that no interface knows; inside of another structure named as ABAP does: `A-B`."""
    if isinstance(content, str):
        row[name] = content.rstrip(" ")
        return
    for inner, inside in content:
        _keep_field(row, f"{name}-{inner}", inside)


def _keep_unknown(reply: Reply, name: str, content: Content, flavour: Flavour) -> None:
    """A parameter that no interface knows, by its shape."""
    if isinstance(content, str):
        reply.exports[name] = content.rstrip(" ")
    elif all(tag == _ROW for tag, _ in content):
        reply.tables[name] = [_untyped(inside, flavour) for _, inside in content]
    else:
        reply.exports[name] = _untyped(content, flavour)


def _untyped(content: Content, flavour: Flavour) -> dict[str, RfcScalar]:
    row: dict[str, RfcScalar] = {}
    for name, inside in content if isinstance(content, list) else ():
        _keep_field(row, plain_name(name, flavour), inside)
    return row


def _flat(content: Content) -> str:
    return content if isinstance(content, str) else "".join(_flat(inner) for _, inner in content)


def _value(text: str, field: Field) -> RfcScalar:
    try:
        return value_of(text, field)
    except ValueError:
        return text.rstrip(" ")  # a column may hold what its type forbids, such as a date of spaces


def _fault(children: Sequence[Element]) -> Fault:
    """`faultstring` is the key of an exception, or a text; `detail` may hold more about it."""
    said = dict(children)
    text = _flat(said.get("faultstring", ""))
    code = _flat(said.get("faultcode", "")).rpartition(":")[2]
    detail = said.get("detail", "")
    found = (
        _exception(_deepest(detail), code) if isinstance(detail, list) else Fault(key="", text="")
    )
    key = found.key or (text if _is_key(text) else "")
    return Fault(key=key, text=found.text or text, code=code, id=found.id, number=found.number)


def _deepest(detail: list[Element]) -> list[Element]:
    """The elements that say what happened, however they are wrapped."""
    while len(detail) == 1 and isinstance(detail[0][1], list):
        detail = detail[0][1]
    return detail


def _exception(children: Sequence[Element], code: str) -> Fault:
    """Name, text and message of an exception, under the names that releases have for them."""
    said = {name.lower(): content for name, content in children}
    message = said.get("message", "")
    if isinstance(message, list):
        said |= {name.lower(): content for name, content in message}
    key = next((_flat(said[name]) for name in ("name", "key", "exception") if name in said), "")
    text = next((_flat(said[name]) for name in ("text", "message") if name in said), "")
    return Fault(
        key=key.strip(),
        text=text.strip() or key.strip(),
        code=code,
        id=_flat(said.get("id", "")).strip(),
        number=_flat(said.get("number", "")).strip(),
    )


def _is_key(text: str) -> bool:
    """Whether it is the name of an ABAP exception: a word in capitals."""
    word = text.replace("_", "")
    return word.isascii() and word.isalnum() and text[:1].isalpha() and text == text.upper()
