"""Damaged and hostile documents: every one ends in an outcome, soon, and the process lives on.

PDFium is native code: whatever it does to the process, it does to a child that is given some time.
"""

import faulthandler
import os
import random
import resource
import struct
import time
import zlib
from collections.abc import Iterator
from multiprocessing import get_context

import pytest

from sapmatch.reading import ReadLimits, read_document
from tests.builders.pages import INVOICE
from tests.builders.reading import (
    PAGE_OBJECTS,
    fixture,
    invoice_page,
    jpeg,
    owner_protected,
    pdf,
    png,
    printed,
    raw_pdf,
    read,
    stream,
    tiff,
)

SEEDS = int(os.environ.get("SAPMATCH_PROOF_SEEDS", "2000")) // 20  # each reads whole documents
pytestmark = pytest.mark.timeout(900)
SECONDS = 5  # for one document, on a busy machine
BYTES = 2_000_000_000  # of address space, libraries included
PAGE = "Rechnung FX-2026-4711\nDatum 02.03.2026\nGesamtbetrag 77,35 EUR"
XML = fixture("invoice-cii.xml").encode()
HYBRID = pdf(PAGE, attachments={"factur-x.xml": XML})
PDFS = (HYBRID, owner_protected(HYBRID), printed(INVOICE), printed(INVOICE, [], INVOICE))
IMAGES = (png(), jpeg(9, 9), tiff((9, 9), (8, 8)), tiff((9, 9), circle=True))
# Tokens that make a PDF of another one: references, limits, lengths, filters, kinds of objects.
TOKENS = (
    b"1 0 R", b"2 0 R", b"3 0 R", b"99 0 R", b"-1", b"0", b"4294967296", b"<<", b">>", b"[", b"]",
    b"/Kids", b"/Count", b"/Length", b"/Filter", b"/FlateDecode", b"/LZWDecode", b"/Parent",
    b"/Names", b"/EmbeddedFiles", b"/EF", b"/AF", b"/Type", b"/Subtype", b"/Form", b"/Contents",
    b"stream\n", b"\nendstream", b"endobj", b" obj", b"xref", b"trailer", b"startxref", b"/Prev",
)  # fmt: skip


def _bytes_changed(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _piece_moved(data: bytes, chance: random.Random) -> bytes:
    begin, end = sorted(chance.randrange(len(data)) for _ in range(2))
    target = chance.randrange(len(data))
    return data[:target] + data[begin : min(end, begin + 500)] + data[target:]


def _cut(data: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(data))
    return data[:begin] + data[begin + chance.choice((1, 20, 400)) :]


def _token_placed(data: bytes, chance: random.Random) -> bytes:
    at = data.find(chance.choice((b"/", b" ", b"\n", b"<<")), chance.randrange(len(data)))
    return data[:at] + chance.choice(TOKENS) + data[at + chance.choice((0, 3)) :]


def _content_drawn(_data: bytes, chance: random.Random) -> bytes:
    """A page of random operators, packed."""
    words = [b"q", b"Q", b"BT", b"ET", b"(R-17 119,00)", b"Tj", b"1 0 0 1 9 9 cm", b"/X Do", b"9",
             b"[", b"]", b"/F 9 Tf", b"3 Tr", b"BI", b"ID", b"EI", b"9 9 Td", b"0 0 9 9 re", b"f",
             b"/P gs", b"/C cs", b"n", b"W", b"-1e99", b"<</A 1>>", b"BDC", b"EMC"]  # fmt: skip
    content = b" ".join(chance.choice(words) for _ in range(chance.choice((10, 1000))))
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"
    forms = stream(b"/X Do " * chance.randrange(20) + content, form)
    return raw_pdf(*PAGE_OBJECTS, stream(content, packed=chance.randrange(3)), forms)


WAYS = (_bytes_changed, _piece_moved, _cut, _token_placed, _content_drawn)


def _damaged(seed: int) -> bytes:
    chance = random.Random(seed)
    data = chance.choice(PDFS)
    for _ in range(chance.choice((1, 1, 4))):
        data = chance.choice(WAYS)(data, chance)
    return data


def _read_all(first: int, last: int) -> None:
    """In the child: the seed that does harm is printed, by time limit and by signal."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    for seed in range(first, last):
        data, started = _damaged(seed), time.monotonic()
        try:
            _judge(data)
        except BaseException as exc:
            raise AssertionError(f"seed {seed}") from exc
        assert time.monotonic() - started < SECONDS, f"seed {seed} takes too long"


def _judge(data: bytes) -> None:
    for documents in (None, [invoice_page()]):
        result = read(data, documents=documents)
        assert result.outcome == "read" or result.problems or result.parts
        assert result.outcome != "read" or result.invoice or result.parts


def test_damaged_pdfs_end_in_an_outcome() -> None:
    """Bytes, pieces, cross-references, names, streams and operators, changed at random."""
    child = get_context("spawn").Process(target=_read_all, args=(0, SEEDS))
    child.start()
    child.join(timeout=60 + SEEDS / 5)
    alive = child.is_alive()
    child.kill()
    child.join()
    assert not alive, "a document hangs"
    assert child.exitcode == 0


@pytest.mark.parametrize("data", IMAGES)
def test_damaged_headers_of_images_end_in_an_outcome(data: bytes) -> None:
    for seed in range(SEEDS):
        chance = random.Random(seed)
        changed = chance.choice((_bytes_changed, _piece_moved, _cut))(data, chance)
        started = time.monotonic()
        _judge(changed)
        assert time.monotonic() - started < 1, seed


def test_directories_of_a_tiff_in_circles_end() -> None:
    """Every chain of directories that fits into a small file, valid or not."""
    for seed in range(SEEDS):
        chance = random.Random(seed)
        data = bytearray(tiff(*[(9, 9)] * 5))
        for index in range(5):
            target = chance.choice((0, 4, 8, 38, 68, 98, 128, 2**32 - 1, chance.randrange(200)))
            struct.pack_into("<I", data, 8 + 30 * index + 26, target)
        _judge(bytes(data))


def _bombs() -> Iterator[tuple[str, bytes]]:
    yield "content", raw_pdf(*PAGE_OBJECTS, stream(b"q\n" * 10_000_000, packed=1), stream(b""))
    yield "packed twice", raw_pdf(*PAGE_OBJECTS, stream(bytes(50_000_000), packed=2), stream(b""))
    yield "many streams", raw_pdf(*PAGE_OBJECTS, *[stream(zlib.compress(bytes(10**6)))] * 5000)
    yield "keywords", b"%PDF-1.7\n" + b"stream\n" * 1_000_000 + b"startxref\n0\n%%EOF"
    yield "objects", b"%PDF-1.7\n" + b"1 0 obj\n" * 1_000_000 + b"startxref\n0\n%%EOF"
    yield "arrays", raw_pdf(*PAGE_OBJECTS, stream(b"[" * 3_000_000, packed=1), stream(b""))
    yield "circle of pages", raw_pdf(PAGE_OBJECTS[0], b"<</Type/Pages/Kids[2 0 R]/Count 9>>")


@pytest.mark.parametrize(("name", "data"), [pytest.param(*bomb, id=bomb[0]) for bomb in _bombs()])
def test_bombs_are_refused_within_a_moment(name: str, data: bytes) -> None:
    started = time.monotonic()
    result = read_document(data, name=name, limits=ReadLimits(), analyse=None)
    assert result.outcome in ("reject", "needs-review")
    assert time.monotonic() - started < 2
