"""[provisioning.CONNECTION] and child systems: each mistake has its path."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.settings import parse, remarks

FILE = """
[connections.central]
url = "https://sap.example.com"
client = "100"
auth = {{ type = "basic", secret = "c" }}
[connections.central.rfc]
systemId = "S4H"
cuaEnabled = true
destinationName = "S4HCLNT100"
systems = {{ {systems} }}

[connections.child]
url = "https://sap.example.com"
client = "200"
auth = {{ type = "basic", secret = "d" }}
{child}

[connections.plain]
url = "https://sap.example.com"
client = "300"
auth = {{ type = "basic", secret = "e" }}

[provisioning.{name}]
{lines}
"""
PEOPLE = "approvers = ['arn:aws:iam::123456789012:role/security']"
CHILD = '[connections.child.rfc]\nsystemId = "S4H"'


def text(lines: str = "", *, name: str = "central", systems: str = "", child: str = CHILD) -> bytes:
    return FILE.format(lines=lines, name=name, systems=systems, child=child).encode()


def mistakes(written: bytes) -> dict[str, str]:
    with pytest.raises(InputRejected) as caught:
        parse(written, "sapmatch.toml")
    return {str(problem.field): problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("line", "field", "word"),
    [
        ("roles_removed_at_most = -1", "roles_removed_at_most", "from 0"),
        ("users_locked_at_most = -1", "users_locked_at_most", "from 0"),
        ("approve_within_days = 0", "approve_within_days", "from 1 to 90"),
        ("verify_minutes = 1441", "verify_minutes", "from 0 to 1440"),
        ("max_users = 0", "max_users", "from 1"),
        ("approvers = ['arn:aws:s3:::bucket']", "approvers[0]", "by its ARN"),
        ("on_error = 'ignore'", "on_error", "must be one of"),
    ],
)
def test_a_limit_out_of_range_or_nobody_as_approver_is_named(
    line: str, field: str, word: str
) -> None:
    found = mistakes(text(line))
    assert list(found) == [f"provisioning.central.{field}"]
    assert word in found[f"provisioning.central.{field}"]


def test_people_are_named_as_those_who_decide_on_invoices_are() -> None:
    people = "approvers = ['arn:aws:iam::123456789012:role/security', 'operator']"
    found = parse(text(people), "sapmatch.toml")
    assert len(found.provisioning["central"].approvers) == 2


def test_a_connection_that_is_not_there_or_calls_no_function_modules_is_named() -> None:
    assert "names no" in mistakes(text(name="other"))["provisioning.other"]
    assert "plain.rfc" in mistakes(text(name="plain"))["provisioning.plain"]


@pytest.mark.parametrize(
    ("systems", "word"),
    [
        ('S4HCLNT200 = "other"', "names no"),
        ('S4HCLNT200 = "plain"', "needs [connections.plain.rfc]"),
        ('S4HCLNT200 = "central"', "names a central system"),
    ],
)
def test_a_child_system_is_looked_at_over_a_connection_that_can(systems: str, word: str) -> None:
    found = mistakes(text(systems=systems))
    assert list(found) == ["connections.central.rfc.systems.S4HCLNT200"]
    assert word in found["connections.central.rfc.systems.S4HCLNT200"]


def test_the_central_system_may_be_a_child_of_its_own() -> None:
    systems = 'S4HCLNT100 = "central", S4HCLNT200 = "child"'
    assert remarks(parse(text(PEOPLE, systems=systems), "sapmatch.toml")) == ()


def test_a_stage_on_which_everybody_decides_is_remarked() -> None:
    systems = 'S4HCLNT200 = "child"'
    (remark,) = remarks(parse(text(systems=systems), "sapmatch.toml"))
    assert remark.field == "provisioning.central.approvers"
    assert "approve-provisioning" in remark.message


def test_child_systems_that_nobody_looks_at_are_remarked() -> None:
    """CO-T51: what the central system accepted is not done, and nobody would know."""
    (remark,) = remarks(parse(text(PEOPLE, systems='S4HCLNT200 = ""'), "sapmatch.toml"))
    assert remark.field == "connections.central.rfc.systems.S4HCLNT200"
    assert "nobody looks" in remark.message
    (remark,) = remarks(parse(text(PEOPLE), "sapmatch.toml"))
    assert "not verified" in remark.message
