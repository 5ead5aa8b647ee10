"""Who may do what, read from the templates."""

from collections.abc import Iterator
from typing import Any

from infra.names import pascal
from tests.infra.templates import Templates

# Actions that AWS gives no resource to narrow down.
UNBOUND = {"textract", "xray", "logs", "ec2"}


def statements(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of a policy with lists of actions and resources."""
    for statement in policy["PolicyDocument"]["Statement"]:
        yield {
            **statement,
            "Action": _listed(statement["Action"]),
            "Resource": [text(resource) for resource in _listed(statement.get("Resource", []))],
        }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A resource as text: `Bucket/incoming/*`, `Orders`, `MatchInvoice`."""
    match value:
        case {"Fn::Join": [_, parts]}:
            return "".join(map(text, parts))
        case {"Fn::ImportValue": name}:
            return str(name).rpartition("FnGetAtt")[2].rpartition("Ref")[2]
        case {"Fn::GetAtt": [name, _]} | {"Ref": name}:
            return str(name)
        case _:
            return str(value)


def granted(templates: Templates, name: str) -> dict[str, set[str]]:
    """Action -> resources of one function's role."""
    role = templates.one("AWS::IAM::Role", f"{pascal(name)}Role")
    beside = [
        policy
        for policy in templates.of_type("AWS::IAM::Policy").values()
        if any(text(holder).startswith(f"{pascal(name)}Role") for holder in policy["Roles"])
    ]
    found: dict[str, set[str]] = {}
    for policy in (*role["Policies"], *beside):
        for statement in statements(policy):
            for action in statement["Action"]:
                found.setdefault(action, set()).update(statement["Resource"])
    return found


def prefixes(resources: set[str]) -> set[str]:
    """The object prefixes among resources."""
    return {resource.partition("/")[2] for resource in resources}


def tables(resources: set[str]) -> set[str]:
    """The tables among resources, indexes after a slash."""
    return {
        f"{name}{'/' + rest if rest else ''}"
        for resource in resources
        for name in ("Orders", "Documents", "Intents", "Control")
        for rest in [resource.partition("/index/")[2]]
        if resource.startswith(name)
    }


def all_policies(templates: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every identity policy of the stage."""
    for title, role in templates.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", ()):
            yield title, policy
    yield from templates.of_type("AWS::IAM::Policy").items()
