"""Row C7: a flow of Amazon AppFlow from the same connection block. The emulator lacks its types."""

from typing import Any

import pytest
from aws_cdk.aws_appflow import CfnFlow

from infra.stacks.appflow import trigger_of
from sapmatch.settings import AppFlow
from tests.infra.conftest import Synthesize
from tests.infra.templates import Templates

PROFILE, FLOW = "AWS::AppFlow::ConnectorProfile", "AWS::AppFlow::Flow"


@pytest.fixture
def plain(synthesize: Synthesize) -> Templates:
    """A flow on demand over the internet, by user and password."""
    return synthesize("prod", "appflow")


@pytest.fixture
def private(synthesize: Synthesize) -> Templates:
    """A scheduled flow through PrivateLink, by OAuth."""
    return synthesize("prod", "privatelink")


def configured(templates: Templates) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The only profile, its properties of SAP, and its credentials."""
    (profile,) = templates.of_type(PROFILE).values()
    config = profile["ConnectorProfileConfig"]
    return (
        profile,
        config["ConnectorProfileProperties"]["SAPOData"],
        config["ConnectorProfileCredentials"]["SAPOData"],
    )


def test_a_profile_is_made_from_the_connection(plain: Templates) -> None:
    profile, properties, _ = configured(plain)
    assert (profile["ConnectorType"], profile["ConnectionMode"]) == ("SAPOData", "Public")
    assert properties == {
        "ApplicationHostUrl": "https://sap.example.com",
        "ApplicationServicePath": "/sap/opu/odata/iwfnd/catalogservice;v=2",
        "ClientNumber": "100",
        "DisableSSO": True,
        "LogonLanguage": "EN",
        "PortNumber": 44300,
    }


def test_the_template_refers_to_user_and_password_and_holds_neither(plain: Templates) -> None:
    *_, credentials = configured(plain)
    assert credentials == {
        "BasicAuthCredentials": {
            "Username": "{{resolve:secretsmanager:sapmatch/s4:SecretString:user::}}",
            "Password": "{{resolve:secretsmanager:sapmatch/s4:SecretString:password::}}",
        }
    }


def test_a_profile_behind_privatelink_names_the_service_and_logs_on_by_oauth(
    private: Templates,
) -> None:
    profile, properties, credentials = configured(private)
    assert profile["ConnectionMode"] == "Private"
    service = "com.amazonaws.vpce.eu-central-1.vpce-svc-89abcdef"
    assert properties["PrivateLinkServiceName"] == service
    assert properties["PortNumber"] == 443
    assert properties["OAuthProperties"]["OAuthScopes"] == ["ZVENDOR_SRV_0001"]
    assert "DisableSSO" not in properties
    oauth = credentials["OAuthCredentials"]
    assert set(oauth) == {"ClientId", "ClientSecret", "RefreshToken"}
    assert all(value.startswith("{{resolve:secretsmanager:") for value in oauth.values())


def test_a_flow_reads_an_entity_set_into_its_own_folder(plain: Templates) -> None:
    (flow,) = plain.of_type(FLOW).values()
    source = flow["SourceFlowConfig"]["SourceConnectorProperties"]["SAPOData"]["ObjectPath"]
    assert source == "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV/A_PurchaseOrder"
    (destination,) = flow["DestinationFlowConfigList"]
    s3 = destination["DestinationConnectorProperties"]["S3"]
    assert s3["BucketPrefix"] == "appflow/orders"
    assert s3["S3OutputFormatConfig"]["FileType"] == "JSON"
    assert flow["TriggerConfig"] == {"TriggerType": "OnDemand"}
    assert "FlowStatus" not in flow
    assert flow["KMSArn"]


def test_a_flow_runs_by_its_schedule_in_its_zone(private: Templates) -> None:
    (flow,) = private.of_type(FLOW).values()
    trigger = flow["TriggerConfig"]
    assert trigger["TriggerType"] == "Scheduled"
    assert trigger["TriggerProperties"]["ScheduleExpression"] == "rate(5minutes)"
    assert trigger["TriggerProperties"]["TimeZone"] == "Europe/Berlin"
    assert flow["FlowStatus"] == "Active"


def test_a_flow_that_fails_twice_in_a_row_stops(private: Templates) -> None:
    """AppFlow's logons are outside of the guard: an old password must not lock the user."""
    (flow,) = private.of_type(FLOW).values()
    assert flow["TriggerConfig"]["TriggerProperties"]["FlowErrorDeactivationThreshold"] == 2


@pytest.mark.parametrize(
    ("schedule", "expression"),
    [
        ("rate(1 day)", "rate(1days)"),
        ("rate(12 hours)", "rate(12hours)"),
        ("cron(0 6 ? * MON-FRI *)", "cron(0 6 ? * MON-FRI *)"),
    ],
)
def test_a_rate_is_written_as_appflow_reads_it(schedule: str, expression: str) -> None:
    flow = AppFlow(connection="s4", entity_set="X", schedule=schedule)
    properties = trigger_of(flow).trigger_properties
    assert isinstance(properties, CfnFlow.ScheduledTriggerPropertiesProperty)
    assert properties.schedule_expression == expression


def test_appflow_writes_for_this_account_and_under_its_prefix_only(plain: Templates) -> None:
    policy = plain.one("AWS::S3::BucketPolicy", "BucketPolicy")["PolicyDocument"]
    found = [s for s in policy["Statement"] if "appflow" in str(s.get("Principal"))]
    assert len(found) == 2
    for statement in found:
        assert "aws:SourceAccount" in statement["Condition"]["StringEquals"]
        if "s3:PutObject" in statement["Action"]:
            assert "/appflow/*" in str(statement["Resource"])


@pytest.mark.parametrize("stage", ["prod", "local"])
def test_appflow_is_nobody_without_a_flow_and_in_the_local_stage(
    synthesize: Synthesize, stage: str
) -> None:
    templates = synthesize(stage, "none" if stage == "prod" else "appflow")
    assert not templates.of_type(PROFILE)
    assert "appflow" not in str(templates.of_type("AWS::S3::BucketPolicy"))
