"""Invoices as a scanner saw them: numbers misread, references and lines lost, words broken."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from benchmarks.matching import noise
from benchmarks.matching.kinds import Kind, Scene, truth
from benchmarks.matching.paper import Row, Truth, line, rows
from sapmatch.model.invoice import Invoice, InvoiceLine, Party
from sapmatch.model.match import POSTABLE, State

Found = Iterator[tuple[Invoice, Truth]]
_NEVER_POSTED = tuple(state for state in State if state not in POSTABLE)


def letters_in_number(scene: Scene) -> Found:
    """Letters for digits in order number and article numbers."""
    billed = rows(scene.purchasing.order())
    seen = noise.letters_for_digits(scene.chance, billed[0].order.id)
    yield _seen(scene, billed, order_references=(seen,)), truth(billed)


def other_digit(scene: Scene) -> Found:
    """One digit of the order number is another one: often that of somebody else's order."""
    billed = rows(scene.purchasing.order())
    seen = noise.other_digit(scene.chance, billed[0].order.id)
    yield _seen(scene, billed, order_references=(seen,)), truth(billed)


def no_reference(scene: Scene) -> Found:
    """The order number was not read, everything else was."""
    billed = rows(scene.purchasing.order(lines=scene.chance.randrange(2, 9)))
    yield scene.billed(billed, order_references=()), truth(billed)


def no_reference_and_noise(scene: Scene) -> Found:
    """The order number was not read, and the rest with mistakes."""
    billed = rows(scene.purchasing.order(lines=scene.chance.randrange(2, 9)))
    yield _seen(scene, billed, order_references=()), truth(billed)


def number_in_text(scene: Scene) -> Found:
    """The order number stands in the text of the first line, or in the buyer's reference."""
    billed = rows(scene.purchasing.order())
    number = billed[0].order.id
    text = f"Ihre Best. {number[:2]} {number[2:6]} {number[6:]}"
    lines = [line(n, row) for n, row in enumerate(billed, start=1)]
    if scene.chance.random() < 0.5:
        yield scene.billed(billed, order_references=(), buyer_reference=text), truth(billed)
        return
    first = replace(lines[0], description=f"{lines[0].description} {text}")
    lines = [first, *lines[1:]]
    yield scene.billed(billed, order_references=(), lines=lines), truth(billed)


def separators(scene: Scene) -> Found:
    """The order number is written with blanks or zeros, or with a word before it."""
    billed = rows(scene.purchasing.order())
    number = billed[0].order.id
    ways = (f"00{number}", f"{number[:4]} {number[4:]}", f"PO {number}", f"Bestellung {number}")
    yield scene.billed(billed, order_references=(scene.chance.choice(ways),)), truth(billed)


def broken_words(scene: Scene) -> Found:
    """Words and article numbers with mistakes, the order number right."""
    billed = rows(scene.purchasing.order())
    yield _seen(scene, billed), truth(billed)


def lost_line(scene: Scene) -> Found:
    """One line was not read: the sums show it."""
    billed = rows(scene.purchasing.order(lines=4))
    seen = scene.billed(billed)
    lines = list(seen.lines)
    del lines[scene.chance.randrange(4)]
    yield replace(seen, lines=tuple(lines)), Truth(states=(State.INVALID,), cause="TOTALS")


def wrong_quantity(scene: Scene) -> Found:
    """A quantity was misread, its amount was not: nobody may post that."""
    billed = rows(scene.purchasing.order(lines=3, quantity=scene.chance.choice((40, 150, 180))))
    lines = [line(n, row) for n, row in enumerate(billed, start=1)]
    quantity = Decimal(noise.other_digit(scene.chance, str(lines[0].quantity)))
    lines[0] = replace(lines[0], quantity=quantity)
    right = truth(billed)
    yield scene.billed(billed, lines=lines), replace(right, states=_NEVER_POSTED)


def wrong_amount(scene: Scene) -> Found:
    """One amount was misread: the sums show it."""
    billed = rows(scene.purchasing.order(lines=3))
    seen = scene.billed(billed)
    first = seen.lines[0]
    amount = Decimal(noise.other_digit(scene.chance, str(first.net)))
    if first.net is not None and abs(amount - first.net) > 1:
        lines = (replace(first, net=amount), *seen.lines[1:])
        yield replace(seen, lines=lines), Truth(states=(State.INVALID,), cause="TOTALS")


KINDS: dict[str, tuple[Kind, int]] = {
    "scan: letters in the order number": (letters_in_number, 6),
    "scan: another digit in the order number": (other_digit, 3),
    "scan: no reference": (no_reference, 6),
    "scan: no reference, noise": (no_reference_and_noise, 5),
    "number in a text": (number_in_text, 2),
    "number with separators": (separators, 2),
    "scan: broken words": (broken_words, 6),
    "scan: lost line": (lost_line, 1),
    "scan: wrong quantity": (wrong_quantity, 1),
    "scan: wrong amount": (wrong_amount, 1),
}


def _seen(scene: Scene, billed: Sequence[Row], **more: Any) -> Invoice:
    """The invoice with mistakes in every text, and often without VAT id and bank account."""
    chance = scene.chance
    lines = [_seen_line(scene, line(n, row)) for n, row in enumerate(billed, start=1)]
    whole = scene.billed(billed, lines=lines, **more)
    bare = chance.random() < 0.4
    name = whole.seller.name or ""
    seller = Party(
        name=noise.broken_words(chance, name) if chance.random() < 0.5 else name,
        vat_id=None if bare else whole.seller.vat_id,
    )
    return replace(whole, seller=seller, iban=None if bare else whole.iban)


def _seen_line(scene: Scene, one: InvoiceLine) -> InvoiceLine:
    chance = scene.chance
    article = one.seller_item_id or ""
    misread = noise.letters_for_digits(chance, article) if chance.random() < 0.5 else article
    return replace(
        one,
        description=noise.broken_words(chance, one.description or ""),
        seller_item_id=misread if chance.random() < 0.7 else None,
        unit=one.unit if chance.random() < 0.8 else None,
    )
