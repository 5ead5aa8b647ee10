"""Where the values of a document were found, drawn on its pages."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sapmatch.cli.output import percent
from sapmatch.model.errors import InputRejected
from sapmatch.model.invoice import Box, ReadResult
from sapmatch.reviewing.fields import in_words, shown, value_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

# Each has a contrast of at least 4.5 to 1 with white (WCAG 2.1, 1.4.3), as a text or as a ground.
_COLOURS = (
    "#b00020 #00639a #1b6e1b #8a4b00 #6a1b9a #00695c #ad1457 #37474f #283593 #5d4037"
).split()
_OF_LINES = "#616161"
_DPI = 130
_LONGEST_SIDE = 1800  # pixels of a drawn page
_LEGEND, _ROW, _MARGIN = 430, 40, 14
_TEXT, _TAG = 17, 13
_DARK = 160  # of 255: darker is print
Area = tuple[float, float, float, float]  # left, top, right, bottom in pixels


class Found(Struct, frozen=True, kw_only=True):
    """One value on a page."""

    field: str
    box: Box
    value: str
    confidence: float | None


def draw(name: str, results: Sequence[ReadResult], to: Path) -> list[Path]:
    """Draw the boxes of all values; returns the files: `to`, then `to` with the page in its name.

    Raises InputRejected where the document has no page to draw on, nothing was found on one, or
    what draws is not installed.
    """
    if to.suffix.lower() != ".png":
        raise InputRejected(f"--evidence: {to}: must be the name of a .png file")
    pages = _pages(results)
    if not pages:
        raise InputRejected(f"--evidence: {name}: {_why_none(results)}")
    _require()
    return [
        _saved(_drawn(_rendered(Path(name), page), pages[page], page), _file(to, page))
        for page in sorted(pages)
    ]


def _pages(results: Sequence[ReadResult]) -> dict[int, list[Found]]:
    """What was found, by page; the values of lines last."""
    pages: dict[int, list[Found]] = {}
    for result in results:
        for field in sorted(result.evidence, key=lambda field: field.startswith("lines[")):
            place = result.evidence[field]
            if place.page and place.box and result.invoice:
                value = value_of(result.invoice, field)
                found = Found(
                    field=field,
                    box=place.box,
                    value="" if value is None else shown(value),
                    confidence=result.confidence.get(field),
                )
                pages.setdefault(place.page, []).append(found)
    return pages


def _why_none(results: Sequence[ReadResult]) -> str:
    method = results[0].method
    if method == "xml":
        return "its values come from XML, not from a page; --json names the XPath of each"
    return "no value was found on its pages; read it without --evidence to see why"


def _require() -> None:
    try:
        import PIL  # noqa: F401 - what follows needs it
    except ImportError as exc:
        raise InputRejected(
            "--evidence: Pillow, which draws, is not installed; install sapmatch[ocr]"
        ) from exc


def _file(to: Path, page: int) -> Path:
    return to if page == 1 else to.with_stem(f"{to.stem}-{page}")


def _saved(image: "Image", to: Path) -> Path:
    try:
        image.save(to)
    except OSError as exc:
        raise InputRejected(f"--evidence: {to}: cannot be written ({exc.strerror})") from exc
    return to


def _rendered(file: Path, page: int) -> "Image":
    """The page as the engine saw it, small enough for a screen; its limits were checked before."""
    from PIL import Image, ImageOps

    with file.open("rb") as opened:
        is_pdf = b"%PDF-" in opened.read(1024)
    if is_pdf:
        return _fitting(_of_pdf(file, page))
    with Image.open(file) as image:
        image.seek(page - 1)
        layer = ImageOps.exif_transpose(image).convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return _fitting(Image.alpha_composite(white, layer).convert("RGB"))


def _of_pdf(file: Path, page: int) -> "Image":
    import pypdfium2

    with pypdfium2.PdfDocument(file) as document:
        sheet = document[page - 1]
        scale = min(_DPI / 72, _LONGEST_SIDE / max(*sheet.get_size(), 1))
        image: Image = sheet.render(scale=scale, may_draw_forms=False).to_pil()
        return image.convert("RGB")


def _fitting(image: "Image") -> "Image":
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return image


def _drawn(page: "Image", found: Sequence[Found], number: int) -> "Image":
    """The page with boxes and names, and the legend on its right."""
    from PIL import Image, ImageDraw

    named = [each for each in found if not each.field.startswith("lines[")]
    of_lines = [each for each in found if each.field.startswith("lines[")]
    height = max(page.height, _ROW * (len(named) + 3))
    sheet = Image.new("RGB", (page.width + _LEGEND, height), "white")
    sheet.paste(page)
    pen = ImageDraw.Draw(sheet)
    for each in of_lines:
        pen.rectangle(_grown(_area(each.box, page), 1), outline=_OF_LINES, width=1)
    taken = [_grown(_area(each.box, page), 2) for each in named]
    for index, each in enumerate(named):
        _mark(pen, page, each, _colour(index), taken)
    pen.line((page.width, 0, page.width, height), fill=_OF_LINES)
    _legend(pen, page.width + _MARGIN, named, len(of_lines), number)
    return sheet


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _area(box: Box, page: "Image") -> Area:
    left, top, width, height = box
    across, down = page.width, page.height
    return left * across, top * down, (left + width) * across, (top + height) * down


def _grown(area: Area, by: float) -> Area:
    left, top, right, bottom = area
    return left - by, top - by, max(right, left) + by, max(bottom, top) + by


def _mark(pen: "ImageDraw", page: "Image", found: Found, colour: str, taken: list[Area]) -> None:
    """A box, and its name beside it where it hides no other and as little print as possible."""
    area = _grown(_area(found.box, page), 2)
    pen.rectangle(area, outline=colour, width=2)
    font, words = _font(_TAG), in_words(found.field)
    width, height = pen.textlength(words, font=font) + 6, _TAG + 5
    places = _places(area, width, height, page)
    tag = min(places, key=lambda place: (_hits(place, taken), _ink(page, place)))
    taken.append(tag)
    pen.rectangle(tag, fill=colour)
    pen.text((tag[0] + 3, tag[1] + 1), words, fill="white", font=font)


def _places(area: Area, width: float, height: float, page: "Image") -> Iterator[Area]:
    """Above the box, below it, right and left of it, kept on the page."""
    left, top, right, bottom = area
    for x, y in ((left, top - height), (left, bottom), (right, top), (left - width, top)):
        across = min(max(x, 0), max(page.width - width, 0))
        down = min(max(y, 0), max(page.height - height, 0))
        yield across, down, across + width, down + height


def _hits(place: Area, taken: Sequence[Area]) -> int:
    return sum(
        place[0] < right and left < place[2] and place[1] < bottom and top < place[3]
        for left, top, right, bottom in taken
    )


def _ink(page: "Image", place: Area) -> int:
    """Dark pixels of the page there."""
    left, top, right, bottom = (round(side) for side in place)
    return sum(page.crop((left, top, right, bottom)).convert("L").histogram()[:_DARK])


def _legend(pen: "ImageDraw", left: int, named: Sequence[Found], lines: int, page: int) -> None:
    font, small = _font(_TEXT), _font(_TAG)
    pen.text((left, _MARGIN), f"Page {page}", fill="black", font=font)
    top = _MARGIN + _ROW
    for index, each in enumerate(named):
        pen.rectangle((left, top, left + 14, top + 14), fill=_colour(index))
        sure = "" if each.confidence is None else f", {percent(each.confidence)} sure"
        pen.text((left + 24, top - 3), f"{in_words(each.field)}{sure}", fill="black", font=small)
        pen.text((left + 24, top + 13), each.value[:58], fill=_colour(index), font=small)
        top += _ROW
    if lines:
        pen.rectangle((left, top, left + 14, top + 14), outline=_OF_LINES, width=1)
        pen.text((left + 24, top - 3), f"Lines: {lines} values", fill="black", font=small)


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
