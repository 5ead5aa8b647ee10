"""What goes wrong in one world, and how often: drawn from the seed."""

from datetime import timedelta
from random import Random

from msgspec import Struct

from sapmatch.writing.protocol.effects import Rules

PEACE = 4 * 3600.0  # from then on nothing new goes wrong
PATIENCE = 24 * 3600.0  # I3: until then every intent is at its end
SKEW = 300.0  # a clock is wrong by so many seconds at most (RE-27)
FATES = (
    "answered",
    "lost before",
    "lost after",
    "late",
    "twice",
    "cut between",
    "refused",
    "exists",
)


class Weather(Struct, frozen=True, kw_only=True):
    """Shares are between 0 and 1; the rest are seconds."""

    rules: Rules
    idempotent: bool = False  # SAP remembers request ids
    duplicate_check: bool = False  # SAP looks for the reference before it creates
    etags: bool = True
    lag: float = 0.0  # until a new document is found under its reference
    latest: float = 600.0  # when at the latest a request is executed after it left
    fates: tuple[str, ...] = ("answered",)
    bad_sends: float = 0.0
    bad_reads: float = 0.0
    refused_reads: float = 0.0  # of bad reads: SAP says no: the end of what was never sent
    bad_saves: float = 0.0
    deaths: float = 0.0
    pauses: float = 0.0
    late_copies: float = 0.0  # of intents, that a worker reads from the index
    confusion: float = 0.0  # steps taken with an intent that is not due
    meddling: float = 0.0  # of records, that people change in SAP
    refusals: float = 0.0  # of intents, that SAP will never take
    holds: float = 0.0  # of steps, in whose place the gate holds the intent
    voids: float = 0.0  # of steps, in whose place a person takes the intent out
    workers: int = 1
    batch: int = 1
    skews: tuple[float, ...] = (0.0,)
    restored: bool = False


def calm(**fields: object) -> Weather:
    """Nothing goes wrong but what the fields say."""
    rules = Rules(settle=timedelta(seconds=600), spacing=timedelta(seconds=60))
    return Weather(rules=rules, **fields)  # type: ignore[arg-type]


def drawn(chance: Random) -> Weather:
    """Some faults are left out of a world altogether, so that others are seen alone."""

    def some(most: float) -> float:
        return chance.random() * most if chance.random() < 0.6 else 0.0

    idempotent = chance.random() < 0.3
    settle = chance.choice((60, 600, 600))
    clocks = (-SKEW, 0.0, SKEW) if chance.random() < 0.7 else (0.0,)
    fates = tuple(chance.sample(FATES, chance.randrange(1, len(FATES))))
    latest = settle * (chance.choice((1, 3)) if idempotent else 1)
    restored = chance.random() < 0.15
    # Whoever takes one out must know that nothing comes late or of itself, or was forgotten.
    sure = latest == settle and not restored and "twice" not in fates
    return Weather(
        rules=rules(settle, skewed=len(clocks) > 1),
        idempotent=idempotent,
        duplicate_check=chance.random() < 0.3,
        etags=chance.random() < 0.9,
        lag=0.0 if "exists" in fates else chance.choice((0.0, 59.0)),
        latest=latest,
        fates=fates,
        bad_sends=some(0.9),
        bad_reads=some(0.2),
        # A ledger that forgot a send takes a refused look for the end.
        refused_reads=0.0 if restored else some(0.2),
        bad_saves=some(0.1),
        deaths=some(0.15),
        pauses=some(0.1),
        late_copies=some(0.3),
        confusion=some(0.1),
        meddling=some(0.4),
        refusals=some(0.2),
        holds=some(0.1),
        voids=some(0.02) if sure else 0.0,
        workers=chance.randrange(1, 5),
        batch=chance.choice((1, 1, 3, 10)),
        skews=clocks,
        restored=restored,
    )


def rules(settle: int, *, skewed: bool) -> Rules:
    """The settings of a stage whose clocks may be wrong by SKEW each, or are right."""
    return Rules(
        settle=timedelta(seconds=settle),
        spacing=timedelta(seconds=60),
        skew=timedelta(seconds=2 * SKEW if skewed else 0),
    )
