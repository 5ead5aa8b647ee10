"""How much of a condition goes into the selection of BAPI_USER_GETLIST.

Rows of one field are alternatives, and different fields have to hold all. What is selected may be
too much and is then decided here, and is never too little: where SAP might see less than we
do, nothing is selected. Unconfirmed, and therefore never relied on: whether SAP compares names of
people without regard to case.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import Final, NamedTuple, TypeAlias

from sapmatch.model.rfc import RfcScalar
from sapmatch.model.users import Operator, Pushed
from sapmatch.sap.users.conditions import NO_DATE, NO_TIME, Group, Leaf, Node, leaves
from sapmatch.sap.users.fields import USERNAME, field_of

Row: TypeAlias = dict[str, RfcScalar]

LONGEST: Final = 45  # LOW
_OF_ALL_SYSTEMS = frozenset({"ACTIVITYGROUPS", "PROFILES"})
_MOST_OPERANDS = 20  # of one expression
_DAYS: Final = frozenset({"date", "time"})
_OPTIONS: Final[Mapping[Operator, tuple[str, str]]] = {  # and its negation
    "eq": ("EQ", "NE"),
    "lt": ("LT", "GE"),
    "le": ("LE", "GT"),
    "gt": ("GT", "LE"),
    "ge": ("GE", "LT"),
    "prefix": ("CP", "NP"),
    "suffix": ("CP", "NP"),
    "contains": ("CP", "NP"),
}
_PATTERNS: Final[Mapping[Operator, str]] = {
    "prefix": "{}*",
    "suffix": "*{}",
    "contains": "*{}*",
}


class Selection(NamedTuple):
    """What SAP is asked for.

    `names` are rows on USERNAME, for as long as no page has to begin behind a user; `reach` is what
    names that fit begin with (or are, where exact), empty where they may be any. `expression` is an
    OR over several fields, which goes with nothing else. `doubtful` is what SAP has not, or not
    surely, decided.
    """

    ranges: tuple[Row, ...]
    names: tuple[Row, ...]
    reach: tuple[tuple[str, bool], ...]
    expression: tuple[Row, ...]
    doubtful: tuple[Node, ...]
    left: tuple[str, ...]

    @property
    def pushed(self) -> Pushed:
        """What is said of it."""
        return Pushed(whole=not self.left, left=self.left)

    def is_over(self, after: str) -> bool:
        """Whether no user behind this one can fit any more."""
        return bool(self.reach) and all(
            after >= text and (exact or not after.startswith(text)) for text, exact in self.reach
        )

    def is_ahead(self, after: str) -> bool:
        """Whether all users who fit stand behind this one, so that he need not be named."""
        return not after or (
            bool(self.reach)
            and all(text > after and not after.startswith(text) for text, _ in self.reach)
        )


def selection_of(
    parts: Sequence[Node],
    modified_since: tuple[date, time] | None = None,
    *,
    is_central: bool = False,
) -> Selection:
    """What of the parts, all of which have to hold, SAP is asked for.

    Roles and profiles of a central system are those of all its systems, and not selected.
    """
    taken: dict[str, tuple[Row, ...]] = {}
    doubtful: list[Node] = []
    left: list[Node] = []
    names: tuple[Node, tuple[Row, ...]] | None = None
    if modified_since:
        taken["LASTMODIFIED.MODDATE"] = (_since(modified_since[0]),)
    for part in sorted(parts, key=_rank):
        place = _place(part)
        rows = () if is_central and place in _OF_ALL_SYSTEMS else tuple(_rows(part))
        if place == USERNAME and rows and names is None:
            names = part, rows
            doubtful.append(part)  # on pages that begin behind a user nothing else is asked
        elif not rows or place in taken or place == USERNAME:
            doubtful.append(part)
            left.append(part)
        else:
            taken[place] = rows
            if not _is_exact(part):
                doubtful.append(part)
    is_free = not (taken or names or is_central)
    return Selection(
        ranges=tuple(row for rows in taken.values() for row in rows),
        names=names[1] if names else (),
        reach=_reach(names[0]) if names else (),
        expression=tuple(_expression(parts)) if is_free else (),
        doubtful=tuple(doubtful),
        left=_fields(left),
    )


def after_row(name: str) -> Row:
    """Users behind this one."""
    return _range(USERNAME, "", "GT", name)


def _rank(part: Node) -> int:
    """One part of several on one field is selected: the one that finds the fewest."""
    first = next(leaves(part))
    if first.negated:
        return 3
    return {"eq": 0, "prefix": 1}.get(first.operator, 2)


def _place(part: Node) -> str:
    """What may be selected once: a field, or a table (its columns are those of one row)."""
    field = next(leaves(part)).field
    return field.structure if field.many else field.name


def _rows(part: Node) -> Iterator[Row]:
    """The rows that select at least all users for whom this holds, none where there are none."""
    found = list(leaves(part))
    fields = {leaf.field.name for leaf in found}
    is_one_field = isinstance(part, Leaf) or (_is_flat(part) and not part.is_all)
    if len(fields) > 1 or not is_one_field or not all(_is_selectable(leaf) for leaf in found):
        return
    for leaf in found:
        assert leaf.field.selected
        yield _range(*leaf.field.selected, _option(leaf), _low(leaf))


def _expression(parts: Sequence[Node]) -> Iterator[Row]:
    """An OR over several fields; its first row says only that."""
    if len(parts) != 1 or not isinstance(parts[0], Group):
        return
    found = list(leaves(parts[0]))
    is_or = _is_flat(parts[0]) and not parts[0].is_all
    if not is_or or len(found) > _MOST_OPERANDS or not all(_is_selectable(each) for each in found):
        return
    yield {"LOGOP": "OR", "ARITY": len(found)}
    for leaf in found:
        assert leaf.field.selected
        parameter, field = leaf.field.selected
        yield {
            "PARAMETER": parameter,
            "FIELD": field,
            "OPTION": _option(leaf),
            "LOW": _low(leaf),
        }


def _is_flat(part: Group) -> bool:
    return all(isinstance(each, Leaf) for each in part.parts)


def _is_selectable(leaf: Leaf) -> bool:
    """Whether SAP's answer holds at least every user whom we would take."""
    field, value = leaf.field, leaf.wanted
    if not field.selected or not isinstance(value, str):
        return False
    if field.structure == "ISLOCKED":
        return (leaf.operator, value, leaf.negated) == ("eq", "L", False)
    if field.field.type in _DAYS:
        return value not in (NO_DATE, NO_TIME) and not (field.many and leaf.negated)
    if not value or len(_low(leaf)) > LONGEST or set(value) & set("*+"):
        return False
    if leaf.operator in _PATTERNS and "#" in value:
        return False
    if leaf.operator in ("lt", "le", "gt", "ge"):
        return False  # in which order SAP has text depends on its database
    return not leaf.negated or not (field.many or field.mixed_case)


def _is_exact(part: Node) -> bool:
    """Whether SAP's answer holds no other users either."""
    return not any(leaf.field.mixed_case for leaf in leaves(part))


def _option(leaf: Leaf) -> str:
    return _OPTIONS[leaf.operator][leaf.negated]


def _low(leaf: Leaf) -> str:
    return _PATTERNS.get(leaf.operator, "{}").format(leaf.wanted)


def _range(parameter: str, field: str, option: str, low: str) -> Row:
    return {
        "PARAMETER": parameter,
        "FIELD": field,
        "SIGN": "I",
        "OPTION": option,
        "LOW": low,
        "HIGH": "",
    }


def _since(first: date) -> Row:
    parameter, field = field_of("LASTMODIFIED.MODDATE").selected or ("", "")
    return _range(parameter, field, "GE", f"{first:%Y%m%d}")


def _reach(part: Node) -> tuple[tuple[str, bool], ...]:
    """What the names begin with; empty where that says nothing."""
    found = list(leaves(part))
    if any(leaf.negated or leaf.operator not in ("eq", "prefix") for leaf in found):
        return ()
    return tuple((str(leaf.wanted), leaf.operator == "eq") for leaf in found)


def _fields(parts: Iterable[Node]) -> tuple[str, ...]:
    return tuple(sorted({leaf.field.name for part in parts for leaf in leaves(part)}))
