"""The SAP system of a simulated world."""

from sapmatch.model.errors import PreconditionFailed, SapRejected
from sapmatch.model.intent import Change, Entity, Look, Record, Written
from sapmatch.model.query import ODataValue
from tests.proof.simulation.agenda import Agenda
from tests.proof.simulation.cases import Case, agrees
from tests.proof.simulation.laws import Laws
from tests.proof.simulation.weather import Weather

ANSWER_KEPT, ID_KEPT = 6 * 3600.0, 12 * 3600.0  # as SAP's sample settings have it
KEYS = {"A_SupplierInvoice": ("SupplierInvoice", "FiscalYear"), "A_SalesOrder": ("SalesOrder",)}


class Row:
    """One record; `found_at` is when a search finds it."""

    __slots__ = ("etag", "fields", "found_at")

    def __init__(self, fields: Record, found_at: float = 0.0) -> None:
        self.fields = fields
        self.found_at = found_at
        self.etag = 1


class Sap:
    """Records by entity set, executed changes, and the requests that SAP remembers."""

    def __init__(self, agenda: Agenda, weather: Weather, laws: Laws, cases: dict[str, Case]):
        self._agenda, self._weather, self._cases = agenda, weather, cases
        self.laws = laws
        self._rows: dict[str, list[Row]] = {}
        self._remembered: dict[str, tuple[float, Written]] = {}
        self._numbers = 5105600000
        self.never: set[str] = set()  # intents that SAP refuses for good
        for case in cases.values():
            if case.before:
                self.rows(case).append(Row(dict(case.before)))
            self._judge(case)

    def rows(self, case: Case) -> list[Row]:
        return self._rows.setdefault(case.intent.entity_set, [])

    def has_executed(self, intent: str) -> bool:
        return intent in self.laws.executed

    def refuses_twice(self, change: Change, intent: str) -> bool:
        """Whether it sees by itself that it has done this: by ETag, effect, key or duplicate."""
        by_number = change.kind == "create" and self._cases[intent].intent.reference
        return not by_number or self._weather.duplicate_check

    def look(self, look: Look) -> list[Entity]:
        """What a search finds now."""
        wanted = {name: str(value) for name, value in (look.key or look.equals).items()}
        return [
            Entity(row=dict(row.fields), etag=self._etag(row))
            for row in self._rows.get(look.entity_set, ())
            if row.found_at <= self._agenda.time and agrees(row.fields, wanted)
        ]

    def execute(self, change: Change, intent: str) -> Written:
        """Carry out one change, or refuse it."""
        if intent in self.never:
            raise SapRejected("M8/186", "Enter a valid tax code", http_status=400)
        known = self._repeated(change)
        if known:
            return known
        written: Written = getattr(self, f"_{change.kind}")(change, intent)
        if change.repeatability and self._weather.idempotent:
            self._remembered[change.repeatability.request_id] = self._agenda.time, written
        self._judge(self._cases[intent])
        return written

    def _repeated(self, change: Change) -> Written | None:
        same = change.repeatability
        if same is None or same.request_id not in self._remembered:
            return None
        at, written = self._remembered[same.request_id]
        age = self._agenda.time - at
        if ANSWER_KEPT < age <= ID_KEPT:
            raise SapRejected("/IWBEP/CM_COS/005", "was executed already", http_status=400)
        return written if age <= ANSWER_KEPT else None

    def _create(self, change: Change, intent: str) -> Written:
        case, record = self._cases[intent], dict(change.record)
        there = [row for row in self.rows(case) if agrees(row.fields, case.known_by)]
        if there and (self._weather.duplicate_check or not case.intent.reference):
            code = "M8/108" if case.intent.reference else "R1/104"
            raise SapRejected(code, "exists already", http_status=400)
        self._numbers += 1
        given = {n: record.get(n, str(self._numbers)) for n in KEYS.get(change.entity_set, ())}
        lag = self._weather.lag if case.intent.reference else 0.0
        self.rows(case).append(Row(record | given, self._agenda.time + lag))
        self.laws.executes(intent)
        key: dict[str, ODataValue] = {**(given or case.known_by)}
        return Written(key=key, row=record | given, http_status=201)

    def _update(self, change: Change, intent: str) -> Written:
        self._change(change, change.record, intent)
        return Written(http_status=204)

    def _call(self, change: Change, intent: str) -> Written:
        effect = self._cases[intent].intent.effect
        if agrees(self._target(change).fields, effect):
            raise SapRejected("M8/607", "the document is posted already", http_status=400)
        self._change(change, effect, intent)
        return Written(row={"Success": True})

    def _delete(self, change: Change, intent: str) -> Written:
        self._rows[change.entity_set].remove(self._target(change))
        self.laws.executes(intent)
        return Written(http_status=204)

    def _change(self, change: Change, values: Record, intent: str) -> None:
        row = self._target(change)
        if not agrees(row.fields, values):
            self.laws.executes(intent)
        row.fields |= values
        row.etag += 1

    def _target(self, change: Change) -> Row:
        key = {name: str(value) for name, value in change.key.items()}
        for row in self._rows[change.entity_set]:
            if agrees(row.fields, key):
                if change.etag is not None and change.etag != self._etag(row):
                    raise PreconditionFailed("HTTP 412")
                return row
        if change.etag is not None:
            raise PreconditionFailed("HTTP 412")
        raise SapRejected("/IWBEP/CM_MGW_RT/020", "not found", http_status=404)

    def _etag(self, row: Row) -> str | None:
        return f"W/'{row.etag}'" if self._weather.etags else None

    def meddle(self, case: Case, how: str) -> None:
        """People change something: the record itself, another field, or they enter it too."""
        self.laws.excused.add(case.intent.id)
        self.laws.meddled.add(case.intent.id)
        if self._is_undone(case, how):
            self.laws.executed.pop(case.intent.id, None)
        getattr(self, f"_people_{how}")(case)
        self._judge(case)

    def _is_undone(self, case: Case, how: str) -> bool:
        """Whether nothing shows any more that it happened: then it may happen once more."""
        # A 412 to the copy of a call looks like one to the call itself: others touched the record.
        traced = self._weather.etags and "twice" not in self._weather.fates
        traced = traced or case.intent.operation != "call"
        forgotten = self._weather.restored or not traced
        return how in ("change", "delete") and forgotten

    def _people_enter(self, case: Case) -> None:
        taken = any(agrees(row.fields, case.known_by) for row in self.rows(case))
        if case.before is None and (case.intent.reference or not taken):
            self._numbers += 1
            keys = KEYS.get(case.intent.entity_set, ())
            given = {name: str(self._numbers) for name in keys}
            self.rows(case).append(Row({**case.known_by, **case.payload, **given}))

    def _people_change(self, case: Case) -> None:
        names = case.intent.effect or case.payload
        self._people_set(case, {name: "999" for name in names if name not in case.known_by})

    def _people_touch(self, case: Case) -> None:
        self._people_set(case, {"LastChangedByUser": "MEIER"})

    def _people_delete(self, case: Case) -> None:
        rows = self.rows(case)
        if case.before:
            rows[:] = [row for row in rows if not agrees(row.fields, case.known_by)]

    def _people_set(self, case: Case, values: Record) -> None:
        for row in self.rows(case):
            if case.before and agrees(row.fields, case.known_by):
                row.fields |= values
                row.etag += 1

    def _judge(self, case: Case) -> None:
        if case.is_fulfilled(row.fields for row in self.rows(case)):
            self.laws.shown.add(case.intent.id)
