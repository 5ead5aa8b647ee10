"""Reads our EDMX files: what entity sets hold and what SAP allows to do with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

EDMX_FOLDER = Path(__file__).parent / "edmx"
_EDM = "{http://schemas.microsoft.com/ado/2008/09/edm}"
_M = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
_SAP = "{http://www.sap.com/Protocols/SAPData}"
_TYPES = frozenset({"String", "Boolean", "Decimal", "DateTime", "DateTimeOffset", "Time"})


@dataclass(frozen=True, slots=True)
class Property:
    """One field; `type` without the prefix `Edm.`, `display` is SAP's display format."""

    name: str
    type: str
    nullable: bool
    max_length: int
    precision: int
    scale: int
    display: str
    unit: str
    creatable: bool
    updatable: bool
    filterable: bool
    sortable: bool
    is_etag: bool
    is_currency: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way to another entity set; `keys` of this side, with what the other side calls them."""

    name: str
    target: str
    many: bool
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One entity set with its type."""

    name: str
    type_name: str
    keys: tuple[str, ...]
    properties: Mapping[str, Property]
    navigations: Mapping[str, Navigation]
    creatable: bool
    updatable: bool
    deletable: bool

    @property
    def etag(self) -> str | None:
        """The property that the ETag is made of, if the type has one."""
        return next((p.name for p in self.properties.values() if p.is_etag), None)

    def is_amount(self, prop: Property) -> bool:
        """Whether the property is money, by its unit."""
        unit = self.properties.get(prop.unit)
        return unit is not None and unit.is_currency


@dataclass(frozen=True, slots=True)
class Function:
    """A function import; `entity_set` is where the entities that it returns are from, if any.

    `optional` are the parameters that may be left out.
    """

    name: str
    returns: str
    parameters: Mapping[str, Property]
    optional: frozenset[str] = frozenset()
    method: str = "POST"
    entity_set: str = ""

    @property
    def returns_many(self) -> bool:
        """Whether it returns a collection."""
        return self.returns.startswith("Collection(")


@dataclass(frozen=True, slots=True)
class Service:
    """One service as its EDMX says; `document` is the $metadata answer."""

    name: str
    document: bytes
    sets: Mapping[str, EntitySet]
    functions: Mapping[str, Function] = field(default_factory=dict)


def load_services(folder: Path = EDMX_FOLDER) -> dict[str, Service]:
    """All services of the folder by name; raises ValueError where a file is not as it should be."""
    services = [_service(path) for path in sorted(folder.glob("*.edmx"))]
    return {service.name: service for service in services}


def _service(path: Path) -> Service:
    document = path.read_bytes()
    root = ElementTree.fromstring(document)  # noqa: S314 our own files, never a stranger's
    schema = next(root.iter(f"{_EDM}Schema"))
    types = {element.get("Name", ""): element for element in schema.iter(f"{_EDM}EntityType")}
    sets = {
        element.get("Name", ""): _entity_set(element, types, schema)
        for element in schema.iter(f"{_EDM}EntitySet")
    }
    functions = {
        element.get("Name", ""): _function(element)
        for element in schema.iter(f"{_EDM}FunctionImport")
    }
    return Service(schema.get("Namespace", path.stem), document, sets, functions)


def _entity_set(element: Element, types: Mapping[str, Element], schema: Element) -> EntitySet:
    full_name = element.get("EntityType", "")
    entity_type = types[full_name.rpartition(".")[2]]
    properties = [_property(each) for each in entity_type.findall(f"{_EDM}Property")]
    key = entity_type.find(f"{_EDM}Key")
    assert key is not None
    navigations = [
        _navigation(each, schema) for each in entity_type.findall(f"{_EDM}NavigationProperty")
    ]
    return EntitySet(
        name=element.get("Name", ""),
        type_name=full_name,
        keys=tuple(_references(key)),
        properties={prop.name: prop for prop in properties},
        navigations={navigation.name: navigation for navigation in navigations},
        creatable=_allowed(element, "creatable"),
        updatable=_allowed(element, "updatable"),
        deletable=_allowed(element, "deletable"),
    )


def _allowed(element: Element, what: str) -> bool:
    return element.get(f"{_SAP}{what}") != "false"


def _references(element: Element) -> Iterator[str]:
    return (each.get("Name", "") for each in element.iter(f"{_EDM}PropertyRef"))


def _property(element: Element) -> Property:
    name, kind = element.get("Name", ""), element.get("Type", "").removeprefix("Edm.")
    if kind not in _TYPES:
        raise ValueError(f"property {name}: type {kind!r} is not one of {sorted(_TYPES)}")
    return Property(
        name=name,
        type=kind,
        nullable=element.get("Nullable") != "false",
        max_length=int(element.get("MaxLength", "0")),
        precision=int(element.get("Precision", "0")),
        scale=int(element.get("Scale", "0")),
        display=element.get(f"{_SAP}display-format", ""),
        unit=element.get(f"{_SAP}unit", ""),
        creatable=_allowed(element, "creatable"),
        updatable=_allowed(element, "updatable"),
        filterable=_allowed(element, "filterable"),
        sortable=_allowed(element, "sortable"),
        is_etag=element.get("ConcurrencyMode") == "Fixed",
        is_currency=element.get(f"{_SAP}semantics") == "currency-code",
    )


def _navigation(element: Element, schema: Element) -> Navigation:
    relationship, role = element.get("Relationship", ""), element.get("ToRole")
    association = _named(schema, "Association", relationship.rpartition(".")[2])
    end = next(each for each in association.iter(f"{_EDM}End") if each.get("Role") == role)
    sides = {
        each.get("Role"): tuple(_references(each))
        for tag in ("Principal", "Dependent")
        for each in association.iter(f"{_EDM}{tag}")
    }
    own, other = sides.get(element.get("FromRole"), ()), sides.get(role, ())
    return Navigation(
        name=element.get("Name", ""),
        target=_target_set(schema, relationship, role),
        many=end.get("Multiplicity") == "*",
        keys=dict(zip(own, other, strict=True)),
    )


def _named(schema: Element, tag: str, name: str) -> Element:
    return next(each for each in schema.iter(f"{_EDM}{tag}") if each.get("Name") == name)


def _target_set(schema: Element, relationship: str, role: str | None) -> str:
    ends = (
        end
        for each in schema.iter(f"{_EDM}AssociationSet")
        if each.get("Association") == relationship
        for end in each.iter(f"{_EDM}End")
    )
    return next(end.get("EntitySet", "") for end in ends if end.get("Role") == role)


def _function(element: Element) -> Function:
    method = element.get(f"{_M}HttpMethod", "")
    if method not in ("GET", "POST"):
        raise ValueError(f"function import {element.get('Name')}: neither GET nor POST")
    given = element.findall(f"{_EDM}Parameter")
    parameters = [_property(each) for each in given]
    return Function(
        name=element.get("Name", ""),
        returns=element.get("ReturnType", ""),
        parameters={parameter.name: parameter for parameter in parameters},
        optional=frozenset(e.get("Name", "") for e in given if e.get("Nullable") == "true"),
        method=method,
        entity_set=element.get("EntitySet", ""),
    )
