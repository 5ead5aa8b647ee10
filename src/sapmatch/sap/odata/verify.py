"""Whether SAP holds what was written: its own check of ETags takes no lock (OD-P70)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sapmatch.model.errors import InputRejected, OutcomeUnknown, SapmatchError
from sapmatch.model.intent import Entity
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.catalog import Catalog

Key = Mapping[str, ODataValue]


class Verification:
    """Made before the write, so that what is wrong with it is found before; run after it."""

    def __init__(
        self,
        catalog: Catalog,
        get: Callable[[str, Key], Entity | None],
        entity_set: str,
        changes: Mapping[str, Any],
        fields: Sequence[str],
    ) -> None:
        missing = [name for name in fields if name not in changes]
        if missing:
            raise InputRejected(f"{missing[0]}: is to be verified and is none of the changes")
        known = catalog.metadata().type_of(entity_set).properties
        self._types = {name: known[name].type for name in fields if name in known}
        self._get = get
        self._entity_set = entity_set
        self._wanted = {name: self._typed(name, changes[name]) for name in fields}

    def run(self, key: Key) -> None:
        """OutcomeUnknown, naming the fields, where SAP holds something else or does not answer."""
        try:
            found = self._get(self._entity_set, key)
        except SapmatchError as exc:
            raise OutcomeUnknown(
                f"{self._entity_set}: was written and could not be verified: {exc}"
            ) from exc
        row = found.row if found else {}
        other = [
            name
            for name, value in self._wanted.items()
            if self._typed(name, row.get(name)) != value
        ]
        if other:
            raise OutcomeUnknown(
                f"{self._entity_set}: SAP answered success and holds something else in "
                f"{', '.join(other)}: somebody may have been faster; read it back and decide"
            )

    def _typed(self, name: str, value: Any) -> Any:
        """As its type compares: 10.00 is 10, a day is its midnight."""
        try:
            return value if value is None else edm.coerced(value, self._types.get(name))
        except InputRejected:
            return value  # SAP's own text for what no type holds; ours is refused by preflight
