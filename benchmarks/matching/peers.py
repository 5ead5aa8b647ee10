"""What else links invoices to orders: a join, a text likeness, and a linkage engine.

Each gives an invoice its best order and how sure it is; none knows tolerances or a ledger.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.matching.paper import Sample
from sapmatch.matching.keys import open_values
from sapmatch.model.match import POSTABLE
from sapmatch.model.order import Order


class Known(NamedTuple):
    """An invoice or an order as one row."""

    unique_id: str
    number: str | None
    vat_id: str | None
    name: str | None
    amount: str
    article: str | None  # of the first line


class Link(NamedTuple):
    """The best order for an invoice; `sure` grows with the likeness."""

    order: str
    sure: float


Links = Mapping[str, Link]  # by invoice
Peer = Callable[[Sequence[Known], Sequence[Known]], Links]


class Linked(NamedTuple):
    """Quality of links; precision and recall of all links at least as sure as the best bar."""

    right_order: float
    precision: float
    recall: float


def exact_join(invoices: Sequence[Known], orders: Sequence[Known]) -> Links:
    """Order number as written and open net amount equal, as a spreadsheet does it."""
    known = {(order.number, order.amount): order.unique_id for order in orders}
    found = {one.unique_id: known.get((one.number, one.amount)) for one in invoices}
    return {invoice: Link(order, 1.0) for invoice, order in found.items() if order}


def rapidfuzz_best(invoices: Sequence[Known], orders: Sequence[Known]) -> Links:
    """The order whose number, supplier and amount read most like the invoice's."""
    from rapidfuzz import fuzz, process

    texts = [f"{one.number} {one.name} {one.amount}" for one in orders]
    found = {}
    for one in invoices:
        asked = f"{one.number or ''} {one.name} {one.amount}"
        _, likeness, place = process.extractOne(asked, texts, scorer=fuzz.ratio)
        found[one.unique_id] = Link(orders[place].unique_id, likeness)
    return found


def splink_best(invoices: Sequence[Known], orders: Sequence[Known]) -> Links:
    """Splink on DuckDB: m by expectation maximisation, u by random sampling."""
    from splink import Linker, block_on
    from splink.backends.duckdb import DuckDBAPI

    database = DuckDBAPI()
    tables = [
        database.register(_table(invoices), table_name="invoices"),
        database.register(_table(orders), table_name="orders"),
    ]
    linker = Linker(tables, _splink_settings(), log_level="ERROR")
    training = linker.training
    both = block_on("number", "amount")
    training.estimate_probability_two_random_records_match([both], recall=0.5)
    training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for field in ("number", "vat_id"):
        training.estimate_parameters_using_expectation_maximisation(
            block_on(field), record_sample_proportion=1.0
        )
    return _best(linker.inference.predict(threshold_match_probability=0.01).as_record_list())


PEERS: Mapping[str, Peer] = {
    "exact join": exact_join,
    "rapidfuzz": rapidfuzz_best,
    "Splink": splink_best,
}


def invoice_rows(samples: Sequence[Sample]) -> list[Known]:
    """The invoices as the peers see them."""
    return [
        Known(
            sample.id,
            next(iter(sample.invoice.order_references), None),
            sample.invoice.seller.vat_id,
            sample.invoice.seller.name,
            str(sample.invoice.net),
            next((line.seller_item_id for line in sample.invoice.lines), None),
        )
        for sample in samples
    ]


def order_rows(orders: Sequence[Order]) -> list[Known]:
    """The orders with what is open on them."""
    return [
        Known(
            order.id,
            order.id,
            order.partner_vat_id,
            order.partner_name,
            str(open_values(order)[0]),
            order.items[0].partner_material,
        )
        for order in orders
    ]


def linked(links: Links, samples: Sequence[Sample]) -> Linked:
    """How good the links are; the bar is where precision and recall are best together (F1).

    An invoice over several orders has no right link: one order is not what it is for.
    """
    rated = sorted(
        ((links[s.id].sure, _is_right(links[s.id], s), _is_postable(s)) for s in samples
         if s.id in links),
        reverse=True,
    )  # fmt: skip
    postable = sum(map(_is_postable, samples))
    best, hits = (0.0, 0.0, 0.0), 0
    for count, (sure, right, may) in enumerate(rated, start=1):
        hits += right and may
        at_bar = count == len(rated) or rated[count][0] < sure
        harmonic = 2 * hits / (count + postable)
        if at_bar and harmonic > best[0]:
            best = (harmonic, hits / count, hits / postable)
    placed = [s for s in samples if s.truth.orders and s.truth.linkable]
    there = sum(s.id in links and _is_right(links[s.id], s) for s in placed)
    return Linked(there / len(placed), best[1], best[2])


def _is_right(link: Link, sample: Sample) -> bool:
    return (link.order,) == sample.truth.orders


def _is_postable(sample: Sample) -> bool:
    return sample.truth.states[0] in POSTABLE


def _splink_settings() -> Any:
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    name = compare.JaroWinklerAtThresholds("name", [0.95, 0.85])
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            compare.LevenshteinAtThresholds("number", [1, 3]),
            compare.ExactMatch("vat_id"),
            name.configure(term_frequency_adjustments=True),
            compare.ExactMatch("amount").configure(term_frequency_adjustments=True),
            compare.ExactMatch("article"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on(field) for field in ("number", "amount", "vat_id", "name")
        ],
    )


def _table(rows: Sequence[Known]) -> Any:
    import pyarrow

    return pyarrow.Table.from_pylist([row._asdict() for row in rows])


def _best(pairs: Sequence[Mapping[str, Any]]) -> Links:
    """The likeliest order of every invoice; of equals the first number."""
    found: dict[str, Link] = {}
    for pair in sorted(pairs, key=lambda row: (row["unique_id_l"], row["unique_id_r"])):
        invoice, link = pair["unique_id_l"], Link(pair["unique_id_r"], pair["match_weight"])
        if invoice not in found or link.sure > found[invoice].sure:
            found[invoice] = link
    return found
