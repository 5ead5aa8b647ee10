"""E-invoices by chance: what is written is read, and what is broken ends in a result, in time."""

import os
import time
from collections.abc import Callable
from random import Random

import pytest
from msgspec.structs import replace

from sapmatch.model.invoice import Invoice
from tests.builders.einvoice_cii import cii
from tests.builders.einvoice_ubl import ubl
from tests.builders.einvoices import invoice_of_seed
from tests.builders.reading import fixture, read

SEEDS = int(os.environ.get("SAPMATCH_PROOF_SEEDS", "1200")) // 20  # each reads whole documents
pytestmark = pytest.mark.timeout(900)
SECONDS = 5  # for one document, on a busy machine
WRITERS = (ubl, cii)
_VALUES = (
    *("", "NaN", "-INF", "1e9", "9" * 18, "9" * 400, "0." + "0" * 29 + "1", "-0.005", "1,5"),
    *("٣", "#MULTI#", "2026-02-30", "99999999", "0000-00-00", "�", "\u202e", "a" * 100_000),
)
_ENCODINGS = ("utf-16", "utf-32", "utf-8-sig", "latin-1", "cp037", "utf-7")


@pytest.mark.parametrize("writer", WRITERS)
def test_every_invoice_is_read_as_it_was_written(writer: Callable[[Invoice], bytes]) -> None:
    for seed in range(SEEDS):
        invoice = invoice_of_seed(seed)
        result = read(writer(invoice))
        assert (result.outcome, result.problems) == ("read", ()), seed
        assert result.invoice == invoice, seed


@pytest.mark.parametrize("writer", WRITERS)
def test_a_changed_sum_is_always_found(writer: Callable[[Invoice], bytes]) -> None:
    """BR-CO-10, BR-CO-13 to BR-CO-16."""
    for seed in range(SEEDS):
        invoice, chance = invoice_of_seed(seed), Random(seed)
        field = chance.choice(("line_total", "net", "tax", "total", "payable"))
        changed = replace(invoice, **{field: getattr(invoice, field) + chance.choice((1, -1, 7))})
        result = read(writer(changed))
        assert "TOTALS" in {problem.code for problem in result.problems}, (seed, field)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_damage_is_a_crash_or_a_hang(writer: Callable[[Invoice], bytes], seed: int) -> None:
    chance = Random(seed)
    data = writer(invoice_of_seed(seed))
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(_DAMAGES)(data, chance)
    started = time.monotonic()
    result = read(data)
    assert time.monotonic() - started < SECONDS
    assert result.outcome == "read" or result.problems


def test_older_names_are_damaged_as_safely() -> None:
    """ZUGFeRD 1.0."""
    for seed in range(SEEDS):
        chance = Random(seed)
        data = chance.choice(_DAMAGES)(fixture("invoice-zugferd-1.xml").encode(), chance)
        result = read(data)
        assert result.outcome == "read" or result.problems


def _bytes_flipped(data: bytes, chance: Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 20)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _cut(data: bytes, chance: Random) -> bytes:
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:start] + data[end:]


def _repeated(data: bytes, chance: Random) -> bytes:
    start, end = _element(data, chance)
    return data[:end] + data[start:end] * chance.randint(1, 50) + data[end:]


def _dropped(data: bytes, chance: Random) -> bytes:
    start, end = _element(data, chance)
    return data[:start] + data[end:]


def _nested(data: bytes, chance: Random) -> bytes:
    start, end = _element(data, chance)
    depth = chance.choice((1, 40, 3000))
    return data[:start] + b"<a>" * depth + data[start:end] + b"</a>" * depth + data[end:]


def _renamed(data: bytes, chance: Random) -> bytes:
    start, end = _element(data, chance)
    if start == end:
        return data
    name = data[start + 1 : data.index(b">", start)].split()[0]
    return data.replace(name, chance.choice((b"ID", b"Invoice", b"x:y", b"LineTotalAmount")))


def _valued(data: bytes, chance: Random) -> bytes:
    start = data.find(b">", chance.randrange(len(data)))
    end = data.find(b"</", start)
    if start < 0 or end < 0:
        return data
    return data[: start + 1] + chance.choice(_VALUES).encode() + data[end:]


def _encoded(data: bytes, chance: Random) -> bytes:
    return data.decode("utf-8", "replace").encode(chance.choice(_ENCODINGS), "replace")


def _element(data: bytes, chance: Random) -> tuple[int, int]:
    """From the start of an element to an end of one of its name, or of nothing."""
    start = data.find(b"<", chance.randrange(len(data)))
    if start < 0 or data.find(b">", start) < 0:
        return 0, 0
    name = data[start + 1 : data.find(b">", start)].split(b" ")[0]
    end = data.find(b"</" + name + b">", start)
    return (start, end + len(name) + 3) if end >= 0 and name else (start, start)


_DAMAGES = (_bytes_flipped, _cut, _repeated, _dropped, _nested, _renamed, _valued, _encoded)
