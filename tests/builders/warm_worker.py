"""What a worker needs first, loaded once: processes that are forked from here begin at once."""

# ruff: noqa: F401

import boto3

import sapmatch.aws.control
import sapmatch.aws.intents
import sapmatch.aws.objects
import sapmatch.aws.secrets
import sapmatch.limits.permits
import sapmatch.sap.connection
import sapmatch.sap.odata.client
import sapmatch.sap.odata.metadata
import sapmatch.sap.odata.preflight
import tests.builders.write_worker

for service in ("dynamodb", "s3", "secretsmanager"):  # botocore keeps their models
    boto3.client(service, region_name="eu-central-1")
