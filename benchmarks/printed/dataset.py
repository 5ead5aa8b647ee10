"""A folder of documents with a manifest, one JSON object a line."""

import hashlib
import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pypdfium2
from PIL import Image, ImageFilter

from benchmarks.printed.document import Printed, printed

_SCANS = {"scan-plain": (200, 0.0, 0.0), "scan-skew": (150, 1.2, 0.0), "scan-soft": (150, 0.3, 0.8)}
_PAPER = 255


def write(folder: Path, *, count: int, seed: int, scans: int = 0) -> Path:
    """`count` PDFs, then `scans` pictures of further ones; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(_rows(folder, count, seed, scans))
    manifest = folder / "manifest.jsonl"
    manifest.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return manifest


def _rows(folder: Path, count: int, seed: int, scans: int) -> Iterator[dict[str, Any]]:
    for index in range(count):
        made = printed(seed, index)
        yield _stored(folder, made, index, "born-digital-pdf", made.data, "pdf")
    for index in range(count, count + scans):
        made = printed(seed, index)
        kind = list(_SCANS)[index % len(_SCANS)]
        yield _stored(folder, made, index, kind, scanned(made.data, kind), "tiff")


def _stored(
    folder: Path, made: Printed, index: int, kind: str, data: bytes, ending: str
) -> dict[str, Any]:
    name = f"{index:04}-{made.language}-{made.family}.{ending}"
    (folder / name).write_bytes(data)
    return {
        "id": f"printed-{index:04}",
        "file": name,
        "kind": kind,
        "media_type": "application/pdf" if ending == "pdf" else "image/tiff",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "pages": made.pages,
        "language": made.language,
        "origin": "synthetic",
        "group": f"made in the layout {made.family}",  # nothing else is as independent
        "expect": {"outcome": "read"},
        "gt_source": "the generator",
        "ground_truth": made.truth,
        "ambiguous": [],
    }


def scanned(pdf: bytes, kind: str) -> bytes:
    """The pages as grey pictures in one TIFF: turned a little, or out of focus."""
    resolution, angle, blur = _SCANS[kind]
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.render(scale=resolution / 72).to_pil().convert("L") for page in document]
    document.close()
    tilt = random.Random(hashlib.sha256(pdf).digest()).choice([-1, 1]) * angle
    pages = [
        page.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=_PAPER).filter(
            ImageFilter.GaussianBlur(blur)
        )
        for page in pages
    ]
    out = BytesIO()
    dpi = (resolution, resolution)
    pages[0].save(
        out, "TIFF", save_all=True, append_images=pages[1:], dpi=dpi, compression="tiff_deflate"
    )
    return out.getvalue()
