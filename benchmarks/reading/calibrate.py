"""How often is a value right, by what speaks for it? Counts the classes of reading/confidence.py.

`python -m benchmarks.reading.calibrate FOLDER... [--write]` prints them, and how reliable the
confidence is: each invoice is judged by shares that were counted on all the others. `--write` keeps
the shares in src/sapmatch/reading/shares.toml. A FOLDER holds files and a manifest.jsonl.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.imports import ROOT
from benchmarks.reading import corpus, scoring
from benchmarks.reading.corpus import FIELDS, UNSCORED, Document, Read
from sapmatch.model.invoice import Party
from sapmatch.reading import confidence
from sapmatch.reading.clues import Knows
from sapmatch.reading.confidence import Class, Shares
from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import key

TARGET = ROOT / "src" / "sapmatch" / "reading" / "shares.toml"
BANDS = ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0))
_HEAD = """\
# Of the invoices in each class of reading/confidence.py: how many were right, and how many there
# were. An invoice that was read in several forms counts once, with the share of its forms.
# Written by `python -m benchmarks.reading.calibrate --write`; {invoices} invoices.
"""


class Sample(NamedTuple):
    """One value that was read; `group` is the same for all forms of one invoice."""

    group: str
    kind: str
    row: Class
    right: bool


def main() -> None:
    """Print the classes and the bands, and keep the shares where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help="keep the shares in the package")
    options = parser.parse_args()
    documents = [one for folder in options.folders for one in corpus.documents(folder)]
    found = samples([corpus.read(document) for document in documents])
    shares = counted(found)
    print(*table(shares), "", *bands(reliability(found)), sep="\n")
    if options.write:
        TARGET.write_text(as_toml(shares, len({sample.group for sample in found})))


def samples(read: Sequence[Read]) -> list[Sample]:
    """Every value that was read from a page of an invoice whose truth is known."""
    knows = master([item.document for item in read])
    return [
        sample
        for item in read
        if item.document.outcome == "read" and item.document.truth and item.found
        for sample in _samples(item, item.found, knows)
    ]


def _samples(item: Read, found: Findings, knows: Knows) -> Iterator[Sample]:
    """As without master data, and once more for the classes that only master data makes."""
    invoice = item.result.invoice
    if invoice is None or item.result.method == "xml":
        return
    judged = dict(_right(item))
    for field, row in confidence.classes(invoice, found):
        if field in judged:
            yield Sample(item.document.group, item.document.kind, row, judged[field])
    for field, row in confidence.classes(invoice, found, knows):
        if field in judged and row[1] == "known":
            yield Sample(item.document.group, item.document.kind, row, judged[field])


def _right(item: Read) -> Iterator[tuple[str, bool]]:
    document, result = item.document, item.result
    paths = FIELDS | UNSCORED
    for field, verdict in scoring.verdicts(document, result, paths).items():
        if verdict in ("right", "wrong", "invented"):
            yield paths[field], verdict == "right"
    truth = document.truth.get("lines")
    if truth and "lines" not in document.ambiguous and result.invoice:
        amounts = Counter(scoring.amount(line.get("line_total")) for line in truth)
        for index, line in enumerate(result.invoice.lines):
            amounts[scoring.amount(line.net)] -= 1
            yield f"lines[{index}].net", amounts[scoring.amount(line.net)] >= 0


def master(documents: Iterable[Document]) -> Knows:
    """Master data with the sellers of all documents."""
    truths = [document.truth for document in documents]
    names = {key(str(truth["vendor_name"])) for truth in truths if truth.get("vendor_name")}
    ids = {key(str(truth["vendor_vat_id"])) for truth in truths if truth.get("vendor_vat_id")}

    def knows(seller: Party) -> bool:
        return key(seller.name or "") in names or key(seller.vat_id or "") in ids

    return knows


def counted(found: Iterable[Sample]) -> dict[str, dict[str, tuple[float, float]]]:
    """Per class, how many invoices were right and how many there were."""
    forms: dict[Class, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for sample in found:
        forms[sample.row][sample.group].append(sample.right)
        pooled = ("other", "labelled" if sample.row[1] != "guessed" else "guessed")
        forms[pooled][sample.group].append(sample.right)
    shares: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for (field, name), groups in sorted(forms.items()):
        right = sum(sum(rights) / len(rights) for rights in groups.values())
        shares[field][name] = (round(right, 2), float(len(groups)))
    return dict(shares)


def reliability(found: Sequence[Sample]) -> dict[str, list[tuple[float, bool]]]:
    """Per kind of document: what was said of each value without its own invoice, and the truth."""
    said: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for group in sorted({sample.group for sample in found}):
        shares = counted(sample for sample in found if sample.group != group)
        for sample in found:
            if sample.group == group and sample.row[1] != "known":
                said[sample.kind].append((confidence.share(shares, sample.row), sample.right))
    return dict(sorted(said.items()))


def bands(said: dict[str, list[tuple[float, bool]]]) -> Iterator[str]:
    """Per kind and band: the mean confidence, the share of right values, and how many."""
    yield f"{'kind':<20}{'said':>10}{'values':>8}{'mean':>8}{'right':>8}"
    for kind, values in [*said.items(), ("all", [one for many in said.values() for one in many])]:
        for low, high in BANDS:
            inside = [(sure, right) for sure, right in values if low <= sure < high]
            if inside:
                mean = sum(sure for sure, _ in inside) / len(inside)
                right = sum(right for _, right in inside) / len(inside)
                yield f"{kind:<20}{low:>5}-{high:<4}{len(inside):>8}{mean:>8.3f}{right:>8.3f}"


def table(shares: Shares) -> Iterator[str]:
    """One line a class."""
    yield f"{'field':<24}{'class':<26}{'right':>8}{'of':>6}{'says':>8}"
    for field, rows in shares.items():
        for name, (right, of) in rows.items():
            says = confidence.share(shares, (field, name))
            yield f"{field:<24}{name:<26}{right:>8.2f}{of:>6.0f}{says:>8.3f}"


def as_toml(shares: Shares, invoices: int) -> str:
    """The shares as they are kept."""
    lines = [_HEAD.format(invoices=invoices)]
    for field, rows in shares.items():
        lines.append(f'["{field}"]' if "." in field else f"[{field}]")
        lines += [f'"{name}" = [{right}, {of}]' for name, (right, of) in rows.items()]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
