"""The main job on a local stage: extract, upload, follow, write back, look."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import msgspec

from local.extracts import Found, find
from local.stage import SETTINGS, Stage
from sapmatch.bootstrap import Services, deployment, sap_client
from sapmatch.cli.status import oldest_first, row
from sapmatch.model.intent import Intent, IntentState
from sapmatch.model.ports import OrderScope
from sapmatch.model.review import Review
from sapmatch.settings import load

POLL_SECONDS = 0.3
RUN_SECONDS = 120
FLOWS = ("supplier_invoice", "sales_order")
SCOPE = OrderScope("s4", "100", "1010")  # of the sample orders

# What to show of a document that SAP holds, by entity set.
SHOWN = {
    "A_SupplierInvoice": (
        "SupplierInvoice",
        "SupplierInvoiceIDByInvcgParty",
        "InvoiceGrossAmount",
        "DocumentCurrency",
        "SupplierInvoiceStatus",
    ),
    "A_SalesOrder": ("SalesOrder", "AssignmentReference"),
}


class Jobs:
    """Starts the state machines of one stage and waits for their ends."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._machines = boto3.client("stepfunctions")
        self._s3 = boto3.client("s3")
        self.parts: Services = deployment("local")

    def extract(
        self, extraction: str, *, seconds: float = RUN_SECONDS, **more: Any
    ) -> dict[str, Any]:
        """Run one extraction to its end; returns its counts."""
        job = {"extraction": extraction, "run_id": _now(), **more}
        return self.finish(self.begin("ExtractionArn", job), seconds)

    def begin(self, machine: str, input: Mapping[str, Any]) -> str:
        """Start a machine with the input; returns the ARN of the execution."""
        started = self._machines.start_execution(
            stateMachineArn=self._stage.outputs[machine],
            input=msgspec.json.encode(input).decode(),
        )
        return started["executionArn"]

    def end(self, execution: str, seconds: float = RUN_SECONDS) -> Any:
        """Wait for the end of an execution; returns its description."""
        self.wait(lambda: self._describe(execution)["status"] != "RUNNING", seconds)
        return self._describe(execution)

    def execution(self, machine: str, name: str) -> str | None:
        """The ARN of the execution of that name, None while there is none."""
        found = (e["executionArn"] for e in self._executions(machine) if e["name"] == name)
        return next(found, None)

    def find_order(self, order_id: str) -> Found:
        """What the order index answers for a key of an order."""
        return find(self._stage.outputs["OrdersTable"], SCOPE, order_id)

    def write_back(self, flow: str) -> None:
        """Run one write-back flow to its end."""
        self.finish(self.begin_write_back(flow))

    def begin_write_back(self, flow: str) -> str:
        """Start one run of a write-back flow; returns the ARN of the execution."""
        return self.begin("WriteBackArn", {"flow": flow, "run_id": _now()})

    def fault(self, name: str) -> None:
        """Let the next write that reaches the SAP stand-in meet a fault."""
        self.sap("faults", {"next": name})

    def sap(self, call: str, wanted: Any = None) -> Any:
        """Ask the SAP stand-in what happened, or tell it what to do."""
        return self._stage.sap(call, wanted)

    def upload(self, files: Sequence[Path]) -> None:
        """Put files into incoming/ and wait until nothing of them is under way."""
        begun = len(self._executions("InvoiceMatchingArn"))
        for file in files:
            self.put(f"incoming/{file.name}", file.read_bytes())
        self.wait(lambda: len(self._executions("InvoiceMatchingArn")) >= begun + len(files))
        self.settle("InvoiceMatchingArn")

    def upload_as(self, name: str, data: bytes) -> None:
        """Put one file into incoming/ and wait for the end of its workflow."""
        begun = len(self._executions("InvoiceMatchingArn"))
        self.put(f"incoming/{name}", data)
        self.wait(lambda: len(self._executions("InvoiceMatchingArn")) > begun)
        self.settle("InvoiceMatchingArn")

    def drop(self, flow: str, name: str, data: bytes) -> None:
        """Put a file into a flow's inbox and wait for the end of its run."""
        begun = len(self._executions("WriteBackArn"))
        self.put(f"updates/{flow}/inbox/{name}", data)
        self.wait(lambda: len(self._executions("WriteBackArn")) > begun)
        self.settle("WriteBackArn")

    def quiet(self) -> None:
        """Wait until the intake queue is empty and nothing of it is under way."""
        self.wait(lambda: not self.queued())
        self.settle("InvoiceMatchingArn")

    def response_files(self, flow: str) -> list[str]:
        """Keys of the response files of a flow that programs read, oldest first."""
        listing = self._s3.list_objects_v2(Bucket=self.bucket, Prefix=f"responses/{flow}/")
        files = [each for each in listing["Contents"] if each["Key"].endswith(".ndjson")]
        return [each["Key"] for each in sorted(files, key=lambda each: each["LastModified"])]

    def responses(self, flow: str) -> list[dict[str, Any]]:
        """Record lines of the newest response file of a flow."""
        return self.answers(self.response_files(flow)[-1])

    def answers(self, key: str) -> list[dict[str, Any]]:
        """Record lines of a response file."""
        lines = map(msgspec.json.decode, self.stored(key).splitlines())
        return [line for line in lines if "record" in line]

    def stored(self, key: str) -> bytes:
        """The bytes of an object."""
        return self.parts.objects.read(key)

    def payloads(self, machine: str) -> Iterator[str]:
        """Inputs and outputs of every state of every execution of a machine."""
        for execution in self._executions(machine):
            arn = execution["executionArn"]
            pages = self._machines.get_paginator("get_execution_history")
            for page in pages.paginate(executionArn=arn, includeExecutionData=True):
                for event in page["events"]:
                    yield from _texts(event)

    def put(self, key: str, data: bytes) -> str:
        """Put one object into the bucket, as a user would; returns its version."""
        return self._s3.put_object(Bucket=self.bucket, Key=key, Body=data)["VersionId"]

    @property
    def bucket(self) -> str:
        """Name of the bucket of the stage."""
        return self._stage.outputs["BucketName"]

    def settle(self, machine: str) -> None:
        """Wait until all executions of the machine ended, or wait for a person or a change."""
        self.wait(lambda: not self._working(machine))

    def wait(self, done: Callable[[], object], seconds: float = RUN_SECONDS) -> None:
        """Poll until done; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done after {seconds:.0f} s; see build/local/emulator.log")
            time.sleep(POLL_SECONDS)

    def rows(self) -> list[dict[str, Any]]:
        """What `sapmatch status` says of every document, with what SAP holds now read back."""
        records = sorted(self.parts.documents.all(), key=oldest_first)
        waiting = {review.document_id: review for review in self.parts.reviews.open()}
        found = []
        with closing(sap_client(load(SETTINGS), "s4")) as sap:
            for record in records:
                line = row(record, self.parts.intents, waiting.get(record.id))
                line["sap_now"] = list(_held(self.parts, record.intents, sap))
                found.append(line)
        return found

    def finish(self, execution: str, seconds: float = RUN_SECONDS) -> dict[str, Any]:
        """Wait for the end of an execution; returns its output, RuntimeError where it failed."""
        end = self.end(execution, seconds)
        if end["status"] != "SUCCEEDED":
            raise RuntimeError(f"{end['name']} ended {end['status']}: {end.get('cause')}")
        answer: dict[str, Any] = msgspec.json.decode(end["output"])
        return answer

    def _working(self, machine: str) -> list[str]:
        """Executions that run and wait for nobody."""
        running = [execution["executionArn"] for execution in self._executions(machine, "RUNNING")]
        waiting = {r.execution for r in self.parts.reviews.open() if _waits(r)} if running else ()
        return [execution for execution in running if execution not in waiting]

    def queued(self) -> int:
        """Messages in the intake queue, those under way included."""
        answer = boto3.client("sqs").get_queue_attributes(
            QueueUrl=self._stage.outputs["IntakeQueueUrl"],
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )
        return sum(int(count) for count in answer["Attributes"].values())

    def _describe(self, arn: str) -> Any:
        return self._machines.describe_execution(executionArn=arn)

    def _executions(self, machine: str, status: str | None = None) -> list[Any]:
        query: dict[str, Any] = {"stateMachineArn": self._stage.outputs[machine]}
        if status:
            query["statusFilter"] = status
        pages = self._machines.get_paginator("list_executions").paginate(**query)
        return [execution for page in pages for execution in page["executions"]]


def _waits(review: Review) -> bool:
    """Not so where it was woken: what it watched is taken away then."""
    return review.token is not None and (review.watched is not None or not review.decision)


def _texts(event: Mapping[str, Any]) -> Iterator[str]:
    """Input and output of one event of an execution."""
    for name, detail in event.items():
        if name.endswith("EventDetails"):
            yield from (detail[key] for key in ("input", "output") if key in detail)


def _held(parts: Services, intents: Sequence[str], sap: Any) -> Iterator[dict[str, Any]]:
    """The entities of confirmed writes, as SAP holds them at this moment."""
    for intent_id in intents:
        intent: Intent = parts.intents.get(intent_id)
        if intent.state is IntentState.CONFIRMED:
            entity = sap.get(intent.service, intent.entity_set, intent.key)
            held = entity.row if entity else {}
            yield {name: held.get(name) for name in SHOWN[intent.entity_set]}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
