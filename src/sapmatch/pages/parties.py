"""Who sends the invoice and who gets it: labels, letterhead, address window and imprint."""

import re
from collections.abc import Iterator, Sequence, Set
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.pages import labels, layout, values
from sapmatch.pages.addresses import (
    CONTACT,
    COUNTRY,
    LEGAL_FORM,
    REGISTER,
    Address,
    addresses,
    is_aligned,
    is_town,
    named_parts,
    neighbour,
)
from sapmatch.pages.fields import NAMES, TAX_IDS, Field, Labelled, labelled_lines, labelled_parts
from sapmatch.pages.nouns import Box, Line

_TOP, _FOOT = 0.35, 0.85  # shares of the page's text: where letterheads end, imprints begin
_WINDOW = 0.5  # down to which an address window may stand
_SENDER = re.compile(r"\s[-–—·•●|*]\s?|,\s(?!\S+\.?$)|\s?[|•·●]\s?")
_REGISTERED = re.compile(r"\s*\(?\b(?=[\w-]*\d{4})[\dA-Z]{2,}(?:[- ]?[A-Z0-9]{1,2})?\)?$")
_GLUED_FORM = re.compile(r"(?<=[a-zà-ÿ])(?=(?:Sdn|GmbH|Ltd|Inc|LLC|SARL|SAS|Srl|SpA)\b)")
_NAME_LABEL = frozenset(
    map(labels.normal, "name nom naam nombre nome navn namn nazwa nazev nimi firma company".split())
)
_DOMAIN = re.compile(r"(?:@|www[.,]|https?://(?:www\.)?)([\w-]+(?:[.,][\w-]+)*)[.,][a-z]{2,}", re.I)
_MAILERS = frozenset(
    "gmail hotmail yahoo outlook gmx web icloud live aol orange t-online example localhost".split()
)
_NO_COMPANY = re.compile(
    r"\b(?:gln|attn|contact|z\.? ?hd|c/o|at[tc]\.)\b|://|^www\.", re.IGNORECASE
)
# Who answers the telephone, behind the company's name: `Example Service Clients`.
_DEPARTMENT = re.compile(
    r"\s+(?:service\s+(?:abonn|client|consommat)|customer\s+(?:service|care|support)|kunden(?:service"
    r"|dienst)|klantenservice|servizio\s+clienti|servicio\s+al\s+cliente|kundservice|kundeservice"
    r"|asiakaspalvelu|accounts?\s+(?:receivable|department)|billing\s+department)",
    re.IGNORECASE,
)
_LONGEST = 200  # characters of a line that may hold a name
_SLOGAN_WORDS = 6
_SLIP = 45  # letter heights that a till slip is wide
_RIGHT = 30  # heights that a name may stand to the right of its label
_BELOW, _LINES = 0.9, 4
_SURE, _WEAK = 95.0, 75.0
_CUSTOMERS = 2.6  # heights between a VAT id and the customer's number beside it


class _Head(Struct, frozen=True):
    """A name and the line that it stands in."""

    name: Line
    line: Line


def party_fields(lines: Sequence[Line], *, bottom: float = 0.0) -> list[Field]:
    """Names by their labels, else by where they stand.

    `bottom` is where the page's text ends, if others than these `lines` stand below.
    """
    known = addresses(lines)
    fields = list(_labelled(lines))
    receivers = _receivers(known, fields)
    vendor = [field for field in fields if field.type == "VENDOR_NAME"]
    buyer = [field for field in fields if field.type == "RECEIVER_NAME"]
    if not vendor:
        vendor = list(_vendors(lines, known, receivers, _words(buyer)))
        fields += vendor
    if not buyer:
        end = max([bottom, *(line.box.bottom for line in lines)])
        fields += _window(known, [field.value.text for field in vendor[:1]], end)
    return fields


def assigned(fields: Sequence[Field], lines: Sequence[Line]) -> Iterator[Field]:
    """The fields, tax numbers in the buyer's address or beside his customer number made his."""
    known = addresses(lines)
    names = {field.value.text for field in fields if field.type == "RECEIVER_NAME"}
    theirs = [address for address in known if _is_receivers(address, names)]
    customers = [field.value.box for field in fields if field.type == "CUSTOMER_NUMBER"]
    for field in fields:
        box = (field.label or field.value).box
        if field.type in ("VENDOR_VAT_NUMBER", "TAX_PAYER_ID") and any(
            _holds(address, field.value) for address in theirs
        ):
            yield replace(field, type="RECEIVER_VAT_NUMBER")
        elif field.type == "VENDOR_VAT_NUMBER" and any(_beside(box, at) for at in customers):
            yield replace(field, confidence=field.confidence * 0.6)
        else:
            yield field


def _is_receivers(address: Address, names: Set[str]) -> bool:
    if address.role:
        return address.role != "VENDOR_NAME"
    return any(line.text in names for line in address.lines)


def _holds(address: Address, value: Line) -> bool:
    box = address.box
    inside = box.top <= value.box.middle <= box.bottom + 3 * value.box.height
    return inside and box.overlap_x(value.box) > 0


def _beside(box: Box, customer: Box) -> bool:
    near = abs(box.middle - customer.middle) <= _CUSTOMERS * box.height
    return near and box.overlap_x(customer) > -4 * box.height


def _labelled(lines: Sequence[Line]) -> Iterator[Field]:
    """Names behind, below or to the right of a label."""
    cut, found = labelled_lines(lines)
    marked = {line for line, parts in found.items() if parts and named_parts(line)}
    for parts in found.values():
        for part in parts:
            if part.type in NAMES and (field := _name_field(part, cut, marked)):
                yield field


def _name_field(part: Labelled, lines: Sequence[Line], marked: Set[Line]) -> Field | None:
    if own := _names(Line(part.rest)) if part.rest else []:
        return _field(part, own[0], 1.0)
    if part.beside is None:
        return None
    under = list(_under(part, lines, marked))
    right = [line for line in layout.right_of(part.beside.box, lines)[:1] if line not in marked]
    near = [
        name
        for line in right
        if line.box.left - part.beside.box.right <= _RIGHT * line.box.height
        for name in _names(line)
    ]
    found = under or near
    return _field(part, found[0], _BELOW if under else 1.0) if found else None


def _under(part: Labelled, lines: Sequence[Line], marked: Set[Line]) -> Iterator[Line]:
    """Names below the label at its margin; numbers with labels of their own are passed over."""
    at = part.label
    for _ in range(_LINES):
        line = neighbour(at, lines, up=False)
        if line is None:
            return
        if line in marked or _is_label_of(line, lines):
            yield from _behind_name(line, lines)
        else:
            yield from _names(line)
        at = line


def _behind_name(line: Line, lines: Sequence[Line]) -> Iterator[Line]:
    """`Name: Example GmbH`, in one line or in two columns."""
    parts = labelled_parts(line)
    label = parts[0].label if parts else line
    if labels.normal(label.text) in _NAME_LABEL:
        rest = [Line(parts[0].rest)] if parts and parts[0].rest else []
        for value in rest or layout.right_of(line.box, lines)[:1]:
            yield from _names(value)


def _is_label_of(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a value that begins with a colon stands to the right."""
    return any(other.text.startswith(":") for other in layout.right_of(line.box, lines)[:1])


def _field(part: Labelled, name: Line, factor: float) -> Field:
    return Field(type=part.type, value=name, label=part.label, confidence=part.confidence * factor)


def _receivers(known: Sequence[Address], fields: Sequence[Field]) -> frozenset[Line]:
    """The lines of addresses that a label gives to the buyer or to a place of delivery."""
    names = {field.value.text for field in fields if field.type.startswith("RECEIVER")}
    return frozenset(
        line
        for address in known
        if _is_receivers(address, names)
        for line in (*address.lines, *address.more)
    )


def _names(line: Line) -> list[Line]:
    """The name in a line such as `Acme GmbH | Europa-Allee 1980 | Frankfurt`."""
    text = line.text
    if len(text) > _LONGEST or labels.is_heading(text) or named_parts(layout.unglued(line)):
        return []
    sender = _SENDER.search(text)
    head = layout.cut(line.words, 0, sender.start() if sender else len(text))
    if not head.words or _NO_COMPANY.search(head.text) or COUNTRY.fullmatch(head.text):
        return []
    for tail in (_DEPARTMENT, _REGISTERED):
        if (behind := tail.search(head.text)) and behind.start():
            head = layout.cut(head.words, 0, behind.start())
    found = values.values("name", head.words) if head.words else []
    return [_unglued(name) for name in found if _is_company(name.text)]


def _is_company(text: str) -> bool:
    """More than a legal form, and no tail of a name whose bracket opened in another line."""
    whole = text.count(")") <= text.count("(")
    return whole and len(labels.normal(LEGAL_FORM.sub("", text))) > 1


def _unglued(name: Line) -> Line:
    """The name with its legal form cut from the word before it."""
    pieces = []
    for word in name.words:
        glue = _GLUED_FORM.search(word.text)
        at = glue.start() if glue else len(word.text)
        spans = [(0, at), (at, len(word.text))]
        pieces += [piece for span in spans for piece in layout.cut((word,), *span).words]
    return Line(tuple(pieces))


def _vendors(
    lines: Sequence[Line], known: Sequence[Address], receivers: Set[Line], buyer: Set[str]
) -> Iterator[Field]:
    """The lines that read most like a letterhead, the best one first."""
    others = [line for line in lines if line not in receivers]
    if not others:
        return
    page = _Page.of(lines, known, receivers)
    heads = [
        _Head(name, line)
        for line in others
        if not is_town(line) or _is_sender(line)
        for name in _names(line)
    ]
    heads = [head for head in heads if buyer.isdisjoint(_first_word(head.name))]
    ranked = sorted(heads, key=lambda head: (-page.score(head), head.line.box.top))
    for head in ranked[:2]:
        score = page.score(head)
        if score >= 1.2:
            name = page.whole_name(head)
            sure = 45.0 + 10.0 * min(score, 4.5)
            yield Field(
                type="VENDOR_NAME",
                value=name,
                confidence=sure if head is ranked[0] else sure * 0.6,
            )


def _words(fields: Sequence[Field]) -> frozenset[str]:
    return frozenset(word for field in fields for word in _first_word(field.value))


def _first_word(name: Line) -> list[str]:
    """What tells a company from others: the first long word of its name."""
    plain = LEGAL_FORM.sub(" ", name.text)
    return [key for word in plain.split() if len(key := labels.normal(word)) > 3][:1]


def _is_sender(line: Line) -> bool:
    return bool(_SENDER.search(line.text))


class _Page(Struct, frozen=True):
    """What a name is judged by."""

    lines: tuple[Line, ...]
    top: float
    height: float
    letter: float
    heading: float  # the middle of the line that says INVOICE
    narrow: bool  # a till slip: one column
    domains: frozenset[str]
    blocks: tuple[Address, ...]
    tails: frozenset[Line]
    keys: tuple[str, ...]  # the normal forms of the lines
    first: Line | None  # the topmost name

    @classmethod
    def of(cls, lines: Sequence[Line], known: Sequence[Address], receivers: Set[Line]) -> "_Page":
        """The page's measures."""
        top, bottom = min(x.box.top for x in lines), max(x.box.bottom for x in lines)
        width = max(x.box.right for x in lines) - min(x.box.left for x in lines)
        headings = [x.box.middle for x in lines if labels.is_heading(x.text)]
        letter = median(x.box.height for x in lines)
        return cls(
            lines=tuple(lines),
            top=top,
            height=max(bottom - top, 1),
            letter=letter,
            heading=min(headings, default=bottom),
            narrow=width < _SLIP * letter,
            domains=frozenset(_domains(x for x in lines if x not in receivers)),
            blocks=tuple(x for x in known if not (set(x.lines) & set(receivers))),
            tails=frozenset(line for x in known for line in x.lines[1:]),
            keys=tuple(labels.normal(x.text) for x in lines),
            first=min((x for x in lines if _names(x)), key=lambda x: x.box.top, default=None),
        )

    def score(self, head: _Head) -> float:
        """How much a name looks like that of the sender; about 1 is the least."""
        name, line = head.name, head.line
        form = bool(LEGAL_FORM.search(name.text))
        key = labels.normal(name.text)
        again = sum(key in other for other in self.keys) > 1
        score = 1.5 if form else 0.0
        score += self._domain(name)
        score += 0.8 if line is self.first else 0.0
        score += 1.2 if _is_sender(line) and (is_town(line) or form) else 0.0
        score += 0.7 if again and len(key) > 4 else 0.0
        score += 0.8 * (min(line.box.height / self.letter, 3.0) - 1)
        score += self._place(line) + self._block(line)
        score -= 1.0 if len(name.words) > _SLOGAN_WORDS else 0.0
        return score - (0.7 if len(key) < 5 and not form else 0.0)

    def _domain(self, name: Line) -> float:
        """Whether a mail or web address is named after it, in full or in part."""
        words = [labels.normal(word) for word in re.split(r"[\s.]+", name.text)]
        whole = "".join(words)
        if any(domain in whole for domain in self.domains):
            return 2.0
        part = any(len(word) > 3 and word in domain for word in words for domain in self.domains)
        return 1.5 if part else 0.0

    def _place(self, line: Line) -> float:
        share = (line.box.middle - self.top) / self.height
        after = line.box.middle > self.heading and self.narrow
        if share < _TOP:
            return 1.0 - share / _TOP - (1.5 if after else 0.0)
        return 0.0 if share > _FOOT else -1.0

    def _block(self, line: Line) -> float:
        """A name on top of an address, the more so with contact data or register numbers."""
        for address in self.blocks:
            if line in address.lines[:1]:
                said = any(CONTACT.search(x.text) or REGISTER.search(x.text) for x in address.more)
                return 1.5 if said else 0.5
        return -0.7 if line in self.tails else 0.0

    def whole_name(self, head: _Head) -> Line:
        """The name with the next line, where only that one holds the legal form."""
        if LEGAL_FORM.search(head.name.text):
            return head.name
        under = [
            other
            for other in layout.below(head.line.box, self.lines)[:1]
            if is_aligned(head.line.box, other.box, 1.5 * other.box.height)
            and LEGAL_FORM.search(other.text)
            and not is_town(other)
            and other.box.height > 0.6 * head.line.box.height
        ]
        more = [name for line in under for name in _names(line)]
        return Line(head.name.words + more[0].words) if more else head.name


def _domains(lines: Iterator[Line]) -> Iterator[str]:
    for line in lines:
        for match in _DOMAIN.finditer(line.text):
            name = labels.normal(re.split(r"[.,]", match[1])[-1])
            if len(name) > 2 and name not in _MAILERS:
                yield name


def _is_registered(line: Line) -> bool:
    """A number of a register, not of the tax office: that one is printed for buyers as well."""
    taxed = any(part.type in TAX_IDS for part in labelled_parts(line))
    return bool(REGISTER.search(line.text)) and not taxed


def _window(known: Sequence[Address], vendors: Sequence[str], bottom: float) -> Iterator[Field]:
    """The name in the first address that is not the sender's."""
    sellers = [labels.normal(vendor) for vendor in vendors]
    for address in known:
        over = [
            line
            for line in address.lines[:-1]
            if not any(seller in labels.normal(line.text) for seller in sellers)
        ]
        theirs = len(over) < min(len(address.lines) - 1, 2)
        names = [name for line in over for name in _names(line)[:1]][:1]
        registered = any(map(_is_registered, address.more))
        placed = address.box.top < _WINDOW * bottom and address.role in (None, "RECEIVER_ADDRESS")
        if placed and names and not theirs and not registered:
            sure = 70.0 if sellers else 55.0
            yield Field(type="RECEIVER_NAME", value=names[0], confidence=sure)
            return
