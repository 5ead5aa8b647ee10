"""What a service offers, the same for V2 and V4 ($metadata; CSDL 2.0, 3.0 and 4.0, SAP notes)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from sapmatch.model.errors import InputRejected

Version = Literal["V2", "V4"]


class Property(Struct, frozen=True, kw_only=True):
    """A field. `type` is qualified (`Edm.Decimal`, `NS.Address`), `unit` the field that holds it.

    `field_control`: the field that says, entity by entity, whether this one may be written.
    `date_only`: SAP keeps a day in an Edm.DateTime (`sap:display-format="Date"`).
    """

    name: str
    type: str
    many: bool = False  # a collection of them
    nullable: bool = True
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None
    label: str = ""
    unit: str | None = None
    creatable: bool = True
    updatable: bool = True
    filterable: bool = True
    sortable: bool = True
    required_in_filter: bool = False
    date_only: bool = False
    is_etag: bool = False
    field_control: str | None = None


class Navigation(Struct, frozen=True, kw_only=True):
    """The way to other entities; `keys` maps fields there to ours, where the document says so."""

    name: str
    target: str  # qualified entity type
    many: bool
    keys: dict[str, str] = {}


class StructuredType(Struct, frozen=True, kw_only=True):
    """An entity type, or a complex type (which has no keys). Inherited parts are included."""

    name: str  # qualified
    keys: tuple[str, ...] = ()
    properties: dict[str, Property] = {}
    navigations: dict[str, Navigation] = {}
    media: bool = False
    label: str = ""


Types: TypeAlias = Mapping[str, StructuredType]
NO_TYPES: Final[Types] = {}  # before $metadata was read


def found_at(kind: StructuredType, path: str, types: Types) -> Property | Navigation | None:
    """What a path leads to (`Supplier/Name`); None where there is no such thing.

    Where the type on the way is not in the document: the way itself.
    """
    name, slash, rest = path.partition("/")
    found = kind.properties.get(name) or kind.navigations.get(name)
    target = target_of(found, types) if slash else None
    return found_at(target, rest, types) if target else found


def target_of(found: Property | Navigation | None, types: Types) -> StructuredType | None:
    """The type of the records behind a navigation, or of a complex value."""
    if found is None:
        return None
    return types.get(found.target if isinstance(found, Navigation) else found.type)


class EntitySet(Struct, frozen=True, kw_only=True):
    """A set (or, `single`, a V4 singleton). `bindings`: navigation path to entity set.

    `topable` takes $top, `pageable` takes $skip.
    `deep_update`: it documents that an update may hold nested records.
    """

    name: str
    type: str  # qualified entity type
    single: bool = False
    creatable: bool = True
    updatable: bool = True
    deletable: bool = True
    topable: bool = True
    pageable: bool = True
    addressable: bool = True
    countable: bool = True
    searchable: bool = False
    requires_filter: bool = False
    tracks_changes: bool = False
    deep_update: bool = False
    label: str = ""
    bindings: dict[str, str] = {}


class Parameter(Struct, frozen=True, kw_only=True):
    """A parameter of an operation; the binding one is left out."""

    name: str
    type: str
    many: bool = False
    nullable: bool = True
    max_length: int | None = None


class Operation(Struct, frozen=True, kw_only=True):
    """A V2 function import, or a V4 function or action.

    `name` is what a URL says: the import's name where unbound, the qualified name where bound.
    """

    name: str
    kind: Literal["function", "action"]
    method: Literal["GET", "POST"]
    parameters: tuple[Parameter, ...] = ()
    returns: str | None = None
    returns_many: bool = False
    entity_set: str | None = None
    bound_to: str | None = None  # qualified entity type; V4 only
    bound_to_many: bool = False
    action_for: str | None = None  # qualified entity type whose key is among the parameters; V2
    label: str = ""


class Metadata(Struct, frozen=True, kw_only=True):
    """One service. `problems` are parts that could not be read: they matter once they are used.

    `types` holds entity and complex types, `enums` the underlying type of each enumeration, all by
    qualified name; a type definition stands nowhere but for the type that it names.
    """

    version: Version
    namespace: str
    entity_sets: dict[str, EntitySet]
    types: dict[str, StructuredType]
    operations: tuple[Operation, ...] = ()
    enums: dict[str, str] = {}
    problems: tuple[str, ...] = ()
    sha256: str = ""

    def entity_set(self, name: str) -> EntitySet:
        """The set; InputRejected names the nearest that there are."""
        found = self.entity_sets.get(name)
        if found is None:
            raise self._unknown("entity set", name, self.entity_sets)
        return found

    def type_of(self, entity_set: str) -> StructuredType:
        """The entity type of a set; InputRejected where the document does not hold it."""
        kind = self.entity_set(entity_set).type
        found = self.types.get(kind)
        if found is None:
            raise InputRejected(
                f"{entity_set}: the service's $metadata names the type {kind} and does not hold it"
            )
        return found

    def overloads(self, name: str, *, bound_to: str | None = None) -> tuple[Operation, ...]:
        """Functions or actions of a name, qualified or not; `bound_to` is an entity type.

        V4 may have several of one name, which differ in their parameters.
        """
        found = [each for each in self.named(name) if each.bound_to == bound_to]
        if not found and bound_to is None:
            self._check_unbound(name)
        if not found:
            raise self._unknown("function or action", name, [one.name for one in self.operations])
        return tuple(each for each in found if each.name == found[0].name)

    def named(self, name: str) -> Iterator[Operation]:
        """Functions and actions of a name, qualified or not, on whatever they are called."""
        for each in self.operations:
            if name in (each.name, each.name.rpartition(".")[2]):
                yield each

    def _check_unbound(self, name: str) -> None:
        for each in self.named(name):
            if each.bound_to:
                sets = [one.name for one in self.entity_sets.values() if one.type == each.bound_to]
                on = " or ".join(sets) or each.bound_to
                needed = "entity_set" if each.bound_to_many else "entity_set and key"
                raise InputRejected(f"{name}: is called on {on}: give {needed}")

    def _unknown(self, kind: str, name: str, known: Iterable[str]) -> InputRejected:
        from difflib import get_close_matches

        near = ", ".join(get_close_matches(name, known, 3)) or "no similar one"
        return InputRejected(
            f"{name}: is no {kind} of {self.namespace}; there is {near} "
            "(`sapmatch metadata` lists them)"
        )
