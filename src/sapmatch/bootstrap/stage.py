"""A deployed stage, found from outside by the outputs of its stacks."""

import os
from typing import TYPE_CHECKING

from sapmatch.bootstrap.parts import Services
from sapmatch.settings import Environment, Settings

if TYPE_CHECKING:
    from sapmatch.aws.workflows import StepFunctions


def deployment(stage: str | None) -> Services:
    """The parts of a deployed stage, found by the outputs of its stacks.

    Its settings stay in the cloud, so what needs them is not to be had here.
    """
    from sapmatch.aws.clients import client
    from sapmatch.aws.deployment import outputs

    name = stage or os.environ.get(Environment.STAGE, "prod")
    found = outputs(client("cloudformation"), name)
    environment: dict[str, str] = {
        Environment.STAGE: name,
        Environment.BUCKET: found["BucketName"],
        Environment.ORDERS_TABLE: found["OrdersTable"],
        Environment.DOCUMENTS_TABLE: found["DocumentsTable"],
        Environment.INTENTS_TABLE: found["IntentsTable"],
        Environment.CONTROL_TABLE: found["ControlTable"],
        Environment.TOPIC_ARN: found["TopicArn"],
        Environment.INVOICE_MATCHING_ARN: found["InvoiceMatchingArn"],
        Environment.WRITE_BACK_ARN: found["WriteBackArn"],
    }
    return Services(Settings(), environment)


def extraction_machine(stage: str | None) -> "tuple[StepFunctions, str, list[str]]":
    """What starts runs on a deployed stage: the starter, its ARN, the names of extractions."""
    from sapmatch.aws.clients import client
    from sapmatch.aws.deployment import outputs
    from sapmatch.aws.workflows import StepFunctions

    name = stage or os.environ.get(Environment.STAGE, "prod")
    found = outputs(client("cloudformation"), name)
    machine, known = found["ExtractionArn"], found.get("Extractions", "").split()
    return StepFunctions(client("stepfunctions")), machine, known


def write_back_flows(stage: str | None) -> dict[str, str]:
    """The write-back flows of a deployed stage, each with its connection."""
    from sapmatch.aws.clients import client
    from sapmatch.aws.deployment import outputs

    name = stage or os.environ.get(Environment.STAGE, "prod")
    named = outputs(client("cloudformation"), name).get("WriteBacks", "").split()
    pairs = (entry.partition("=") for entry in named)
    return {flow: connection for flow, _, connection in pairs}


def written_connections(stage: str | None) -> list[str]:
    """Connections that flows and runs over users of a deployed stage write to."""
    from sapmatch.aws.clients import client
    from sapmatch.aws.deployment import outputs

    name = stage or os.environ.get(Environment.STAGE, "prod")
    users = outputs(client("cloudformation"), name).get("Provisionings", "").split()
    return sorted({*write_back_flows(stage).values(), *users})
