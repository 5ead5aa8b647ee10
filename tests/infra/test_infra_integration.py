"""Functions, state machines, and what starts them."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.bundle import ROOT
from infra.constructs.state_machine import called_functions, definition, machine_names
from infra.functions import RECEIVERS, SWEEPERS, TASKS
from infra.names import pascal, snake
from sapmatch.settings import Environment
from tests.infra.templates import Templates
from tests.infra.test_infra_roles import FUNCTIONS

DAYS = {"Decide": 14, "Approve": 5}


def functions(templates: Templates) -> dict[str, dict[str, Any]]:
    """Properties of each function by its name in the house."""
    return {name: templates.one("AWS::Lambda::Function", pascal(name)) for name in FUNCTIONS}


def test_a_function_runs_its_own_module_on_the_newest_python_and_arm(prod: Templates) -> None:
    for name, function in functions(prod).items():
        assert function["Handler"] == f"functions.{name}.handler"
        assert function["Runtime"] == "python3.14"
        assert function["Architectures"] == ["arm64"]
        assert function["TracingConfig"] == {"Mode": "Active"}


def test_memory_time_and_retention_are_explicit(prod: Templates) -> None:
    for name, function in functions(prod).items():
        assert function["MemorySize"] == FUNCTIONS[name].memory
        assert function["Timeout"] == FUNCTIONS[name].timeout
        assert "LogGroup" in function["LoggingConfig"]
    for title, group in prod.of_type("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == 90, title


def test_all_functions_share_one_code_asset(prod: Templates) -> None:
    keys = {json.dumps(function["Code"]["S3Key"]) for function in functions(prod).values()}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("layer", "holders"),
    [
        ("Base", set(FUNCTIONS)),
        ("Documents", {"read_document"}),
        ("Columnar", {"extract_chunk", "finish_extraction"}),
    ],
)
def test_a_layer_is_carried_by_those_only_who_need_it(
    prod: Templates, layer: str, holders: set[str]
) -> None:
    found = {n for n, f in functions(prod).items() if f"{layer}Layer" in json.dumps(f["Layers"])}
    assert found == holders


def test_only_who_makes_or_sorts_files_has_more_than_the_least_disk(prod: Templates) -> None:
    disks = {name: f["EphemeralStorage"]["Size"] for name, f in functions(prod).items()}
    larger = {name: size for name, size in disks.items() if size > 512}
    assert larger == {"extract_chunk": 10_240, "finish_extraction": 10_240}


def test_sap_is_called_by_no_more_copies_than_its_connections_allow(prod: Templates) -> None:
    for name, function in functions(prod).items():
        if name not in SWEEPERS and name != "write_records":
            expected = 3 if FUNCTIONS[name].calls_sap else None
            assert function.get("ReservedConcurrentExecutions") == expected, name


def test_a_small_file_finds_a_function_while_work_in_bulk_waits_for_permits(
    prod: Templates,
) -> None:
    """Permits bound the calls; those who wait for one must not keep the others from starting."""
    writers = functions(prod)["write_records"]["ReservedConcurrentExecutions"]
    assert writers == 3 + 2  # limits.parallel of the connection, parallel of the flow


def test_what_runs_left_is_read_back_every_quarter_of_an_hour(prod: Templates) -> None:
    """RE-12: by the function of the state of that name."""
    schedule = prod.one("AWS::Scheduler::Schedule", "ReconcileIntentsSchedule")
    assert schedule["ScheduleExpression"] == "rate(15 minutes)"
    assert "ReconcileIntents" in json.dumps(schedule["Target"]["Arn"])


def test_what_was_written_is_compared_with_sap_every_day(prod: Templates) -> None:
    schedule = prod.one("AWS::Scheduler::Schedule", "AuditWritesSchedule")
    assert schedule["ScheduleExpression"] == "cron(30 3 * * ? *)"


@pytest.mark.parametrize("name", sorted(SWEEPERS))
def test_a_sweep_never_runs_twice_at_a_time(prod: Templates, name: str) -> None:
    """Schedulers start at least once; two digests at a time would tell everything twice."""
    assert functions(prod)[name]["ReservedConcurrentExecutions"] == 1


def test_what_nobody_was_told_is_told_every_quarter_of_an_hour(prod: Templates) -> None:
    """RE-28, RE-29"""
    schedule = prod.one("AWS::Scheduler::Schedule", "SendDigestSchedule")
    assert schedule["ScheduleExpression"] == "rate(15 minutes)"


def test_every_variable_that_functions_read_is_set(prod: Templates) -> None:
    started = {
        Environment.INVOICE_MATCHING_ARN,
        Environment.WRITE_BACK_ARN,
        Environment.PROVISIONING_ARN,
    }
    elsewhere = {Environment.OS_USERS, Environment.TOKEN_BROKER}
    for name, function in functions(prod).items():
        variables = set(function["Environment"]["Variables"])
        assert set(Environment) - started - elsewhere <= variables, name
        if name in RECEIVERS:
            assert started <= variables, name
        if name in SWEEPERS:
            assert Environment.INVOICE_MATCHING_ARN in variables, name


def test_users_of_the_operating_system_decide_on_the_local_stage_only(
    prod: Templates, local: Templates
) -> None:
    """In the cloud AWS says who decides; the emulator knows no identities."""
    for stage, trusting in (
        (prod, set()),
        (local, {"decide_exception", "approve_provisioning"}),
    ):
        found = functions(stage).items()
        assert {
            name for name, f in found if Environment.OS_USERS in f["Environment"]["Variables"]
        } == trusting


def test_no_secret_stands_in_a_variable(prod: Templates) -> None:
    for name, function in functions(prod).items():
        text = json.dumps(function["Environment"])
        assert "sapmatch/s4" not in text, name


def test_textract_is_aws_s_own_in_the_cloud_and_the_stand_in_s_locally(
    prod: Templates, local: Templates
) -> None:
    variable = "AWS_ENDPOINT_URL_TEXTRACT"
    assert all(variable not in f["Environment"]["Variables"] for f in functions(prod).values())
    having = {n for n, f in functions(local).items() if variable in f["Environment"]["Variables"]}
    assert having == {"read_document"}


@pytest.mark.parametrize("name", machine_names())
def test_a_machine_is_inlined_word_for_word(prod: Templates, name: str) -> None:
    machine = prod.one("AWS::StepFunctions::StateMachine", pascal(name))
    text = (ROOT / "statemachines" / f"{name}.asl.json").read_text()
    assert machine["DefinitionString"] == definition(text, DAYS)
    given = {snake(k.removesuffix("FunctionArn")) for k in machine["DefinitionSubstitutions"]}
    assert given == called_functions(text)


def test_the_time_for_a_decision_is_the_number_of_the_settings(prod: Templates) -> None:
    machine = prod.one("AWS::StepFunctions::StateMachine", "InvoiceMatching")
    states = json.loads(machine["DefinitionString"])["States"]
    assert states["AwaitDecision"]["TimeoutSeconds"] == 14 * 24 * 3600
    machine = prod.one("AWS::StepFunctions::StateMachine", "Provisioning")
    states = json.loads(machine["DefinitionString"])["States"]
    assert states["AwaitApproval"]["TimeoutSeconds"] == 5 * 24 * 3600


def test_machines_log_every_step_without_its_data(prod: Templates) -> None:
    for machine in prod.of_type("AWS::StepFunctions::StateMachine").values():
        assert machine["LoggingConfiguration"]["Level"] == "ALL"
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert machine["TracingConfiguration"] == {"Enabled": True}


def test_a_state_waits_longer_than_its_function_may_run() -> None:
    """Otherwise a function works on unseen after its state was given up."""
    for name in machine_names():
        text = (ROOT / "statemachines" / f"{name}.asl.json").read_text()
        for state, task in _tasks(json.loads(definition(text, {"Decide": 1, "Approve": 1}))):
            assert task["TimeoutSeconds"] > TASKS[snake(state)].timeout, state


def _tasks(scope: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, state in scope["States"].items():
        if state["Type"] == "Task":
            found.append((name, state))
        if state["Type"] == "Map":
            found += _tasks(state["ItemProcessor"])
    return found


def test_uploads_and_dropped_files_go_to_their_queues(prod: Templates) -> None:
    """With a place for what EventBridge cannot deliver (RE-6)."""
    patterns = {}
    for title, rule in prod.of_type("AWS::Events::Rule").items():
        pattern = rule["EventPattern"]
        assert pattern["source"] == ["aws.s3"]
        assert pattern["detail-type"] == ["Object Created"]
        (target,) = rule["Targets"]
        assert "DeadLetters" in json.dumps(target["DeadLetterConfig"])
        patterns[title[:-8]] = pattern["detail"]["object"]["key"]
    assert patterns == {
        "ReceiveDocumentRule": [{"prefix": "incoming/"}],
        "ReceiveUpdateFileRule": [{"wildcard": "updates/*/inbox/*"}],
        "ReceiveProvisioningFileRule": [{"prefix": "provisioning/"}],
    }


def test_only_the_poison_message_of_a_batch_returns(prod: Templates) -> None:
    """RE-7: partial batch answers, dead letters after a few deliveries."""
    for name in map(pascal, RECEIVERS):
        mapping = prod.one("AWS::Lambda::EventSourceMapping", f"{name}Source")
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        queue = prod.one("AWS::SQS::Queue", f"{name}Queue")
        assert 3 <= queue["RedrivePolicy"]["maxReceiveCount"] <= 5
        assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS[snake(name)].timeout


def test_every_version_of_an_intent_goes_into_the_history_or_to_the_dead_letters(
    prod: Templates,
) -> None:
    """One bad item never holds up, or takes with it, the others of its batch for good."""
    source = prod.one("AWS::Lambda::EventSourceMapping", "KeepHistorySource")
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["BisectBatchOnFunctionError"] is True
    assert source["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert "KeepHistoryDeadLetters" in str(source["DestinationConfig"]["OnFailure"])
    stream = str(source["EventSourceArn"])
    assert "Intents" in stream
    assert "StreamArn" in stream


def test_every_flow_with_a_schedule_is_started_by_it(prod: Templates) -> None:
    """A run has the time it was due as its id: two executions of it repeat its steps (RE-31).

    It comes by the clock of its business hours, in summer and in winter.
    """
    schedules = prod.of_type("AWS::Scheduler::Schedule").values()
    inputs = {
        (s["ScheduleExpression"], s["ScheduleExpressionTimezone"]): json.loads(s["Target"]["Input"])
        for s in schedules
        if "Input" in s["Target"]
    }
    due = {"run_id": "<aws.scheduler.scheduled-time>"}
    assert inputs == {
        ("cron(0 6 * * ? *)", "Europe/Berlin"): {"extraction": "orders"} | due,
        ("cron(0 6-20 ? * MON-FRI *)", "Europe/Berlin"): {"flow": "supplier_invoice"} | due,
    }
    for schedule in schedules:
        assert "DeadLetters" in json.dumps(schedule["Target"]["DeadLetterConfig"])
        assert schedule["State"] == "ENABLED"


def test_what_was_missed_is_looked_for_every_night(prod: Templates) -> None:
    """RE-2: within 24 hours."""
    schedule = prod.one("AWS::Scheduler::Schedule", "SweepGapsSchedule")
    assert schedule["ScheduleExpression"] == "cron(30 1 * * ? *)"
    assert "SweepGaps" in json.dumps(schedule["Target"]["Arn"])


def test_the_local_stage_differs_only_as_the_list_of_limits_says(
    prod: Templates, local: Templates
) -> None:
    for schedule in local.of_type("AWS::Scheduler::Schedule").values():
        assert schedule["State"] == "DISABLED"
    for stack in prod:
        mine, theirs = prod[stack]["Resources"], local[stack]["Resources"]
        assert sorted(r["Type"] for r in mine.values()) == sorted(
            r["Type"] for r in theirs.values()
        )


def test_flows_and_their_connections_are_outputs_for_the_command_line(prod: Templates) -> None:
    """Settings stay in the cloud: `sapmatch status` and `hold` find them here."""
    outputs = prod["integration"]["Outputs"]
    assert outputs["WriteBacks"]["Value"] == "supplier_invoice=s4"
    assert outputs["Provisionings"]["Value"] == "s4"


def test_a_placeholder_without_a_function_is_named(tmp_path: Path) -> None:
    assert called_functions('"${ReadDocumentFunctionArn}" "${Other}"') == {"read_document"}
