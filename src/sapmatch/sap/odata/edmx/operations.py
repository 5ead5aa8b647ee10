"""Function imports of V2, functions and actions of V4."""

from collections.abc import Iterator

from msgspec.structs import replace

from sapmatch.sap.odata.edmx.properties import denied, granted, label_of, number
from sapmatch.sap.odata.edmx.sets import containers
from sapmatch.sap.odata.edmx.source import Source
from sapmatch.sap.odata.edmx.tree import Node, counted
from sapmatch.sap.odata.metadata import Operation, Parameter


def operations(source: Source) -> tuple[Operation, ...]:
    """Everything that can be called, in the order of the document."""
    found = _function_imports(source) if source.version == "V2" else _operations(source)
    return tuple(counted(found, "functions and actions"))


def _function_imports(source: Source) -> Iterator[Operation]:
    for container, parent in containers(source):
        for node in parent.all("FunctionImport"):
            method = node.get("m:HttpMethod") or "GET"
            if method not in ("GET", "POST"):
                source.complain(f"{container}/{node.name}: is called by {method[:10]}")
                continue
            yield _function_import(node, source, method == "GET", f"{container}/{node.name}")


def _function_import(node: Node, source: Source, reads: bool, full_name: str) -> Operation:
    returns, many, _ = source.value_type(_returned(node))
    return Operation(
        name=node.name,
        kind="function" if reads else "action",
        method="GET" if reads else "POST",
        parameters=_parameters(node, source),
        returns=returns or None,
        returns_many=many,
        entity_set=node.get("EntitySet") or None,
        action_for=source.names.resolve(node.get("sap:action-for")) or None,
        label=label_of(node, source.terms(full_name, node)),
    )


def _operations(source: Source) -> Iterator[Operation]:
    """V4: those that the root offers under the name of their import, then the bound ones."""
    unbound: dict[str, list[Operation]] = {}
    bound: list[Operation] = []
    for name, node in source.declared("Function", "Action"):
        operation = _operation(node, source, name)
        (bound if operation.bound_to else unbound.setdefault(name, [])).append(operation)
    for _, parent in containers(source):
        for node in parent.all("FunctionImport", "ActionImport"):
            target = source.names.resolve(node.get("Function") or node.get("Action"))
            if target not in unbound:
                source.complain(f"{node.name}: {target} is not in the document, or is bound")
            entity_set = node.get("EntitySet").rpartition("/")[2] or None
            for each in unbound.get(target, ()):
                yield replace(each, name=node.name, entity_set=entity_set)
    yield from bound


def _operation(node: Node, source: Source, full_name: str) -> Operation:
    parameters = _parameters(node, source)
    binding = parameters[0] if parameters and granted(node, "IsBound") else None
    returns, many, _ = source.value_type(_returned(node))
    return Operation(
        name=full_name,
        kind="function" if node.tag == "Function" else "action",
        method="GET" if node.tag == "Function" else "POST",
        parameters=parameters[1:] if binding else parameters,
        returns=returns or None,
        returns_many=many,
        bound_to=binding.type if binding else None,
        bound_to_many=bool(binding and binding.many),
        label=label_of(node, source.terms(full_name, node)),
    )


def _returned(node: Node) -> str:
    element = node.first("ReturnType")
    return element.get("Type") if element else node.get("ReturnType")


def _parameters(node: Node, source: Source) -> tuple[Parameter, ...]:
    return tuple(_parameter(each, source) for each in node.all("Parameter") if _goes_in(each))


def _goes_in(node: Node) -> bool:
    return bool(node.name) and node.get("Mode") != "Out"


def _parameter(node: Node, source: Source) -> Parameter:
    kind, many, _ = source.value_type(node.get("Type"))
    return Parameter(
        name=node.name,
        type=kind,
        many=many,
        nullable=not denied(node, "Nullable"),
        max_length=number(node.get("MaxLength")),
    )
