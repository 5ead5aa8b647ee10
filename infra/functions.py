"""The functions: what each needs and what it may do. Nothing here is granted to anybody else."""

from infra import provisioning
from infra.function_spec import FunctionSpec
from infra.grants import (
    deletes,
    describes_secrets,
    lists,
    lists_subscriptions,
    lists_versions,
    logs_on,
    logs_on_outside,
    opens_secrets,
    publishes,
    puts,
    queries,
    reads,
    reads_expenses,
    reads_secrets,
    removes,
    resumes,
    rotates_secrets,
    seals_secrets,
    starts,
    uses_key,
    writes,
    writes_files,
)

# Called by the state machines: one state each.
TASKS = {
    "plan_extraction": FunctionSpec(
        purpose="Takes the lease of an extraction and cuts it into chunks.",
        calls_sap=True,
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads("extracts/*"),
            writes("extracts/*"),
            queries("control"),
            puts("control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "extract_chunk": FunctionSpec(
        # DuckDB makes the files of the output: a whole processor (from 1,769 MB on), and the
        # largest disk there is for the rows of a chunk beside the file that is made of them.
        purpose="Reads one chunk from SAP into the bucket, page by page.",
        calls_sap=True,
        memory=2048,
        disk=10_240,
        timeout=900,
        layers=("base", "columnar"),
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads("extracts/*"),
            writes_files("extracts/*"),
            removes("extracts/*"),  # a page that is ahead of the position where a worker died
            queries("control"),
            puts("control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "finish_extraction": FunctionSpec(
        # All keys of a run and of the snapshot before it are sorted on the largest disk there is.
        purpose="Checks the counts of a run and puts its orders into the index.",
        calls_sap=True,
        memory=3008,
        disk=10_240,
        timeout=900,
        layers=("base", "columnar"),
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads("extracts/*"),
            writes_files("extracts/*"),
            removes("extracts/*"),
            queries("orders", "control"),
            puts("orders", "control"),
            deletes("orders"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "fail_extraction": FunctionSpec(
        purpose="Gives the lease of a failed run back and tells what failed, once.",
        grants=(
            lists(),
            reads("extracts/*"),
            queries("control", "documents"),
            puts("control", "documents"),
            publishes(),
            uses_key("s3", "dynamodb", "sns"),
        ),
    ),
    "read_document": FunctionSpec(
        purpose="Reads the invoice out of an uploaded document.",
        memory=2048,  # a processor of its own: 100 dense pages are a minute's work and 800 MB
        timeout=300,  # nothing waits for a job; a call of Textract waits for its turn
        layers=("base", "documents"),
        grants=(
            lists(),
            reads("incoming/*", "documents/*"),
            writes("documents/*"),
            queries("documents", "orders", "control"),
            puts("documents", "control"),
            reads_expenses(),
            uses_key("s3", "dynamodb"),
        ),
        own_machine=(starts("invoice_matching"),),  # for the invoices that one file holds
    ),
    "match_invoice": FunctionSpec(
        purpose="Decides which order an invoice belongs to, and whether it agrees.",
        timeout=120,
        grants=(
            lists(),
            reads("documents/*"),
            writes("documents/*"),
            queries("orders", "documents", "intents"),
            puts("documents"),
            uses_key("s3", "dynamodb"),
        ),
    ),
    "await_decision": FunctionSpec(
        purpose="Notes that a document waits for a person, or for what its decision lacks.",
        grants=(
            queries("documents", "orders"),
            puts("documents"),
            uses_key("dynamodb"),
        ),
        own_machine=(resumes("invoice_matching"),),
    ),
    "expire_exception": FunctionSpec(
        purpose="Ends the wait of a document that nobody decided on in time.",
        grants=(queries("documents"), puts("documents"), uses_key("dynamodb")),
    ),
    "wake_documents": FunctionSpec(
        purpose="Lets go on what waits for an extraction, and tells what it changed after a match.",
        timeout=900,
        grants=(
            lists(),
            reads("documents/*"),
            writes("documents/*"),
            queries("documents", index="by_review"),
            queries("orders", "control"),
            puts("documents", "control"),
            publishes(),
            uses_key("s3", "dynamodb", "sns"),
        ),
        own_machine=(resumes("invoice_matching"), starts("invoice_matching")),
    ),
    "record_match": FunctionSpec(
        purpose="Records a match, its reservations and its intents in one transaction.",
        grants=(
            lists(),
            reads("documents/*"),
            writes("intents/*"),
            queries("orders", "documents", "intents"),
            puts("orders", "documents", "intents"),
            uses_key("s3", "dynamodb"),
        ),
    ),
    "raise_exception": FunctionSpec(
        purpose="Records what a person has to look at, and mails it.",
        timeout=300,  # a run of 5,000 records, and a match to be decided anew for each that moved
        grants=(
            lists(),
            reads("documents/*", "responses/*", "updates/*/runs/*"),
            writes("responses/*", "documents/*/revision-*"),
            queries("documents", "control", "orders", "intents"),
            puts("documents", "control"),
            publishes(),
            uses_key("s3", "dynamodb", "sns"),
        ),
    ),
    "collect_intents": FunctionSpec(
        purpose="Makes the update file of a run from due intents or from a dropped file.",
        timeout=300,
        grants=(
            lists(),
            reads("intents/*", "updates/*"),
            writes("intents/*", "updates/*/runs/*", "responses/*"),
            queries("intents", index="by_due"),
            puts("intents"),
            uses_key("s3", "dynamodb"),
        ),
    ),
    "write_records": FunctionSpec(
        purpose="Applies an update file to SAP, each record at most once.",
        calls_sap=True,
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads("updates/*/runs/*"),
            writes("responses/*"),
            queries("intents", index="by_due"),  # what was sent before, and is not decided
            queries("control"),
            puts("intents", "control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "reconcile_intents": FunctionSpec(
        purpose="Reads back from SAP what became of writes with an unknown outcome.",
        calls_sap=True,
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads("updates/*/runs/*", "intents/*"),
            writes("responses/*"),
            queries("intents", index="by_due"),
            queries("control"),
            puts("intents", "control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    **provisioning.TASKS,
}

# Started by a message of a queue; each starts a state machine.
RECEIVERS = {
    **provisioning.RECEIVERS,
    "receive_document": FunctionSpec(
        purpose="Checks an upload, records its content once, starts the matching.",
        grants=(
            lists(),
            reads("incoming/*"),
            queries("documents"),
            puts("documents"),
            starts("invoice_matching"),
            uses_key("s3", "dynamodb"),
        ),
    ),
    "receive_update_file": FunctionSpec(
        purpose="Starts the write-back of a file that was dropped into an inbox.",
        grants=(lists(), reads("updates/*"), starts("write_back"), uses_key("s3")),
    ),
}

# Started by a schedule of the house.
SWEEPERS = {
    "sweep_gaps": FunctionSpec(
        purpose="Finds lost uploads, extractions that did not run, and mails that nobody gets.",
        timeout=900,
        grants=(
            lists(),
            lists_versions(),
            reads("incoming/*", "extracts/*"),
            queries("documents", index="by_review"),
            queries("documents", index="by_unsent"),
            queries("orders", "control"),
            puts("documents", "control"),
            starts("invoice_matching"),
            resumes("invoice_matching"),
            publishes(),
            lists_subscriptions(),
            uses_key("s3", "dynamodb", "sns"),
        ),
    ),
    "audit_writes": FunctionSpec(
        purpose="Compares what was written with what SAP holds, both ways.",
        calls_sap=True,
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads("intents/*"),
            writes("audits/*"),
            queries("intents", index="by_due"),
            queries("documents", "control"),
            puts("documents", "control"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
    "watch_expiry": FunctionSpec(
        purpose="Measures how long the certificates and secrets of connections are good for.",
        timeout=300,
        layers=("base", "identity"),
        grants=(
            reads_secrets(),
            opens_secrets(),
            describes_secrets(),
            queries("documents"),
            puts("documents"),
            publishes(),
            uses_key("dynamodb", "sns", "secretsmanager"),
        ),
    ),
    "send_digest": FunctionSpec(
        purpose="Tells in one mail what nobody was told yet.",
        memory=1024,  # 10,000 exceptions with their mails
        timeout=900,
        grants=(
            queries("documents", index="by_unsent"),
            puts("documents"),
            publishes(),
            uses_key("dynamodb", "sns"),
        ),
    ),
}

# Started by the stream of a table.
FOLLOWERS = {
    "keep_history": FunctionSpec(
        purpose="Keeps every version of an intended write in the append-only history.",
        grants=(writes("history/intents/*"), uses_key("s3", "dynamodb")),
    ),
    "announce_stop": FunctionSpec(
        purpose="Tells people that nobody logs on to a SAP system any more.",
        grants=(
            describes_secrets(),
            queries("documents", "control"),
            puts("documents"),
            publishes(),
            uses_key("dynamodb", "sns"),
        ),
    ),
}

# Called by people, under a name that they know without looking it up.
CALLED = {
    **provisioning.CALLED,
    "decide_exception": FunctionSpec(
        purpose="Takes the decision of a person on an exception.",
        grants=(
            lists(),
            reads("documents/*"),
            queries("documents", "orders", "intents"),
            puts("documents"),
            resumes("invoice_matching"),
            uses_key("s3", "dynamodb"),
        ),
    ),
    "write_decision": FunctionSpec(
        # The token of a person stands in its event: it is called synchronously, and by nobody else.
        purpose="Writes what a person decided as that person, with their own token.",
        calls_sap=True,
        timeout=300,
        grants=(
            logs_on(),
            opens_secrets(),
            lists(),
            reads("intents/*", "updates/*/runs/*", "responses/*"),
            writes("updates/*/runs/*", "responses/*"),
            queries("intents", index="by_due"),
            queries("documents", "control"),
            puts("intents", "control", "documents"),
            uses_key("s3", "dynamodb", "secretsmanager"),
        ),
    ),
}

# Called by the functions in SAP's network, where tokens are made outside of it.
BROKERS = {
    "broker_token": FunctionSpec(
        # Tokens stand in its events and answers: neither is ever logged. It waits for another
        # one's logon first, then three times for an answer at most.
        purpose="Gets access to SAP where the network of the functions that call SAP ends.",
        timeout=150,
        layers=("base", "identity"),
        grants=(
            logs_on_outside(),
            opens_secrets(),
            queries("control"),
            puts("control"),
            uses_key("dynamodb", "secretsmanager"),
        ),
    ),
}

# Called by Secrets Manager, where the settings rotate a secret.
ROTATORS = {
    "rotate_secret": FunctionSpec(
        # Ended in the middle of a logon, it would keep all others from theirs for two minutes.
        purpose="Makes the next version of a logon secret, and tries it with one logon.",
        calls_sap=True,
        timeout=900,
        grants=(
            logs_on(),
            opens_secrets(),
            describes_secrets(),
            rotates_secrets(),
            seals_secrets(),
            queries("control"),
            puts("control"),
            uses_key("dynamodb", "secretsmanager"),
        ),
    ),
}

FUNCTIONS = TASKS | RECEIVERS | SWEEPERS | FOLLOWERS | CALLED | BROKERS | ROTATORS
