"""Address blocks: a line with postal code and town, and the lines that stand over it.

The name is the topmost of them; phone, mail and register below belong to the same party.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.pages import labels, values
from sapmatch.pages.fields import AMOUNTS, NAMES, SHAPES, Labelled, labelled_parts
from sapmatch.pages.nouns import Box, Line, around

LEGAL_FORM = re.compile(
    r"(?<!\w)(?:g?gmbh(?: ?& ?co\.?(?: ?kg(?:aa)?)?)?|ag|se|kg|ohg|gbr|ug|e\.? ?k\.?|ltd|limited"
    r"|llc|l\.l\.c|llp|inc|corp(?:oration)?|company|plc|s\.? ?a\.? ?r\.? ?l|s\.?a\.?s\.?u?|eurl"
    r"|sprl|s\.a|b\.? ?v|n\.? ?v|v\.?o\.?f|s\.? ?r\.? ?l\.?s?"
    r"|s\.? ?p\.? ?a|s\.?n\.?c|s\.? ?l(?:\.? ?u)?"
    r"|lda|unipessoal|sp\.? ?z ?o\.? ?o|sp\.? ?[jk]|s\.? ?r\.? ?o|a\.? ?s|v\.o\.s|ab|a/s|aps|ivs|as"
    r"|asa|oyj?|ky|tmi|sdn\.?(?: ?bhd)?|bhd|s/b|pty|pte|kft|zrt|d\.o\.o|ood|eood)\.?(?!\w)",
    re.IGNORECASE,
)
_COUNTRIES = (
    "germany|deutschland|france|frankreich|austria|[öo]sterreich|switzerland|schweiz|suisse|italy"
    "|italia|italien|spain|espa[ñn]a|spanien|portugal|netherlands|nederland|belgium|belgi[eë]"
    "|belgique|poland|polska|czech republic|[čc]esk[áa] republika|denmark|danmark|sweden|sverige"
    "|norway|norge|finland|suomi|united kingdom|great britain|england|ireland|usa|u\\.s\\.a\\.?"
    "|united states(?: of america)?|canada|australia|malaysia|singapore|india|luxembourg"
)
COUNTRY = re.compile(rf"(?:.*[,\s])?(?:{_COUNTRIES})\W*", re.IGNORECASE)
_TOWN = r"[A-ZÀ-Ž][^\W\d_]"
_POSTAL = re.compile(
    rf"(?:^|[,;•|·–-]\s?|\s)(?:[A-Z]{{1,3}}[ -])?(?:\d{{5}}|\d{{4}}(?: ?[A-Z]{{2}}(?![A-Z]))?"
    rf"|\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}}|\d{{3}} \d{{2}})[,.]? ?{_TOWN}"
    rf"|{_TOWN}[^\d]*[,.\s]\s?[A-Z]{{2,3}}\.?,?\s+\d{{4,5}}(?:-\d{{4}})?\b"
    r"|\b[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b"
)
CONTACT = re.compile(
    r"\b(?:tel|t[ée]l[ée]?(?:phone|fon|fono)?|fon|fax|phone|mobile?|e-?mail|mail|www|web|internet"
    r"|puh|tlf|tfn|telf?)\b|@\S|https?:|\+\d{2}[ \d(]|\(\d{3}\) ?\d{3}",
    re.IGNORECASE,
)
REGISTER = re.compile(
    r"\b(?:hrb|hra|h ?r ?[ab]\b|amtsgericht|registergericht|handelsreg\w*|gesch[äa]ftsf\w*|rcs"
    r"|siret|siren|capital|cap\. ?soc|rea|kvk|cvr|krs|regon|company no"
    r"|company reg\w*|reg\.? ?no|roc|registered"
    r"|gst|sst|vorstand|iban|bic|swift|org\.? ?nr)\b",
    re.IGNORECASE,
)
_UP, _DOWN = 8, 8  # lines over the town, and under it
_FAR = 3.4  # heights between the middles of two lines of one address
_ASIDE = 1.3  # heights that lines of one block may start (or be centred) apart
_LONGEST = 80
_MOST = 50  # addresses on a page


class Address(Struct, frozen=True):
    """An address: the lines down to the town, those of contact data, and what labels it."""

    lines: tuple[Line, ...]
    more: tuple[Line, ...]
    role: str | None  # a type of name, where a label stands over it

    @property
    def box(self) -> Box:
        """Around all lines."""
        return around([line.box for line in (*self.lines, *self.more)])


def is_town(line: Line) -> bool:
    """Whether a line holds a postal code with its town, or ends with a country."""
    text = line.text
    return len(text) <= _LONGEST and bool(_POSTAL.search(text) or COUNTRY.fullmatch(text))


def named_parts(line: Line) -> list[Labelled]:
    """The labels of a line; a company may be called like a sum: `Total Example SA`."""
    parts = labelled_parts(line)
    company = LEGAL_FORM.search(line.text) and not any(char.isdigit() for char in line.text)
    return [part for part in parts if not company or part.type not in AMOUNTS]


def addresses(lines: Sequence[Line]) -> list[Address]:
    """All addresses of a page from top to bottom; every line belongs to one at most."""
    found: list[Address] = []
    taken: set[Line] = set()
    for line in sorted(lines, key=lambda line: line.box.top):
        if line in taken or not is_town(line) or len(found) >= _MOST:
            continue
        role, over = _over(line, [other for other in lines if other not in taken])
        under = tuple(_under(line, [other for other in lines if other not in taken]))
        if over or role:
            block = around([other.box for other in (*over, line)])
            role = role or _role_over(block, lines)
            found.append(Address((*over, line), under, role))
            taken |= {*over, line, *under}
    return found


def _over(town: Line, lines: Sequence[Line]) -> tuple[str | None, list[Line]]:
    """The label over the address, if any, and the lines between, top down."""
    found: list[Line] = []
    at = town
    for _ in range(_UP):
        above = neighbour(at, lines, up=True)
        if above is None or labels.is_heading(above.text) or is_town(above):
            break
        parts = named_parts(above)
        if parts and parts[0].type in NAMES:
            return parts[0].type, _with_own(parts[0], found)
        if parts and (SHAPES[parts[0].type] in ("amount", "date") or _is_number(parts[0])):
            break
        if not parts and (values.values("date", above.words) or _ends_with_amount(above)):
            break
        found.insert(0, above)
        at = above
    return None, found


def _ends_with_amount(line: Line) -> bool:
    """`Level 3, 88 High Street` holds none."""
    amounts = values.values("amount", line.words)
    return bool(amounts) and amounts[-1].box.right >= line.words[-1].box.left


def _role_over(box: Box, lines: Sequence[Line]) -> str | None:
    """The label of an address whose heading is centred over it."""
    for line in lines:
        gap = box.top - line.box.bottom
        middle = (line.box.left + line.box.right) / 2
        if -0.2 * line.box.height < gap < 1.5 * line.box.height and box.left < middle < box.right:
            parts = labelled_parts(line)
            if parts and parts[0].type in NAMES and not parts[0].rest:
                return parts[0].type
    return None


def _is_number(part: Labelled) -> bool:
    return SHAPES[part.type] == "id"


def _with_own(part: Labelled, found: list[Line]) -> list[Line]:
    """`Bill to: Example Corp` holds the name itself."""
    return [Line(part.rest), *found] if values.values("name", part.rest) else found


def _under(town: Line, lines: Sequence[Line]) -> Iterator[Line]:
    """Country, contact data and register numbers below the town."""
    at = town
    for _ in range(_DOWN):
        below = neighbour(at, lines, up=False)
        if below is None or labels.is_heading(below.text):
            return
        parts = labelled_parts(below)
        tax_id = bool(parts) and SHAPES[parts[0].type] == "tax-id"
        text = below.text
        if not (tax_id or COUNTRY.fullmatch(text) or CONTACT.search(text) or REGISTER.search(text)):
            return
        yield below
        at = below


def neighbour(line: Line, lines: Sequence[Line], *, up: bool) -> Line | None:
    """The nearest line over or under another one in the same block."""
    box, height = line.box, line.box.height
    near = []
    for other in lines:
        gap = box.middle - other.box.middle if up else other.box.middle - box.middle
        smaller = max(min(height, other.box.height), 1e-6)
        if 0.4 * smaller < gap <= _FAR * max(height, other.box.height) and is_aligned(
            box, other.box, _ASIDE * max(height, other.box.height)
        ):
            near.append((gap, other))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def is_aligned(box: Box, other: Box, slack: float) -> bool:
    """Whether two lines start at one margin or share their middle."""
    centred = abs(box.left + box.right - other.left - other.right) / 2
    return min(abs(box.left - other.left), centred) <= slack and box.overlap_x(other) > -slack
