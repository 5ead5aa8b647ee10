"""Flows of Amazon AppFlow beside our own extractions: the same connection, AWS's connector."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from aws_cdk import SecretValue, Stack
from aws_cdk import aws_appflow as appflow
from constructs import Construct

from infra.config import StageConfig
from infra.grants import Resources
from infra.names import pascal
from infra.stacks.data import APPFLOW
from sapmatch.model.auth import secret_of
from sapmatch.model.connection import Connection
from sapmatch.settings import AppFlow
from sapmatch.settings.network import address_of, services_of

_CONNECTOR = "SAPOData"
_MOST_FAILURES = 2  # runs in a row before AppFlow stops: our guard does not see its logons
_Profile = appflow.CfnConnectorProfile
_Flow = appflow.CfnFlow


class AppFlowStack(Stack):
    """One connector profile and one flow for each `[appflow.NAME]`.

    Secrets are dynamic references: CloudFormation reads them when it makes a profile, no template
    holds them, and AppFlow keeps what it got. A new version of a secret does not reach it.
    """

    def __init__(
        self, scope: Construct, id: str, config: StageConfig, resources: Resources
    ) -> None:
        super().__init__(scope, id, description="sapmatch: flows of Amazon AppFlow")
        for name, flow in config.settings.appflow.items():
            connection = config.settings.connections[flow.connection]
            private = config.settings.network.type == "privatelink"
            leads = services_of(config.settings)[address_of(connection)[0]] if private else None
            profile = self._profile(f"{config.prefix}-{name}", name, flow, connection, leads)
            made = self._flow(f"{config.prefix}-{name}", name, flow, connection, resources)
            made.add_resource_dependency(profile)

    def _profile(
        self, title: str, name: str, flow: AppFlow, connection: Connection, private: str | None
    ) -> appflow.CfnConnectorProfile:
        return _Profile(
            self,
            f"{pascal(name)}Profile",
            connector_profile_name=title,
            connector_type=_CONNECTOR,
            connection_mode="Private" if private else "Public",
            connector_profile_config=_Profile.ConnectorProfileConfigProperty(
                connector_profile_properties=_Profile.ConnectorProfilePropertiesProperty(
                    sapo_data=_properties(flow, connection, private)
                ),
                connector_profile_credentials=_Profile.ConnectorProfileCredentialsProperty(
                    sapo_data=_credentials(flow, connection)
                ),
            ),
        )

    def _flow(
        self,
        title: str,
        name: str,
        flow: AppFlow,
        connection: Connection,
        resources: Resources,
    ) -> appflow.CfnFlow:
        return _Flow(
            self,
            f"{pascal(name)}Flow",
            flow_name=title,
            description=f"{flow.entity_set} of {flow.connection}",
            flow_status="Active" if flow.schedule else None,  # else a scheduled one stays a draft
            kms_arn=resources.key.key_arn,
            trigger_config=trigger_of(flow),
            source_flow_config=_Flow.SourceFlowConfigProperty(
                connector_type=_CONNECTOR,
                connector_profile_name=title,
                source_connector_properties=_Flow.SourceConnectorPropertiesProperty(
                    sapo_data=_Flow.SAPODataSourcePropertiesProperty(
                        object_path=f"{_service(flow, connection)}/{flow.entity_set}"
                    )
                ),
            ),
            destination_flow_config_list=[_destination(name, flow, resources)],
            tasks=[
                _Flow.TaskProperty(
                    task_type="Map_all",
                    source_fields=[],
                    task_properties=[
                        _Flow.TaskPropertiesObjectProperty(
                            key="EXCLUDE_SOURCE_FIELDS_LIST", value="[]"
                        )
                    ],
                    connector_operator=_Flow.ConnectorOperatorProperty(sapo_data="NO_OP"),
                )
            ],
        )


def _properties(
    flow: AppFlow, connection: Connection, private: str | None
) -> appflow.CfnConnectorProfile.SAPODataConnectorProfilePropertiesProperty:
    host, port = address_of(connection)
    logon = flow.logon
    return _Profile.SAPODataConnectorProfilePropertiesProperty(
        application_host_url=f"{urlsplit(connection.url).scheme}://{host}",
        application_service_path=flow.catalog,
        port_number=port,
        client_number=connection.client or None,
        logon_language=connection.language,
        private_link_service_name=private,
        disable_sso=None if logon else True,  # a logon page would take the place of the password
        o_auth_properties=_Profile.OAuthPropertiesProperty(
            auth_code_url=logon.auth_code_url,
            token_url=logon.token_url,
            o_auth_scopes=list(logon.scope),
        )
        if logon
        else None,
    )


def _credentials(
    flow: AppFlow, connection: Connection
) -> appflow.CfnConnectorProfile.SAPODataConnectorProfileCredentialsProperty:
    credentials = _Profile.SAPODataConnectorProfileCredentialsProperty
    if flow.logon:
        field = _fields(flow.logon.secret)
        return credentials(
            o_auth_credentials=_Profile.OAuthCredentialsProperty(
                client_id=field("client_id"),
                client_secret=field("client_secret"),
                refresh_token=field("refresh_token"),
            )
        )
    field = _fields(str(secret_of(connection.auth)))
    return credentials(
        basic_auth_credentials=_Profile.BasicAuthCredentialsProperty(
            username=field("user"), password=field("password")
        )
    )


def _fields(secret: str) -> Callable[[str], str]:
    """A field of a secret, as a reference that CloudFormation resolves."""
    return lambda field: SecretValue.secrets_manager(secret, json_field=field).unsafe_unwrap()


def _service(flow: AppFlow, connection: Connection) -> str:
    return str(flow.service or connection.service).rstrip("/")


def trigger_of(flow: AppFlow) -> appflow.CfnFlow.TriggerConfigProperty:
    """When a flow runs, in AppFlow's own words."""
    if flow.schedule is None:
        return _Flow.TriggerConfigProperty(trigger_type="OnDemand")
    expression = re.sub(r"^rate\((\d+) (minute|hour|day)s?\)", r"rate(\1\2s)", flow.schedule)
    return _Flow.TriggerConfigProperty(
        trigger_type="Scheduled",
        trigger_properties=_Flow.ScheduledTriggerPropertiesProperty(
            schedule_expression=expression,  # rate(1days): always plural, without a space
            data_pull_mode="Complete",
            time_zone=flow.time_zone,
            flow_error_deactivation_threshold=_MOST_FAILURES,
        ),
    )


def _destination(
    name: str, flow: AppFlow, resources: Resources
) -> appflow.CfnFlow.DestinationFlowConfigProperty:
    return _Flow.DestinationFlowConfigProperty(
        connector_type="S3",
        destination_connector_properties=_Flow.DestinationConnectorPropertiesProperty(
            s3=_Flow.S3DestinationPropertiesProperty(
                bucket_name=resources.bucket.bucket_name,
                bucket_prefix=f"{APPFLOW}/{name}",
                s3_output_format_config=_Flow.S3OutputFormatConfigProperty(
                    file_type=flow.format,
                    prefix_config=_Flow.PrefixConfigProperty(
                        prefix_type="PATH_AND_FILENAME", prefix_format="DAY"
                    ),
                ),
            )
        ),
    )
