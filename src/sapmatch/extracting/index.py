"""Feeds the order index from a published run, in calls that end in time.

extracts/<extraction>/<run id>/index/position.json   how far it came, with the counts so far
extracts/<extraction>/<run id>/index/matched/        whose matches hold quantities of what changed
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import groupby, islice
from pathlib import Path

import msgspec
from msgspec import Struct

from sapmatch.extracting.facts.reader import FactReader
from sapmatch.extracting.facts.spool import Group, Spooled, groups, sort, spool
from sapmatch.extracting.facts.stored import Bookkeeper, OrderKeys, PostedKeys, subject_of
from sapmatch.extracting.reserved import noting
from sapmatch.extracting.run import Plan, Published, run_prefix
from sapmatch.model.facts import Fact, Facts
from sapmatch.model.ledger import Subject
from sapmatch.model.policy import STANDARD, CompanyCode, ItemFields
from sapmatch.model.ports import Ledger, Objects

BATCH = 500  # subjects between two positions
PARALLEL = 8  # calls to the store at once; each waits for the network most of its time
_PARTIES, _ORDERS = 0, 1  # steps of groups; then documents

_NOTHING_KNOWN = (
    "index = true does nothing here: no entity set of the extraction is one that the order index "
    "is fed from (docs/configuration.md)"
)


class IndexResult(Struct, frozen=True, kw_only=True):
    """Counts of a run's way into the index; where it is not `done`, call it again.

    `*_changed` are those that the index did not know so. `orders_skipped` counts rows with mistakes
    that were left out, `notes` name the first of them. `reads` and `writes` in DynamoDB units.
    """

    done: bool
    orders: int = 0
    orders_changed: int = 0
    orders_skipped: int = 0
    posted: int = 0
    posted_changed: int = 0
    reads: int = 0
    writes: int = 0
    notes: tuple[str, ...] = ()


class _Position(Struct, kw_only=True):
    """Groups up to `after` are in the index; `party` has told its orders up to `order`."""

    after: tuple[int, str, str] = (-1, "", "")
    party: str = ""
    order: str = ""
    orders: int = 0
    orders_changed: int = 0
    posted: int = 0
    posted_changed: int = 0
    reads: float = 0.0
    writes: float = 0.0
    done: bool = False


def index_run(
    plan: Plan,
    published: Published,
    *,
    objects: Objects,
    orders: Ledger,
    client: str,
    company_codes: Mapping[str, CompanyCode],
    item_fields: ItemFields = STANDARD,
    order_keys: OrderKeys,
    posted_keys: PostedKeys,
    workspace: Path,
    out_of_time: Callable[[], bool],
) -> IndexResult:
    """Add the facts of a run to the ledger; what is known already costs one read and no write.

    Each call does at least one step of the work. Doing it again changes nothing.
    """
    note = noting(plan.extraction, plan.run_id, objects)
    books = Bookkeeper(orders, order_keys, posted_keys, note)
    run = _Run(plan, client, objects, books, out_of_time)
    planned_at = datetime.fromisoformat(published.planned_at)
    reader = FactReader(
        company_codes, item_fields=item_fields, planned_at=planned_at, run=plan.run_id
    )
    if not any(reader.knows(source.entity_set) for source in plan.sources):
        return IndexResult(done=True, notes=(_NOTHING_KNOWN,))
    spooled = spool(plan, objects, reader, workspace, out_of_time)
    if spooled is None:
        return run.result(())
    if not run.position.done:
        path = sort(plan, objects, workspace)
        run.add(groups(path, run.position.after))
        path.unlink()
    return run.result(spooled)


class _Run:
    """One call for one run."""

    def __init__(
        self,
        plan: Plan,
        client: str,
        objects: Objects,
        books: Bookkeeper,
        out_of_time: Callable[[], bool],
    ) -> None:
        self._key = f"{run_prefix(plan.extraction, plan.run_id)}index/position.json"
        self._near = Subject(plan.connection, client, "supplier", "")
        self._objects = objects
        self._books = books
        self._out_of_time = out_of_time
        self._used = books.ledger.usage
        self.position = _Position()
        if objects.exists(self._key):
            self.position = msgspec.json.decode(objects.read(self._key), type=_Position)

    def add(self, found: Iterator[Group]) -> None:
        """All groups, in order; ends early where time is up."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            for step, same in groupby(found, key=lambda group: group.step):
                while batch := list(islice(same, BATCH)):
                    if not self._step(step, batch, pool):
                        return
                    self.position.after = batch[-1].place
                    self._store()
                    if self._out_of_time():
                        return
        self.position.done = True
        self._store()

    def result(self, spooled: Sequence[Spooled]) -> IndexResult:
        """The counts so far."""
        at = self.position
        return IndexResult(
            done=at.done,
            orders=at.orders,
            orders_changed=at.orders_changed,
            orders_skipped=sum(one.left_out for one in spooled),
            posted=at.posted,
            posted_changed=at.posted_changed,
            reads=round(at.reads),
            writes=round(at.writes),
            notes=tuple(note for one in spooled for note in one.notes),
        )

    def _step(self, step: int, batch: list[Group], pool: ThreadPoolExecutor) -> bool:
        """Add one batch; False where time was up within it."""
        subjects = [self._near.other(group.kind, group.number) for group in batch]
        facts = [group.facts for group in batch]
        if step == _PARTIES:
            heard = pool.map(self._books.party, subjects, facts)
            return all(self._tell(*pair, pool) for pair in zip(subjects, heard, strict=True))
        changed = list(pool.map(self._writer(step), subjects, facts))
        if step == _ORDERS:
            self.position.orders += len(batch)
            self.position.orders_changed += sum(changed)
        else:
            posted = [subject.kind == "supplier_invoice" for subject in subjects]
            self.position.posted += sum(posted)
            self.position.posted_changed += sum(map(min, posted, changed))
        return True

    def _writer(self, step: int) -> Callable[[Subject, Sequence[Fact]], bool]:
        return self._books.order if step == _ORDERS else self._books.document

    def _tell(self, party: Subject, heard: Facts, pool: ThreadPoolExecutor) -> bool:
        """Let all orders of a party hear what is new of it; False where time was up before."""
        if not heard:
            return True
        after = self.position.order if self.position.party == party.ref else ""
        refs = iter(self._books.orders_of(party, after))
        tell = partial(self._books.order, facts=heard.values())
        while batch := list(islice(refs, BATCH)):
            self.position.orders_changed += sum(
                pool.map(tell, (subject_of(party, ref) for ref in batch))
            )
            self.position.party, self.position.order = party.ref, batch[-1]
            self._store()
            if self._out_of_time():
                return False
        self._books.heard(party)
        return True

    def _store(self) -> None:
        used = self._books.ledger.usage
        self.position.reads += used.reads - self._used.reads
        self.position.writes += used.writes - self._used.writes
        self._used = used
        self._objects.write(self._key, msgspec.json.encode(self.position))
