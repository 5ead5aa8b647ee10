"""The functions of runs over the users of a SAP system; functions.py has the others."""

from infra.function_spec import FunctionSpec
from infra.grants import (
    lists,
    logs_on,
    looks_at,
    opens_secrets,
    publishes,
    puts,
    queries,
    reads,
    resumes,
    starts,
    uses_key,
    writes,
)

MACHINE = "provisioning"
DROPPED = "provisioning/"  # where people put files
KEPT = "provisioned/"  # what runs know and answer

TASKS = {
    "plan_provisioning": FunctionSpec(
        purpose="Compares a file of desired users with SAP, and stores what would change.",
        calls_sap=True,
        memory=1024,  # 10,000 users with their roles
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads(f"{DROPPED}*", f"{KEPT}*"),
            writes(f"{KEPT}*"),
            queries("control"),
            puts("control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "await_approval": FunctionSpec(
        purpose="Asks people whether a run of desired users may go on, and notes who waits.",
        grants=(
            lists(),
            reads(f"{KEPT}*"),
            queries("control"),
            puts("control"),
            publishes(),
            uses_key("s3", "dynamodb", "sns"),
        ),
        own_machine=(resumes(MACHINE),),
    ),
    "apply_provisioning": FunctionSpec(
        purpose="Changes the users of a run, each only where it differs from the file.",
        calls_sap=True,
        memory=1024,
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads(f"{KEPT}*"),
            writes(f"{KEPT}*"),
            queries("control"),
            puts("control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "verify_provisioning": FunctionSpec(
        purpose="Looks whether changes of users arrived in the child systems.",
        calls_sap=True,
        memory=1024,
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads(f"{KEPT}*"),
            writes(f"{KEPT}*"),
            queries("control"),
            puts("control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "report_provisioning": FunctionSpec(
        purpose="Writes the response of a run of desired users and mails it, once.",
        memory=1024,
        timeout=300,
        grants=(
            lists(),
            reads(f"{KEPT}*"),
            writes(f"{KEPT}*"),
            queries("control"),
            puts("control"),
            publishes(),
            uses_key("s3", "dynamodb", "sns"),
        ),
    ),
}

RECEIVERS = {
    "receive_provisioning_file": FunctionSpec(
        purpose="Starts the run of a dropped file of desired users.",
        grants=(
            lists(),
            reads(f"{DROPPED}*"),
            starts(MACHINE),
            publishes(),
            uses_key("s3", "sns"),
        ),
    ),
}

CALLED = {
    "approve_provisioning": FunctionSpec(
        purpose="Takes the word of a person about a run of desired users.",
        grants=(
            queries("control"),
            puts("control"),
            resumes(MACHINE),
            starts(MACHINE),
            looks_at(MACHINE),
            uses_key("dynamodb"),
        ),
    ),
}
