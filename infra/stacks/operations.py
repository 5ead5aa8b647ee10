"""What wakes people up: alarms, all mailed through the topic."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config import StageConfig, has_identity
from infra.functions import BROKERS, ROTATORS, SWEEPERS, TASKS
from infra.names import pascal
from infra.stacks.integration import NAMESPACE, IntegrationStack
from infra.stacks.network import NetworkStack

PERIOD = Duration.minutes(5)
DAY = Duration.days(1)
EXPIRY_DAYS = (30, 7, 1)
SENT_EVERY = Duration.minutes(15)
UNKNOWN_LIMIT = 1800  # seconds that a write may stay unknown
HELD_LIMIT = 7200  # seconds that a write may be held back
UNSENT_LIMIT = 3600  # seconds that an exception may be told to nobody
_HALF_A_TUNNEL = 0.5  # one of two that is up counts 0.5
# Runs that fail again and again for one reason are one alarm, not one for each run.
_FAILURES = {"extraction": Duration.days(1)}


class OperationsStack(Stack):
    """One alarm per thing that must not happen."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        config: StageConfig,
        integration: IntegrationStack,
        topic: sns.ITopic,
        network: NetworkStack | None,
    ) -> None:
        super().__init__(scope, id, description="sapmatch: alarms")
        self._action = actions.SnsAction(topic)
        self._dead_letters(integration)
        self._executions(integration)
        self._throttles(integration)
        self._held_back(config)
        self._unknown(config)
        self._held(config)
        self._audits(config, integration)
        self._unsent(config)
        self._sweeps(config, integration)
        self._logons(config)
        self._rotations(integration)
        if network and network.vpn:
            self._tunnels(config, network.vpn.attr_vpn_connection_id)

    def _dead_letters(self, integration: IntegrationStack) -> None:
        for name, queue in integration.dead_letters.items():
            metric = queue.metric_approximate_number_of_messages_visible(
                period=PERIOD, statistic="Maximum"
            )
            self._alarm(f"{pascal(name)}DeadLetters", metric, f"Events of {name} were not handled.")

    def _executions(self, integration: IntegrationStack) -> None:
        for name, machine in integration.machines.items():
            failed = machine.metric_failed(period=_FAILURES.get(name, PERIOD))
            self._alarm(f"{pascal(name)}Failed", failed, f"An execution of {name} failed.")
            late = machine.metric_timed_out(period=PERIOD)
            self._alarm(f"{pascal(name)}TimedOut", late, f"An execution of {name} took too long.")

    def _throttles(self, integration: IntegrationStack) -> None:
        for name, spec in TASKS.items():
            if spec.calls_sap:
                metric = integration.functions[name].metric_throttles(period=PERIOD)
                text = f"{name} is held back for a quarter of an hour: SAP's limits are reached."
                self._alarm(f"{pascal(name)}Throttled", metric, text, periods=3)
        for name in BROKERS.keys() & integration.functions.keys():
            metric = integration.functions[name].metric_throttles(period=PERIOD)
            text = f"{name} is held back: the account's limit of concurrent executions is reached."
            self._alarm(f"{pascal(name)}Throttled", metric, text, periods=3)

    def _held_back(self, config: StageConfig) -> None:
        metric = _measured(config, "ReadThrottled", statistic="Sum")
        text = "Documents have been waiting for Textract's rate for an hour; none of them is lost."
        self._alarm("ReadDocumentThrottled", metric, text, periods=12)

    def _unknown(self, config: StageConfig) -> None:
        metric = _measured(config, "OldestUnknownIntentSeconds")
        text = "What became of a write to SAP has been unknown for over half an hour."
        self._alarm("OldestUnknownIntent", metric, text, limit=UNKNOWN_LIMIT)

    def _held(self, config: StageConfig) -> None:
        metric = _measured(config, "OldestHeldIntentSeconds", period=SENT_EVERY)
        text = "A write to SAP has been held back for over two hours."
        self._alarm("OldestHeldIntent", metric, text, limit=HELD_LIMIT)

    def _audits(self, config: StageConfig, integration: IntegrationStack) -> None:
        found = _measured(config, "AuditDifferences")
        self._alarm("AuditDifferences", found, "SAP holds something else than what was written.")
        failed = _measured(config, "FlowsNotAudited")
        self._alarm("FlowsNotAudited", failed, "A flow could not be compared with SAP.")
        stuck = _measured(config, "FlowsNotReconciled", period=SENT_EVERY)
        text = "Lost answers of a flow have not been read back for an hour."
        self._alarm("FlowsNotReconciled", stuck, text, periods=4)
        # State machines tell of their own calls; of the schedule's nobody else would.
        errors = integration.functions["reconcile_intents"].metric_errors(period=SENT_EVERY)
        self._alarm("ReconcileIntentsFailed", errors, text, periods=4)

    def _unsent(self, config: StageConfig) -> None:
        metric = _measured(config, "OldestUnsentExceptionSeconds", period=SENT_EVERY)
        text = "Nobody has been told of an exception for over an hour."
        self._alarm("OldestUnsentException", metric, text, limit=UNSENT_LIMIT)

    def _sweeps(self, config: StageConfig, integration: IntegrationStack) -> None:
        found = _measured(config, "SweepFound")
        self._alarm("SweepFound", found, "The nightly sweep found something that was missed.")
        unread = _measured(config, "UnreadMailAddresses")
        self._alarm("UnreadMails", unread, "An address gets no mails: it was not confirmed.")
        for name in SWEEPERS:
            errors = integration.functions[name].metric_errors(period=PERIOD)
            self._alarm(f"{pascal(name)}Failed", errors, f"{name} ended in an error.")

    def _logons(self, config: StageConfig) -> None:
        stopped = _measured(config, "LogonStopped", statistic="Sum")
        text = "SAP refused a secret twice: nobody logs on to that system until it is replaced."
        self._alarm("LogonStopped", stopped, text)
        for name, connection in config.settings.connections.items():
            if has_identity(connection):
                left = _measured(
                    config, "CertificateDaysLeft", period=DAY, connection=name, statistic="Minimum"
                )
                for days in EXPIRY_DAYS:
                    text = f"A certificate of connection {name} ends within {days} days."
                    self._alarm(f"{pascal(name)}EndsIn{days}Days", left, text, below=days + 1)

    def _rotations(self, integration: IntegrationStack) -> None:
        for name in ROTATORS.keys() & integration.functions.keys():
            errors = integration.functions[name].metric_errors(period=PERIOD)
            text = "A rotation of a logon secret failed; the version before it still counts."
            self._alarm(f"{pascal(name)}Failed", errors, text)

    def _tunnels(self, config: StageConfig, vpn: str) -> None:
        """TunnelState of a VPN is the share of its tunnels that are up, that of a tunnel 0 or 1."""
        both = _tunnel_state({"VpnId": vpn})
        self._alarm("VpnTunnelDown", both, "A tunnel of the VPN to SAP is down.", below=1)
        text = "Both tunnels of the VPN are down: SAP cannot be reached."
        self._alarm("VpnDown", both, text, below=_HALF_A_TUNNEL)
        for n, address in enumerate(config.settings.network.tunnel_addresses, start=1):
            one = _tunnel_state({"TunnelIpAddress": address})
            self._alarm(f"VpnTunnel{n}Down", one, f"Tunnel {n} of the VPN to SAP is down.", below=1)

    def _alarm(
        self,
        id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        limit: int = 0,
        below: float | None = None,
        periods: int = 1,
    ) -> None:
        """Above the limit, or below another one where that is given."""
        compared = cloudwatch.ComparisonOperator
        cloudwatch.Alarm(
            self,
            id,
            metric=metric,
            alarm_description=description,
            threshold=limit if below is None else below,
            comparison_operator=compared.GREATER_THAN_THRESHOLD
            if below is None
            else compared.LESS_THAN_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        ).add_alarm_action(self._action)


def _tunnel_state(dimensions: dict[str, str]) -> cloudwatch.Metric:
    """The worst within five minutes."""
    return cloudwatch.Metric(
        namespace="AWS/VPN",
        metric_name="TunnelState",
        dimensions_map=dimensions,
        period=PERIOD,
        statistic="Minimum",
    )


def _measured(
    config: StageConfig,
    name: str,
    *,
    statistic: str = "Maximum",
    period: Duration = PERIOD,
    **dimensions: str,
) -> cloudwatch.Metric:
    """A metric of our functions."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": config.prefix, **dimensions},
        period=period,
        statistic=statistic,
    )
