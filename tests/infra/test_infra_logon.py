"""What logging on needs: a broker outside of the network, layers, rotation, and who is told."""

from typing import Any

import pytest

from infra.bundle import ROOT, layer_folder, size
from infra.functions import FUNCTIONS
from sapmatch.aws.broker import ANSWERED_WITHIN
from sapmatch.limits.logons import KEY, PATIENCE
from sapmatch.model.auth import NoAuth
from sapmatch.model.connection import Connection
from sapmatch.sap.auth.token_http import CONNECT, READ, TRIES
from tests.infra.conftest import Synthesize
from tests.infra.policies import all_policies, granted, statements
from tests.infra.templates import Templates
from tests.infra.test_infra_network import made

LAMBDA_LIMIT = 250_000_000  # bytes unzipped, code and layers together


@pytest.fixture
def templates(synthesize: Synthesize) -> Templates:
    """Two systems behind PrivateLink; the tokens of one are made elsewhere, and rotated."""
    return synthesize("prod", "privatelink")


def callers(templates: Templates) -> set[str]:
    """Functions that call SAP."""
    return {name for name in made(templates) if FUNCTIONS[name].calls_sap}


def test_tokens_from_elsewhere_are_fetched_by_a_broker_outside(templates: Templates) -> None:
    """From a network without a way out nobody reaches who makes them."""
    broker = made(templates)["broker_token"]
    assert "VpcConfig" not in broker
    for name, function in made(templates).items():
        asks = "SAPMATCH_TOKEN_BROKER" in function["Environment"]["Variables"]
        assert asks == (name in callers(templates)), name
        called = granted(templates, name).get("lambda:InvokeFunction", set())
        assert {arn[:11] for arn in called} == ({"BrokerToken"} if asks else set()), name


def test_the_broker_may_wait_for_each_logon_and_is_waited_for() -> None:
    """Killed in the middle of a logon, it would leave the others waiting for its outcome."""
    tries = TRIES * (CONNECT + READ)
    assert PATIENCE + tries <= FUNCTIONS["broker_token"].timeout < ANSWERED_WITHIN
    for name, spec in FUNCTIONS.items():
        assert not spec.calls_sap or spec.timeout > ANSWERED_WITHIN, name


def test_a_rotation_may_wait_for_a_logon_that_sap_is_slow_to_answer() -> None:
    longest = Connection(url="https://sap.example.com", auth=NoAuth())
    logon = PATIENCE + longest.connect_timeout + longest.total_timeout
    assert 2 * logon < FUNCTIONS["rotate_secret"].timeout


def test_the_broker_reads_the_secrets_of_those_connections_only_and_nobody_else_does(
    templates: Templates,
) -> None:
    """But who looks when they end."""
    for name in made(templates):
        secrets = granted(templates, name).get("secretsmanager:GetSecretValue", set())
        found = {secret.partition(":secret:")[2].removesuffix("-??????") for secret in secrets}
        expected = {"sapmatch/s4"} if name in callers(templates) else set()
        if name in ("broker_token", "watch_expiry"):
            expected = {"sapmatch/ecc"} | ({"sapmatch/s4"} if name == "watch_expiry" else set())
        assert found == expected, name


def test_a_broker_that_is_held_back_is_an_alarm(templates: Templates, prod: Templates) -> None:
    """RE-13: its callers come again, and people are told where that does not end."""
    alarm = templates.one("AWS::CloudWatch::Alarm", "BrokerTokenThrottled")
    assert (alarm["MetricName"], alarm["EvaluationPeriods"]) == ("Throttles", 3)
    (function,) = (d["Value"] for d in alarm["Dimensions"])
    assert "BrokerToken" in str(function)
    assert "BrokerTokenThrottled" not in str(prod["operations"])


def test_where_sap_makes_its_tokens_itself_there_is_no_broker(synthesize: Synthesize) -> None:
    for network in ("none", "vpn"):
        functions = made(synthesize("prod", network))
        assert "broker_token" not in functions
        for name, function in functions.items():
            assert "SAPMATCH_TOKEN_BROKER" not in function["Environment"]["Variables"], name


def test_signatures_and_certificates_are_carried_where_a_connection_needs_them(
    templates: Templates, prod: Templates
) -> None:
    having = {n for n, f in made(templates).items() if "IdentityLayer" in str(f["Layers"])}
    assert having == callers(templates) | {"broker_token", "watch_expiry"}
    assert "IdentityLayer" not in str(prod["integration"])


def test_code_and_layers_of_no_function_are_too_big_for_lambda() -> None:
    build = ROOT / "build" / "cloud"
    if not layer_folder(build, "identity").is_dir():
        pytest.skip("`make bundle` was not run")
    for name, spec in FUNCTIONS.items():
        layers = sum(size(layer_folder(build, layer)) for layer in spec.all_layers)
        assert layers + size(build / "code") < LAMBDA_LIMIT, name


def test_a_secret_is_rotated_by_a_function_that_reaches_sap(templates: Templates) -> None:
    """RE-26: SAP is where the new version is tried, once."""
    (rotation,) = templates.of_type("AWS::SecretsManager::RotationSchedule").values()
    assert rotation["SecretId"] == "sapmatch/s4"
    assert rotation["RotationRules"] == {"ScheduleExpression": "rate(30 days)"}
    assert rotation["RotateImmediatelyOnUpdate"] is False
    assert "VpcConfig" in made(templates)["rotate_secret"]
    grants = granted(templates, "rotate_secret")
    for action in ("PutSecretValue", "UpdateSecretVersionStage"):
        (secret,) = grants[f"secretsmanager:{action}"]
        assert secret.endswith(":secret:sapmatch/s4-??????")


def test_a_rotation_that_fails_is_an_alarm(templates: Templates, prod: Templates) -> None:
    alarm = templates.one("AWS::CloudWatch::Alarm", "RotateSecretFailed")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("Errors", 0)
    assert "RotateSecretFailed" not in str(prod["operations"])


def test_secrets_manager_may_rotate_for_this_account_only(templates: Templates) -> None:
    (permission,) = templates.of_type("AWS::Lambda::Permission").values()
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_without_a_rotation_in_the_settings_nobody_changes_a_secret(prod: Templates) -> None:
    assert "rotate_secret" not in made(prod)
    assert not prod.of_type("AWS::SecretsManager::RotationSchedule")


def test_a_stopped_logon_wakes_who_tells_it_and_no_other_change_does(prod: Templates) -> None:
    source = prod.one("AWS::Lambda::EventSourceMapping", "AnnounceStopSource")
    assert "Control" in str(source["EventSourceArn"])
    (only,) = source["FilterCriteria"]["Filters"]
    pattern: dict[str, Any] = {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": KEY}]}}}}
    assert only["Pattern"] == str(pattern).replace("'", '"').replace(" ", "")
    assert "VpcConfig" not in made(prod)["announce_stop"]


def test_a_stopped_logon_is_an_alarm(prod: Templates) -> None:
    alarm = prod.one("AWS::CloudWatch::Alarm", "LogonStopped")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("LogonStopped", 0)


def test_a_certificate_that_ends_is_an_alarm_thirty_seven_and_one_days_before(
    templates: Templates, prod: Templates
) -> None:
    alarms = templates.of_type("AWS::CloudWatch::Alarm").values()
    ends = [alarm for alarm in alarms if alarm["MetricName"] == "CertificateDaysLeft"]
    assert [alarm["Threshold"] for alarm in ends] == [31, 8, 2]
    for alarm in ends:
        assert alarm["ComparisonOperator"] == "LessThanThreshold"
        assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {
            "connection": "ecc",
            "service": "sapmatch-prod",
        }
    assert "CertificateDaysLeft" not in str(prod["operations"])


def test_certificates_are_looked_at_every_day(prod: Templates) -> None:
    schedule = prod.one("AWS::Scheduler::Schedule", "WatchExpirySchedule")
    assert schedule["ScheduleExpression"] == "cron(0 5 * * ? *)"


def test_a_tunnel_that_is_down_is_an_alarm_and_both_are_another(synthesize: Synthesize) -> None:
    templates = synthesize("prod", "vpn")
    alarms = {
        title[:-8]: alarm
        for title, alarm in templates.of_type("AWS::CloudWatch::Alarm").items()
        if alarm["MetricName"] == "TunnelState"
    }
    assert {title: alarm["Threshold"] for title, alarm in alarms.items()} == {
        "VpnTunnelDown": 1,
        "VpnDown": 0.5,
        "VpnTunnel1Down": 1,
        "VpnTunnel2Down": 1,
    }
    assert alarms["VpnDown"]["Dimensions"][0]["Name"] == "VpnId"
    addresses = [alarms[f"VpnTunnel{n}Down"]["Dimensions"][0]["Value"] for n in (1, 2)]
    assert addresses == ["198.51.100.1", "198.51.100.2"]


def test_a_key_of_others_opens_secrets_for_those_who_log_on_and_nothing_else(
    templates: Templates, prod: Templates
) -> None:
    """Without kms:Decrypt on it Secrets Manager refuses, and only on AWS."""
    key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
    for name in made(templates):
        rights = granted(templates, name)
        decrypts = key in rights.get("kms:Decrypt", set())
        assert decrypts == ("secretsmanager:GetSecretValue" in rights), name
        seals = key in rights.get("kms:GenerateDataKey", set())
        assert seals == (name == "rotate_secret"), name
    for _, policy in all_policies(templates):
        for statement in statements(policy):
            if key in statement["Resource"]:
                (host,) = statement["Condition"]["StringEquals"]["kms:ViaService"]
                assert "secretsmanager." in str(host)
    assert "key/1234abcd" not in str(prod["integration"])
