"""Least privilege, read from the templates: one role each, exact statements, forbidden pairs."""

import pytest

from infra.functions import BROKERS, ROTATORS
from infra.functions import FUNCTIONS as ALL
from tests.infra.policies import (
    UNBOUND,
    all_policies,
    granted,
    prefixes,
    statements,
    tables,
    text,
)
from tests.infra.templates import Templates

# Those that are made where the settings ask for them have tests of their own.
FUNCTIONS = {n: spec for n, spec in ALL.items() if n not in BROKERS | ROTATORS}
SAP_CALLERS = {
    "plan_extraction",
    "extract_chunk",
    "finish_extraction",
    "write_records",
    "reconcile_intents",
    "audit_writes",
    "write_decision",
    "plan_provisioning",
    "apply_provisioning",
    "verify_provisioning",
}


def test_no_action_is_a_wildcard(prod: Templates) -> None:
    for title, policy in all_policies(prod):
        for statement in statements(policy):
            assert not [action for action in statement["Action"] if "*" in action], title


def test_a_bare_star_stands_only_where_actions_know_no_resource(prod: Templates) -> None:
    for title, policy in all_policies(prod):
        for statement in statements(policy):
            if "*" in statement["Resource"]:
                assert {a.partition(":")[0] for a in statement["Action"]} <= UNBOUND, title


def test_no_role_has_a_managed_policy(prod: Templates) -> None:
    assert all("ManagedPolicyArns" not in r for r in prod.of_type("AWS::IAM::Role").values())


def test_only_schedules_and_rules_have_policies_beside_their_role(prod: Templates) -> None:
    """The CDK adds nothing to the roles of functions and state machines."""
    for title, policy in prod.of_type("AWS::IAM::Policy").items():
        actions = {a for s in statements(policy) for a in s["Action"]}
        if not title.startswith("ExtractionExtractChunks"):
            started = {"states:StartExecution", "states:SendTaskSuccess", "sqs:SendMessage"}
            assert actions <= started, title


def test_a_distributed_map_runs_children_of_its_own_machine_and_reads_its_list(
    prod: Templates,
) -> None:
    """The emulator does not enforce this role, so the template is the only proof."""
    policy = prod.one("AWS::IAM::Policy", "ExtractionExtractChunks")
    (role,) = policy["Roles"]
    assert text(role).startswith("ExtractionRole")
    found = {a: s["Resource"] for s in statements(policy) for a in s["Action"]}
    assert set(found) == {
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
        "s3:GetObject",
        "kms:Decrypt",
    }
    (machine,) = found["states:StartExecution"]
    assert machine.startswith("Extraction")
    children = found["states:StopExecution"]
    assert [child.partition(":execution:")[2].partition("Extraction")[0] for child in children] == [
        "",
        "",
    ]
    assert children[0].endswith(":*")
    assert children[1].endswith("/ExtractChunks:*")
    assert prefixes(set(found["s3:GetObject"])) == {"extracts/*/chunks.json"}


def test_every_function_has_a_role_of_its_own(prod: Templates) -> None:
    roles = [
        function["Role"]["Fn::GetAtt"][0]
        for function in prod.of_type("AWS::Lambda::Function").values()
    ]
    assert len(set(roles)) == len(roles) == len(FUNCTIONS)


def test_only_callers_of_sap_and_who_watches_its_end_read_the_secret(prod: Templates) -> None:
    readers = {name for name in FUNCTIONS if "secretsmanager:GetSecretValue" in granted(prod, name)}
    assert readers == SAP_CALLERS | {"watch_expiry"}
    assert {name for name, spec in FUNCTIONS.items() if spec.calls_sap} == SAP_CALLERS


def test_the_secret_is_named_to_its_random_end(prod: Templates) -> None:
    (secret,) = granted(prod, "write_records")["secretsmanager:GetSecretValue"]
    assert secret.endswith(":secret:sapmatch/s4-??????")


READ_WRITE = [
    # function, objects read, objects written, tables read, tables written
    ("plan_extraction", {"extracts/*"}, {"extracts/*"}, {"Control"}, {"Control"}),
    ("extract_chunk", {"extracts/*"}, {"extracts/*"}, {"Control"}, {"Control"}),
    (
        "finish_extraction",
        {"extracts/*"},
        {"extracts/*"},
        {"Orders", "Control"},
        {"Orders", "Control"},
    ),
    (
        "fail_extraction",
        {"extracts/*"},
        set(),
        {"Control", "Documents"},
        {"Control", "Documents"},
    ),
    ("await_decision", set(), set(), {"Documents", "Orders"}, {"Documents"}),
    ("decide_exception", {"documents/*"}, set(), {"Documents", "Orders", "Intents"}, {"Documents"}),
    ("expire_exception", set(), set(), {"Documents"}, {"Documents"}),
    (
        "wake_documents",
        {"documents/*"},
        {"documents/*"},
        {"Control", "Documents", "Documents/by_review", "Orders"},
        {"Control", "Documents"},
    ),
    (
        "sweep_gaps",
        {"incoming/*", "extracts/*"},
        set(),
        {"Control", "Documents", "Documents/by_review", "Documents/by_unsent", "Orders"},
        {"Control", "Documents"},
    ),
    ("receive_document", {"incoming/*"}, set(), {"Documents"}, {"Documents"}),
    ("receive_update_file", {"updates/*"}, set(), set(), set()),
    (
        "read_document",
        {"incoming/*", "documents/*"},
        {"documents/*"},
        {"Documents", "Orders", "Control"},
        {"Documents", "Control"},
    ),
    (
        "match_invoice",
        {"documents/*"},
        {"documents/*"},
        {"Orders", "Documents", "Intents"},
        {"Documents"},
    ),
    (
        "record_match",
        {"documents/*"},
        {"intents/*"},
        {"Orders", "Documents", "Intents"},
        {"Orders", "Documents", "Intents"},
    ),
    (
        "raise_exception",
        {"documents/*", "responses/*", "updates/*/runs/*"},
        {"responses/*", "documents/*/revision-*"},
        {"Control", "Documents", "Intents", "Orders"},
        {"Control", "Documents"},
    ),
    ("announce_stop", set(), set(), {"Control", "Documents"}, {"Documents"}),
    ("watch_expiry", set(), set(), {"Documents"}, {"Documents"}),
    (
        "write_decision",
        {"intents/*", "updates/*/runs/*", "responses/*"},
        {"updates/*/runs/*", "responses/*"},
        {"Control", "Documents", "Intents", "Intents/by_due"},
        {"Control", "Documents", "Intents"},
    ),
    ("keep_history", set(), {"history/intents/*"}, set(), set()),
    ("send_digest", set(), set(), {"Documents", "Documents/by_unsent"}, {"Documents"}),
    (
        "collect_intents",
        {"intents/*", "updates/*"},
        {"intents/*", "updates/*/runs/*", "responses/*"},
        {"Intents", "Intents/by_due"},
        {"Intents"},
    ),
    (
        "write_records",
        {"updates/*/runs/*"},
        {"responses/*"},
        {"Control", "Intents", "Intents/by_due"},
        {"Control", "Intents"},
    ),
    (
        "reconcile_intents",
        {"updates/*/runs/*", "intents/*"},
        {"responses/*"},
        {"Control", "Intents", "Intents/by_due"},
        {"Control", "Intents"},
    ),
    (
        "audit_writes",
        {"intents/*"},
        {"audits/*"},
        {"Control", "Documents", "Intents", "Intents/by_due"},
        {"Control", "Documents"},
    ),
    ("receive_provisioning_file", {"provisioning/*"}, set(), set(), set()),
    (
        "plan_provisioning",
        {"provisioning/*", "provisioned/*"},
        {"provisioned/*"},
        {"Control"},
        {"Control"},
    ),
    ("await_approval", {"provisioned/*"}, set(), {"Control"}, {"Control"}),
    ("approve_provisioning", set(), set(), {"Control"}, {"Control"}),
    ("apply_provisioning", {"provisioned/*"}, {"provisioned/*"}, {"Control"}, {"Control"}),
    ("verify_provisioning", {"provisioned/*"}, {"provisioned/*"}, {"Control"}, {"Control"}),
    ("report_provisioning", {"provisioned/*"}, {"provisioned/*"}, {"Control"}, {"Control"}),
]


def test_the_table_of_reads_and_writes_names_every_function() -> None:
    assert {row[0] for row in READ_WRITE} == set(FUNCTIONS)


@pytest.mark.parametrize(("name", "read", "written", "queried", "put"), READ_WRITE)
def test_a_function_touches_its_own_prefixes_and_tables_only(
    prod: Templates, name: str, read: set[str], written: set[str], queried: set[str], put: set[str]
) -> None:
    grants = granted(prod, name)
    assert prefixes(grants.get("s3:GetObject", set())) == read
    assert prefixes(grants.get("s3:PutObject", set())) == written
    assert tables(grants.get("dynamodb:Query", set())) == queried
    assert tables(grants.get("dynamodb:PutItem", set())) == put


def test_only_what_runs_let_go_and_stale_keys_of_orders_are_ever_removed(prod: Templates) -> None:
    """A worker goes on where another one died: it removes the page ahead of the position."""
    removers = {
        "extract_chunk": {"s3:DeleteObject"},
        "finish_extraction": {"s3:DeleteObject", "dynamodb:DeleteItem"},
    }
    for name in FUNCTIONS:
        grants = granted(prod, name)
        removing = {a: r for a, r in grants.items() if a.startswith(("s3:Del", "dynamodb:Del"))}
        assert set(removing) == removers.get(name, set()), name
        assert prefixes(removing.get("s3:DeleteObject", set())) <= {"extracts/*"}
        assert tables(removing.get("dynamodb:DeleteItem", set())) <= {"Orders"}


@pytest.mark.parametrize(
    ("action", "holders"),
    [
        (
            "sns:Publish",
            {
                "announce_stop",
                "await_approval",
                "receive_provisioning_file",
                "report_provisioning",
                "fail_extraction",
                "raise_exception",
                "send_digest",
                "sweep_gaps",
                "wake_documents",
                "watch_expiry",
            },
        ),
        ("secretsmanager:DescribeSecret", {"announce_stop", "watch_expiry"}),
        ("secretsmanager:PutSecretValue", set()),
        ("lambda:InvokeFunction", set()),
        ("sns:ListSubscriptionsByTopic", {"sweep_gaps"}),
        ("textract:AnalyzeExpense", {"read_document"}),
        ("textract:StartExpenseAnalysis", {"read_document"}),
        ("textract:GetExpenseAnalysis", {"read_document"}),
        (
            "states:StartExecution",
            {
                "read_document",
                "receive_document",
                "receive_update_file",
                "receive_provisioning_file",
                "approve_provisioning",
                "sweep_gaps",
                "wake_documents",
            },
        ),
        (
            "states:SendTaskSuccess",
            {
                "approve_provisioning",
                "await_approval",
                "await_decision",
                "decide_exception",
                "sweep_gaps",
                "wake_documents",
            },
        ),
        ("states:DescribeExecution", {"approve_provisioning"}),
        (
            "sqs:ReceiveMessage",
            {"receive_document", "receive_provisioning_file", "receive_update_file"},
        ),
        ("ec2:CreateNetworkInterface", set()),
    ],
)
def test_an_action_is_held_by_these_functions_and_no_other(
    prod: Templates, action: str, holders: set[str]
) -> None:
    assert {name for name in FUNCTIONS if action in granted(prod, name)} == holders


def test_a_receiver_starts_its_own_machine_only(prod: Templates) -> None:
    for name, machine in (
        ("receive_document", "InvoiceMatching"),
        ("read_document", "InvoiceMatching"),  # the parts of a file with several invoices
        ("receive_update_file", "WriteBack"),
        ("receive_provisioning_file", "Provisioning"),
        ("approve_provisioning", "Provisioning"),  # what was stopped
        ("sweep_gaps", "InvoiceMatching"),
        ("wake_documents", "InvoiceMatching"),
    ):
        (arn,) = granted(prod, name)["states:StartExecution"]
        assert arn.startswith(machine)


def test_who_resumes_a_run_sees_its_executions_and_no_file(prod: Templates) -> None:
    grants = granted(prod, "approve_provisioning")
    (executions,) = grants["states:DescribeExecution"]
    assert ":execution:" in executions
    assert "Provisioning" in executions.partition(":execution:")[2]
    assert not {action for action in grants if action.startswith("s3:")}


def test_only_executions_that_wait_for_them_are_answered(prod: Templates) -> None:
    for name, machine in (
        ("await_decision", "InvoiceMatching"),
        ("sweep_gaps", "InvoiceMatching"),
        ("wake_documents", "InvoiceMatching"),
        ("await_approval", "Provisioning"),
        ("approve_provisioning", "Provisioning"),
    ):
        (arn,) = granted(prod, name)["states:SendTaskSuccess"]
        assert arn.startswith(machine), name


def test_the_key_is_used_through_services_only(prod: Templates) -> None:
    for title, policy in all_policies(prod):
        for statement in statements(policy):
            if any(action.startswith("kms:") for action in statement["Action"]):
                assert statement["Condition"]["StringEquals"]["kms:ViaService"], title


def test_a_machine_calls_exactly_the_functions_of_its_file(prod: Templates) -> None:
    """The emulator does not enforce this role, so the template is the only proof."""
    for title in ("Extraction", "InvoiceMatching", "Provisioning", "WriteBack"):
        machine = prod.one("AWS::StepFunctions::StateMachine", title)
        named = {text(arn) for arn in machine["DefinitionSubstitutions"].values()}
        role = prod.one("AWS::IAM::Role", f"{title}Role")
        called = {
            resource
            for policy in role["Policies"]
            for statement in statements(policy)
            if "lambda:InvokeFunction" in statement["Action"]
            for resource in statement["Resource"]
        }
        assert called == named


def test_a_machine_asks_for_the_rules_of_tracing(prod: Templates) -> None:
    for title in ("Extraction", "InvoiceMatching", "Provisioning", "WriteBack"):
        (policy,) = prod.one("AWS::IAM::Role", f"{title}Role")["Policies"]
        actions = {action for s in statements(policy) for action in s["Action"]}
        assert actions >= {"xray:GetSamplingRules", "xray:GetSamplingTargets"}


def test_a_schedule_starts_its_own_machine_only(prod: Templates) -> None:
    for schedule in prod.of_type("AWS::Scheduler::Schedule").values():
        if "Input" not in schedule["Target"]:
            continue
        role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
        (policy,) = [
            p
            for p in prod.of_type("AWS::IAM::Policy").values()
            if role in [r["Ref"] for r in p["Roles"]]
        ]
        started = {
            resource
            for statement in statements(policy)
            if "states:StartExecution" in statement["Action"]
            for resource in statement["Resource"]
        }
        assert started == {text(schedule["Target"]["Arn"])}
