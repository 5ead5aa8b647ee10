"""Pixels to lines of words: RapidOCR (PP-OCRv6 on onnxruntime), whose models lie in its wheel."""

import functools
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from sapmatch.model.errors import InputRejected
from sapmatch.ocr import second, upright
from sapmatch.pages.nouns import Box, Line, Quad, Word, part

if TYPE_CHECKING:
    from PIL.Image import Image

THREADS = 2


def read_lines(image: "Image") -> tuple[Line, ...]:
    """All printed lines of an RGB image, whichever way it lies.

    Raises InputRejected where the extra [ocr] is not installed.
    """
    extremes = cast("tuple[tuple[int, int], ...]", image.getextrema())
    if all(low == high for low, high in extremes):
        return ()  # an empty page, as scanners deliver them by the dozen
    quads, crops, turns = _detected(image)
    if turns:
        image = image.rotate(90 * turns, expand=True)
        quads, crops, _ = _detected(image)
    if not crops:
        return ()
    read = _engine().recognize_txt(crops)
    angle, size = upright.skew(quads), image.size
    lines = [
        Line(tuple(_words(text, details, quad, angle, size, turns)))
        for quad, text, details in zip(quads, read.txts, read.word_results, strict=True)
        if text.strip()
    ]
    return second.completed(lines, image, lambda quad: _placed(quad, angle, size, turns))


def require() -> None:
    """Raise InputRejected where the extra [ocr] is not installed."""
    for package in ("rapidocr", "onnxruntime", "PIL"):
        if find_spec(package) is None:
            raise InputRejected(f"reading pixels needs {package}: pip install 'sapmatch[ocr]'")


@functools.cache
def _engine() -> Any:
    require()
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _detected(image: "Image") -> tuple[list[Quad], list[Any], int]:
    """Lines as quads in pixels, their crops ready to be read, and how the page lies."""
    engine = _engine()
    import numpy
    from rapidocr.main import RapidOCRError
    from rapidocr.utils.process_img import map_boxes_to_original

    small, steps = engine.preprocess_img(numpy.asarray(image)[:, :, ::-1])
    try:
        crops, found = engine.detect_and_crop(small, steps)
    except RapidOCRError:  # its way to say that a page holds no text
        return [], [], 0
    crops, classes = engine.cls_and_rotate(crops)
    boxes = map_boxes_to_original(found.boxes, steps, image.height, image.width)
    quads: list[Quad] = [(tuple(a), tuple(b), tuple(c), tuple(d)) for a, b, c, d in boxes.tolist()]
    turned = (label == "180" and score > 0.9 for label, score in classes.cls_res)
    return quads, crops, upright.quarter_turns(quads, turned)


def _words(
    text: str, details: Any, quad: Quad, angle: float, size: tuple[int, int], turns: int
) -> Iterator[Word]:
    """The words of a line, placed by the columns in which the model saw their characters.

    A word is as sure as its least sure character: one wrong digit is a wrong amount.
    """
    columns = iter([column for word in details.word_cols for column in word])
    seen = [
        (char, next(columns, 0), sure)
        for char, sure in zip(text, details.confs, strict=True)
        if not char.isspace()
    ]
    step = details.line_txt_len / max(len(seen), 1)
    for word in text.split():
        mine, seen = seen[: len(word)], seen[len(word) :]
        first, last = mine[0][1], mine[-1][1]
        begin = max(first + 0.5 - step / 2, 0) / details.line_txt_len
        end = min((last + 0.5 + step / 2) / details.line_txt_len, 1)
        box, corners = _placed(part(quad, begin, end), angle, size, turns)
        sure = 100 * min(sure for _, _, sure in mine)
        yield Word(text=word, box=box, quad=corners, confidence=sure)


def _placed(quad: Quad, angle: float, size: tuple[int, int], turns: int) -> tuple[Box, Quad]:
    """Corners in pixels of the upright page as a word's box and its quad."""
    return upright.straight(quad, angle), upright.as_delivered(quad, size, turns)
