"""Order numbers on paper: the buyer's, and the seller's own that must not be taken for it."""

import functools
import re
from collections.abc import Iterator, Sequence

from sapmatch.pages import labels
from sapmatch.reading.codes import order_references
from sapmatch.reading.slip import Seen, Slip

_NUMBER = (
    r"(?:no|nos|nr|nrs|num|number|numbers|nummer|nummern|numero|n[uú]mero|numer|[cč][ií]slo|id|ref"
    r"|reference|n[°ºo]?|č|#)"
)
# The buyer's order, by language: en de fr nl es it pt pl cs da sv nb fi.
_BUYER = re.compile(
    r"purchase\s*-?order|\bp\.?\s?o\.?(?![a-z])"
    r"|(?:your|customer|client|cust\.?|buyer'?s?)\s+(?:purchase\s+)?order"
    r"|\border\s+(?:ref(?:erence)?|placed|dated)\b"
    r"|(?:ihre|kunden)?-?\s?bestell|kundenauftrag|ihre?n?\s+auftrag|\bbest\.?-?\s?(?:nr|no)\b"
    r"|bon\s+de\s+commande|(?:votre|v/)\s*(?:r[eé]f\.?\s*)?commande|\bbdc\b"
    r"|n[°ºo]?\.?\s*(?:de\s+)?commande|r[eé]f(?:[eé]rence)?\.?\s+(?:de\s+)?(?:la\s+)?commande"
    r"|commande\s+(?:client|n[°ºo])|uw\s+(?:order|bestel)|bestelnummer|bestelbon|inkoop-?\s?order"
    r"|orden\s+de\s+compra|(?:su\s+|n[°ºo]\.?\s*(?:de\s+)?|n[uú]mero\s+de\s+)pedido"
    r"|pedido\s+(?:de\s+)?(?:cliente|compra)"
    r"|ordine\s+d.?\s?acquisto|ordine\s+di\s+acquisto|(?:vs\.?|vostro|rif\.?)\s+ordine"
    r"|\boda\b|nota\s+de\s+encomenda|(?:v/|vossa)\s*encomenda|ordem\s+de\s+compra"
    r"|n[°ºo]?\.?\s*(?:de\s+)?encomenda"
    r"|zam[oó]wieni|objedn[aá]vk|[cč][ií]slo\s+objedn|indk[oø]bsordre|jeres\s+ordre|rekvisition"
    r"|(?:er[st]?|ert|kundens)\s+(?:order|best)|ink[oö]psorder|best[aä]llnings|deres\s+(?:ordre|best)"
    r"|innkj[oø]psordre|bestillings?(?:nr|nummer)|kundens\s+ordre|ostotilau|tilausnumero|tilauksenne",
    re.IGNORECASE,
)
_SELLER = re.compile(
    r"sales\s*-?order|our\s+order|(?<!kunden)(?<!ihre )(?<!ihren )auftrag(?!geber)|order-?\s?nummer"
    r"|onze\s+order|verkoop-?\s?order|(?:notre|n/)\s*commande|order\s*confirmation|web\s*-?order"
    r"|^order\b(?!\s+(?:ref|placed|dated))|unsere?\s+auftrag|nuestro\s+pedido|nostro\s+ordine"
    r"|ns\.?\s+ordine|nossa\s+encomenda|v[aå]rt?\s+order|v[aå]r\s+ordre|vores\s+ordre|salgsordre"
    r"|myyntitilau|s[aä]ljorder|zakázk|zlecenie|(?<!deres )(?<!jeres )(?<!kundens )\bordre-?\s?nr"
    r"|(?<!ert )(?<!er )(?<!kundens )\border-?nr|conferma\s+d.?\s?ordine|nasz[ae]?\s+zam[oó]w"
    r"|na[sš]e\s+objedn|n/\s*encomenda|\b(?:our|unsere?|notre|n/|onze|ons|nuestr[oa]|nostr[oa]|nossa|ns"
    r"|v[aå]r|vores|nasz|na[sš]e)\.?\s*(?:r[eé]f|rif|order|kenmerk|viite)|viitteemme",
    re.IGNORECASE,
)
_ORDER = r"(?=[^\s,;]*\d)[A-Za-z0-9][A-Za-z0-9/_.\-]{2,39}"
_TOKENS = re.compile(_ORDER)
_BEHIND = re.compile(
    rf"[^\W\d]{{0,12}}[\s.\-]{{0,3}}(?:{_NUMBER}(?!\w))?[\s.:#(°º]{{0,5}}({_ORDER})", re.IGNORECASE
)
_MORE = re.compile(rf"\s*(?:,|;|/|&|\+|and|und|et|en|y|e|i|a|och|og|ja)\s*({_ORDER})", re.I)
# SAP numbers purchase orders 45xxxxxxxx by default: near a word for orders such a number is one.
_STANDARD = re.compile(r"(?<![\w.,+/-])45\d{8}(?![\w,/-]|\.\d)", re.ASCII)
_NEAR = re.compile(
    r"order|bestell|commande|bestel|pedido|ordine|compra|encomenda|zam[oó]w|objedn|ordre|tilau",
    re.I,
)
_OURS = re.compile(
    r"\b(?:sales|our|unser|notre|n/|onze|nuestr|nostr|nossa|v[aå]rt?\b|vores|nasz|na[sš]e|meid[aä]n)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_PLACEHOLDER = re.compile(
    r"verbal|phone|telef\w*|e-?mail|siehe.*|see.*|voir.*|n\.?/?a\.?|none|keine?|tbd|unknown"
    r"|various|diverse?s?|0+|x+",
    re.IGNORECASE,
)
_DATE_LABEL = re.compile(r"dat(?:e|um|a|o)\b|fecha|p[aä]iv|vom$", re.IGNORECASE)
_SELLER_ONLY = re.compile(rf"{_OURS.pattern}|auftrag|confirm|best[aä]tig", re.IGNORECASE)
_OWN_PREFIX = re.compile(r"PO-?\d[\w/.\-]{0,37}")  # the letters are part of the number
_ADDRESS = re.compile(r"\bp\.?\s?o\.?\s*box", re.IGNORECASE)
_MAX_ORDERS = 90
_MAX_IN_LINE = 20
_MAX_FIELDS = 200
_SHORT = 24  # characters of a reference that begins with words: `SALES REF 4711`
_MAX_LINES = 2000
_SHORTEST = 4  # characters of a label that is looked up on the page


def buyer_orders(slip: Slip) -> list[tuple[str, Seen]]:
    """Each order number once with the field or the line that shows it."""
    found: dict[str, Seen] = {}
    for field, label in _named(slip):
        if _is_buyers(field, label):
            for number in _tokens(field.text):
                found.setdefault(number, field)
    for line in slip.printed:
        for number in _in_text(line.text):
            found.setdefault(number, line)
    return [(number, found[number]) for number in order_references(*found)][:_MAX_ORDERS]


def seller_order(slip: Slip) -> tuple[str, Seen] | None:
    """The seller's own order number (BT-14), with the words that are printed before it."""
    for field, label in _named(slip):
        numbers = list(_tokens(field.text)) if _is_sellers(label) else []
        if numbers:
            whole = " ".join(field.text.split())
            short = len(numbers) == 1 and len(whole) <= _SHORT and whole.endswith(numbers[0])
            return whole if short else numbers[0], field
    return None


def _named(slip: Slip) -> list[tuple[Seen, str]]:
    """Fields that may show an order, with the words before the label that tell whose it is."""
    fields = [
        field
        for field in slip.of("PO_NUMBER", "OTHER")
        if field.type == "PO_NUMBER" or _BUYER.search(field.label) or _is_sellers(field.label)
    ]
    printed = {field.label for field in fields[:_MAX_FIELDS]}
    whole = {label: _whole(label, slip.lines[:_MAX_LINES]) for label in printed}
    return [(field, whole[field.label]) for field in fields[:_MAX_FIELDS]]


def _is_buyers(field: Seen, label: str) -> bool:
    if _BUYER.search(label) and not _is_sellers(label):
        return not _DATE_LABEL.search(label) and not _ADDRESS.search(label)
    return field.type == "PO_NUMBER" and not _SELLER.search(label)


def _is_sellers(label: str) -> bool:
    if _BUYER.search(label) and not _OURS.search(label):
        return False
    return bool(_SELLER.search(label)) or _meaning(label) == labels.SALES_ORDER


@functools.lru_cache(maxsize=1000)
def _meaning(label: str) -> str | None:
    """What the vocabulary of the pages says that the label stands for."""
    known = labels.find(label.split()[: labels.LONGEST], 0, labels.summary_types)
    return known.type if known else None


def _whole(label: str, lines: Sequence[str]) -> str:
    """`Ert ordernr` where an engine gave only `ordernr`."""
    shown = label.rstrip(" :.")
    if len(shown) < _SHORTEST:
        return label
    wider = re.compile(rf"(?:\S{{1,12}}\s){{1,2}}{re.escape(shown)}(?=[\s:.]|$)", re.IGNORECASE)
    return next((match.group() for line in lines if (match := wider.match(line))), label)


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKENS.finditer(text):
        number = match.group().rstrip(".-/")
        if _is_number(number):
            yield number


def _is_number(number: str) -> bool:
    return not (_DATE.fullmatch(number) or _PLACEHOLDER.fullmatch(number))


def _in_text(line: str) -> Iterator[str]:
    """`Bestellung Nr. 4711 und 4712 vom 1.3.2026`: the tokens right behind the words."""
    if _ADDRESS.search(line) or _OURS.match(line):
        return
    for label in _BUYER.finditer(line):
        if own := _OWN_PREFIX.match(line, label.start()):
            yield from _tokens(own.group())
            continue
        behind = _BEHIND.match(line, label.end())
        for _ in range(_MAX_IN_LINE):
            if behind is None:
                break
            yield from _tokens(behind[1])
            behind = _MORE.match(line, behind.end())
    if _NEAR.search(line) and not _SELLER_ONLY.search(line):
        yield from _STANDARD.findall(line)
