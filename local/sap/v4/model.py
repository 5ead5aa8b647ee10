"""A V4 service as its EDMX says (CSDL XML 4.0), every field tied to the V2 row that holds it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from local.sap import metadata as v2

ROOT = "/sap/opu/odata4/sap"
MESSAGES = "SAP__Messages"
_FOLDER = Path(__file__).parent / "edmx"
_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
# V4 name of a type -> name of its V2 counterpart, where they differ.
_TYPES = {"Date": "DateTime"}


@dataclass(frozen=True, slots=True)
class Property:
    """One field; `source` is the V2 field with its value. `scale` None: any up to the precision."""

    name: str
    type: str
    nullable: bool
    max_length: int
    precision: int
    scale: int | None
    creatable: bool
    updatable: bool
    source: v2.Property


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way to another entity set."""

    name: str
    target: str
    many: bool
    source: v2.Navigation


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One entity set; `type_name` is qualified, keys are called the same in V2."""

    name: str
    type_name: str
    properties: Mapping[str, Property]
    navigations: Mapping[str, Navigation]
    creatable: bool
    source: v2.EntitySet


@dataclass(frozen=True, slots=True)
class Operation:
    """An action or function; `binding` is the entity set it works on, empty for none."""

    name: str
    is_action: bool
    binding: str
    parameters: Mapping[str, int]  # texts all of them: name -> longest
    returns: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `path` below ROOT, `operations` by qualified name, imports by their own."""

    path: str
    namespace: str
    document: bytes
    tag: str
    sets: Mapping[str, EntitySet]
    operations: Mapping[str, Operation]
    one_write_per_changeset: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where a service lies, and which V2 sets and fields stand behind its own."""

    path: str
    v2_service: str
    sets: Mapping[str, str]
    renamed: Mapping[str, str]
    one_write_per_changeset: bool


_PLANS = {
    "PURCHASEORDER_0001": _Plan(
        "api_purchaseorder_2/srvd_a2x/sap/purchaseorder/0001",
        "API_PURCHASEORDER_PROCESS_SRV",
        {"PurchaseOrder": "A_PurchaseOrder", "PurchaseOrderItem": "A_PurchaseOrderItem"},
        {"PurchaseOrderDeletionCode": "PurchasingDocumentDeletionCode"},
        one_write_per_changeset=False,
    ),
    "SALESORDER_0001": _Plan(
        "api_salesorder/srvd_a2x/sap/salesorder/0001",
        "API_SALES_ORDER_SRV",
        {"SalesOrder": "A_SalesOrder", "SalesOrderItem": "A_SalesOrderItem"},
        {"Product": "Material"},
        one_write_per_changeset=True,  # SAP Note 3474176
    ),
}


def load_services(sources: Mapping[str, v2.Service]) -> dict[str, Service]:
    """The V4 services by path, over the V2 services; raises ValueError where they do not fit."""
    services = (_Reader(name, plan, sources).service() for name, plan in _PLANS.items())
    return {service.path: service for service in services}


class _Reader:
    """Reads one EDMX file of ours."""

    def __init__(self, name: str, plan: _Plan, sources: Mapping[str, v2.Service]) -> None:
        self._plan = plan
        self._sources = sources[plan.v2_service].sets
        self._document = (_FOLDER / f"{name}.edmx").read_bytes()
        root = ElementTree.fromstring(self._document)  # noqa: S314 our own files
        schema = root.find(f".//{_EDM}Schema")
        assert schema is not None
        self._schema = schema
        self._namespace = schema.get("Namespace", "")
        self._notes = {
            each.get("Target", "").partition(".")[2]: each
            for each in schema.iter(f"{_EDM}Annotations")
        }

    def service(self) -> Service:
        """The whole service."""
        sets = {name: self._entity_set(name) for name in self._plan.sets}
        operations = [
            self._operation(each)
            for each in self._schema
            if each.tag in (f"{_EDM}Action", f"{_EDM}Function")
        ]
        tag = hashlib.sha256(self._document).hexdigest()[:20].upper()
        return Service(
            path=self._plan.path,
            namespace=self._namespace,
            document=self._document,
            tag=f'W/"{tag}"',
            sets=sets,
            operations={each.name: each for each in operations},
            one_write_per_changeset=self._plan.one_write_per_changeset,
        )

    def _entity_set(self, name: str) -> EntitySet:
        kind = f"{name}_Type"
        source = self._sources[self._plan.sets[name]]
        entity_type = self._schema.find(f"{_EDM}EntityType[@Name='{kind}']")
        assert entity_type is not None
        properties = [
            self._property(each, kind, source)
            for each in entity_type.findall(f"{_EDM}Property")
            if each.get("Name") != MESSAGES
        ]
        navigations = [
            self._navigation(each, source)
            for each in entity_type.findall(f"{_EDM}NavigationProperty")
        ]
        return EntitySet(
            name=name,
            type_name=f"{self._namespace}.{kind}",
            properties={each.name: each for each in properties},
            navigations={each.name: each for each in navigations},
            creatable=not self._noted(f"Container/{name}", "InsertRestrictions"),
            source=source,
        )

    def _noted(self, target: str, term: str) -> bool:
        notes = self._notes.get(target, ())
        return any(note.get("Term", "").endswith(f".{term}") for note in notes)

    def _property(self, element: Element, kind: str, source: v2.EntitySet) -> Property:
        name = element.get("Name", "")
        held_as = source.properties[self._plan.renamed.get(name, name)]
        found = element.get("Type", "").removeprefix("Edm.")
        if _TYPES.get(found, found) != held_as.type:
            raise ValueError(f"{kind}/{name}: Edm.{found} does not fit Edm.{held_as.type}")
        scale = element.get("Scale", "0")
        computed = self._noted(f"{kind}/{name}", "Computed")
        return Property(
            name=name,
            type=found,
            nullable=element.get("Nullable") != "false",
            max_length=int(element.get("MaxLength", "0")),
            precision=int(element.get("Precision", "0")),
            scale=None if scale == "variable" else int(scale),
            creatable=not computed,
            updatable=not computed and not self._noted(f"{kind}/{name}", "Immutable"),
            source=held_as,
        )

    def _navigation(self, element: Element, source: v2.EntitySet) -> Navigation:
        kind = element.get("Type", "")
        target = self._set_of(kind)
        held_as = self._plan.sets[target]
        return Navigation(
            name=element.get("Name", ""),
            target=target,
            many=kind.startswith("Collection("),
            source=next(each for each in source.navigations.values() if each.target == held_as),
        )

    def _set_of(self, kind: str) -> str:
        return kind.removesuffix(")").rpartition(".")[2].removesuffix("_Type")

    def _operation(self, element: Element) -> Operation:
        name = element.get("Name", "")
        bound = element.get("IsBound") == "true"
        parameters = element.findall(f"{_EDM}Parameter")
        returned = element.find(f"{_EDM}ReturnType")
        assert returned is not None
        return Operation(
            name=f"{self._namespace}.{name}" if bound else name,
            is_action=element.tag == f"{_EDM}Action",
            binding=self._set_of(parameters[0].get("Type", "")) if bound else "",
            parameters={
                each.get("Name", ""): int(each.get("MaxLength", "0"))
                for each in parameters[1 if bound else 0 :]
            },
            returns=returned.get("Type", ""),
        )
