"""What may be replaced at any time: functions, state machines, and what starts them."""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import CfnOutput, Duration, Stack, TimeZone
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.aws_lambda_event_sources import SqsDlq
from aws_cdk.aws_scheduler_targets import LambdaInvoke, StepFunctionsStartExecution
from constructs import Construct

from infra.bundle import code_folder, layer_folder
from infra.config import StageConfig
from infra.constructs.queues import DeadLetterQueue, IntakeQueue
from infra.constructs.roles import ExactPolicy, ExactRole
from infra.constructs.service_function import Bundle, Place, ServiceFunction
from infra.constructs.state_machine import AslStateMachine, machine_names
from infra.functions import CALLED, FUNCTIONS, RECEIVERS, TASKS
from infra.grants import Resources, calls, reads_stream, receives, sends
from infra.names import pascal
from infra.provisioning import DROPPED, MACHINE
from sapmatch.settings import Environment, Settings
from sapmatch.settings.rotations import rotated_secrets

SERVICE_NAME = "POWERTOOLS_SERVICE_NAME"  # Powertools makes it the dimension `service` of metrics
METRICS_NAMESPACE = "POWERTOOLS_METRICS_NAMESPACE"
NAMESPACE = "sapmatch"
SCHEDULES = {  # UTC
    "sweep_gaps": "cron(30 1 * * ? *)",
    "audit_writes": "cron(30 3 * * ? *)",
    "watch_expiry": "cron(0 5 * * ? *)",
    "send_digest": "rate(15 minutes)",
}
RECONCILED = "rate(15 minutes)"  # whatever became of the runs
# What could not be kept by then waits 18 hours more in the stream, which keeps a day.
FOLLOWED_FOR = Duration.hours(6)
# Keys as sapmatch.limits.logons writes them: no other change of the table wakes the function.
_LOGONS = {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "logons/"}]}}}}
_STARTED = {
    Environment.INVOICE_MATCHING_ARN: "invoice_matching",
    Environment.WRITE_BACK_ARN: "write_back",
    Environment.PROVISIONING_ARN: MACHINE,
}
_DECIDERS = ("decide_exception", "approve_provisioning")  # who calls them has to be proved


class IntegrationStack(Stack):
    """One function per state, one machine per file, one queue per kind of upload."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        config: StageConfig,
        resources: Resources,
        place: Place | None,
    ) -> None:
        super().__init__(scope, id, description="sapmatch: functions and state machines")
        self._config = config
        self._resources = resources
        self._place = place
        self._bundle = self._make_bundle()
        self.functions: dict[str, ServiceFunction] = {}
        self._broker: ServiceFunction | None = None
        if config.has_broker:
            # Outside of the network, where tokens are made that callers of SAP cannot fetch.
            self._broker = self._function("broker_token")
        for name in TASKS:
            self._task(name)
        self.machines = {
            name: AslStateMachine(self, name, self.functions, resources, config.days)
            for name in machine_names()
        }
        resources.machines.update({n: m.state_machine_arn for n, m in self.machines.items()})
        self._grant_machines()
        self.dead_letters: dict[str, DeadLetterQueue] = {}
        intake = self._receive("receive_document", events.Match.prefix("incoming/"))
        self._receive("receive_update_file", events.Match.wildcard("updates/*/inbox/*"))
        self._receive("receive_provisioning_file", events.Match.prefix(DROPPED))
        self._schedule()
        for name, expression in SCHEDULES.items():
            self._sweep(name, expression)
        self._every(RECONCILED, "reconcile_intents")
        self._follow("keep_history", resources.tables["intents"])
        self._follow("announce_stop", resources.tables["control"], _LOGONS)
        for name in CALLED:
            self._call(name)
        if config.settings.rotations:
            self._rotate(config.settings)
        self._outputs(intake)

    def _make_bundle(self) -> Bundle:
        build = self._config.build
        return Bundle(
            code=lambda_.Code.from_asset(str(code_folder(build))),
            layers={name: self._layer(name) for name in self._config.layers},
            environment=self._environment(),
        )

    def _layer(self, name: str) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            f"{pascal(name)}Layer",
            code=lambda_.Code.from_asset(str(layer_folder(self._config.build, name))),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_14],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )

    def _environment(self) -> dict[str, str]:
        tables = self._resources.tables
        return {
            Environment.STAGE: self._config.stage,
            # Lambda and the emulator both start functions in the folder of their code.
            Environment.SETTINGS: "sapmatch.toml",
            Environment.BUCKET: self._resources.bucket.bucket_name,
            Environment.ORDERS_TABLE: tables["orders"].table_name,
            Environment.DOCUMENTS_TABLE: tables["documents"].table_name,
            Environment.INTENTS_TABLE: tables["intents"].table_name,
            Environment.CONTROL_TABLE: tables["control"].table_name,
            Environment.TOPIC_ARN: self._resources.topic.topic_arn,
            SERVICE_NAME: self._config.prefix,
            METRICS_NAMESPACE: NAMESPACE,
        }

    def _function(
        self,
        name: str,
        *,
        at_once: int | None = None,
        more: Iterable[iam.PolicyStatement] = (),
        known_as: str | None = None,
    ) -> ServiceFunction:
        """A function in its place: who calls SAP stands in the network, and may ask the broker."""
        spec = FUNCTIONS[name]
        broker = self._broker if spec.calls_sap else None
        function = ServiceFunction(
            self,
            name,
            spec,
            bundle=self._bundle,
            resources=self._resources,
            place=self._place if spec.calls_sap else None,
            at_once=at_once,
            more=[*more, calls([broker])] if broker else more,
            known_as=known_as,
        )
        if broker:
            function.add_environment(Environment.TOKEN_BROKER, broker.function_name)
        self.functions[name] = function
        return function

    def _task(self, name: str) -> None:
        at_once = self._config.at_once(name) if TASKS[name].calls_sap else None
        function = self._function(name, at_once=at_once)
        if name == "read_document" and self._config.textract_url:
            function.add_environment("AWS_ENDPOINT_URL_TEXTRACT", self._config.textract_url)

    def _grant_machines(self) -> None:
        """What functions may do with the machine that calls them."""
        for name, spec in TASKS.items():
            if spec.own_machine:
                statements = [grant(self._resources) for grant in spec.own_machine]
                role = self.functions[name].own_role
                ExactPolicy(self, f"{pascal(name)}OwnMachine", role, statements)
        self._name_invoice_matching(self.functions["wake_documents"])

    def _receive(self, name: str, key: Any) -> IntakeQueue:
        """Uploads under a key -> queue -> function; what gets lost on the way has one place."""
        title = pascal(name)
        queue = IntakeQueue(self, f"{title}Queue", timeout=RECEIVERS[name].timeout)
        self.dead_letters[name] = queue.dead_letters
        rule = events.Rule(self, f"{title}Rule", event_pattern=self._uploads(key))
        rule.add_target(targets.SqsQueue(queue, dead_letter_queue=queue.dead_letters))
        function = self._function(name, more=[receives(queue)])
        for variable, machine in _STARTED.items():
            function.add_environment(variable, self.machines[machine].state_machine_arn)
        lambda_.EventSourceMapping(
            self,
            f"{title}Source",
            target=function,
            event_source_arn=queue.queue_arn,
            batch_size=10,
            max_concurrency=10,
            report_batch_item_failures=True,
        )
        return queue

    def _uploads(self, key: Any) -> events.EventPattern:
        bucket = self._resources.bucket.bucket_name
        return events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={"bucket": {"name": [bucket]}, "object": {"key": key}},
        )

    def _schedule(self) -> None:
        settings = self._config.settings
        for name, extraction in settings.extractions.items():
            if extraction.schedule:
                job = {"extraction": name}
                self._start("extraction", job, extraction.schedule, extraction.time_zone)
        for name, flow in settings.write_backs.items():
            if flow.schedule:
                zone = flow.window.time_zone if flow.window else "UTC"
                self._start("write_back", {"flow": name}, flow.schedule, zone)

    def _start(self, machine: str, input: dict[str, str], expression: str, zone: str) -> None:
        """A schedule; a double start is two executions of one run, which is named by its due time.

        The scheduler cannot name executions: it is the steps that change nothing when repeated.
        """
        title = pascal("_".join((machine, *input.values())))
        dead_letters = DeadLetterQueue(self, f"{title}DeadLetters")
        self.dead_letters[title] = dead_letters
        due = {"run_id": scheduler.ContextAttribute.scheduled_time}
        scheduler.Schedule(
            self,
            f"{title}Schedule",
            schedule=scheduler.ScheduleExpression.expression(expression, TimeZone.of(zone)),
            enabled=not self._config.left_out("schedules"),
            target=StepFunctionsStartExecution(
                self.machines[machine],
                input=scheduler.ScheduleTargetInput.from_object(input | due),
                dead_letter_queue=dead_letters,
            ),
        )

    def _sweep(self, name: str, expression: str) -> None:
        """A function that a schedule starts, never twice at a time."""
        self._name_invoice_matching(self._function(name, at_once=1))
        self._every(expression, name)

    def _every(self, expression: str, name: str) -> None:
        """A schedule of the house for one function."""
        title, function = pascal(name), self.functions[name]
        dead_letters = DeadLetterQueue(self, f"{title}DeadLetters")
        self.dead_letters[name] = dead_letters
        role = ExactRole(
            self,
            f"{title}ScheduleRole",
            "scheduler.amazonaws.com",
            [calls([function]), sends(dead_letters)],
        )
        scheduler.Schedule(
            self,
            f"{title}Schedule",
            schedule=scheduler.ScheduleExpression.expression(expression),
            enabled=not self._config.left_out("schedules"),
            target=LambdaInvoke(function, dead_letter_queue=dead_letters, role=role.exact),
        )

    def _follow(
        self, name: str, table: dynamodb.ITable, only: Mapping[str, Any] | None = None
    ) -> None:
        """A function that sees every version of a table's items, in order, one batch a shard.

        `only` filters them. What fails is tried again in halves, so that one bad item ends alone
        among the dead letters.
        """
        dead_letters = DeadLetterQueue(self, f"{pascal(name)}DeadLetters")
        self.dead_letters[name] = dead_letters
        function = self._function(name, more=[reads_stream(table), sends(dead_letters)])
        lambda_.EventSourceMapping(
            self,
            f"{pascal(name)}Source",
            target=function,
            event_source_arn=table.table_stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=100,
            bisect_batch_on_error=True,
            max_record_age=FOLLOWED_FOR,
            filters=[lambda_.FilterCriteria.filter(only)] if only else None,
            on_failure=SqsDlq(dead_letters),
        )

    def _call(self, name: str) -> None:
        """A function that people call; they need the right to invoke it and no other."""
        function = self._function(
            name,
            at_once=self._config.at_once(name) if CALLED[name].calls_sap else None,
            known_as=f"{self._config.prefix}-{name.replace('_', '-')}",
        )
        if name in _DECIDERS and self._config.left_out("identities"):
            function.add_environment(Environment.OS_USERS, "trusted")
        if name == "approve_provisioning":  # which starts what was stopped
            arn = self.machines[MACHINE].state_machine_arn
            function.add_environment(Environment.PROVISIONING_ARN, arn)

    def _rotate(self, settings: Settings) -> None:
        """Secrets Manager calls the function for the secrets of this stage, one at a time."""
        function = self._function("rotate_secret", at_once=1)
        permission = lambda_.CfnPermission(
            self,
            "RotateSecretPermission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="secretsmanager.amazonaws.com",
            source_account=self.account,
        )
        schedules = {} if self._config.left_out("rotations") else rotated_secrets(settings)
        for n, (secret, schedule) in enumerate(sorted(schedules.items())):
            rotation = secretsmanager.CfnRotationSchedule(
                self,
                f"Rotation{n}",
                secret_id=secret,
                rotation_lambda_arn=function.function_arn,
                rotate_immediately_on_update=False,
                rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                    schedule_expression=schedule
                ),
            )
            rotation.add_resource_dependency(permission)

    def _name_invoice_matching(self, function: ServiceFunction) -> None:
        """Not for a function of that very machine: neither could be made before the other."""
        machine = self.machines["invoice_matching"].state_machine_arn
        function.add_environment(Environment.INVOICE_MATCHING_ARN, machine)

    def _outputs(self, intake: IntakeQueue) -> None:
        for name, machine in self.machines.items():
            CfnOutput(self, f"{pascal(name)}Arn", value=machine.state_machine_arn)
        CfnOutput(self, "IntakeQueueUrl", value=intake.queue_url)
        for name in (*SCHEDULES, "reconcile_intents"):
            CfnOutput(self, f"{pascal(name)}Name", value=self.functions[name].function_name)
        if names := self._config.settings.extractions:
            CfnOutput(self, "Extractions", value=" ".join(names))
        if flows := self._config.settings.write_backs:
            named = (f"{name}={flow.connection}" for name, flow in flows.items())
            CfnOutput(self, "WriteBacks", value=" ".join(named))
        if provisioned := self._config.settings.provisioning:
            CfnOutput(self, "Provisionings", value=" ".join(provisioned))
