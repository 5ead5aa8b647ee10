"""All parts of one stage, each made on first use."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sapmatch.bootstrap.clients import SapClients
from sapmatch.clock import SystemClock
from sapmatch.model.auth import SamlBearer
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Extraction, WriteBack
from sapmatch.model.policy import MatchingPolicy
from sapmatch.model.ports import Clock
from sapmatch.settings import Environment, Matching, Settings, load, policy_of

if TYPE_CHECKING:
    from sapmatch.aws.control import DynamoControl
    from sapmatch.aws.documents import DynamoDocuments
    from sapmatch.aws.exceptions import DynamoOutbox
    from sapmatch.aws.expense import TextractExpense
    from sapmatch.aws.intents import DynamoIntents
    from sapmatch.aws.mailer import SnsMailer
    from sapmatch.aws.objects import S3Objects
    from sapmatch.aws.orders import DynamoOrders
    from sapmatch.aws.reviews import DynamoReviews
    from sapmatch.aws.table import Table
    from sapmatch.aws.workflows import StepFunctions
    from sapmatch.bootstrap.rehearsal import Rehearsal
    from sapmatch.extracting.index import IndexResult
    from sapmatch.extracting.run import Plan, Published
    from sapmatch.limits.permits import Permits
    from sapmatch.matching.stored import Desk
    from sapmatch.model.intent import Intent
    from sapmatch.model.invoice import Invoice, Party
    from sapmatch.model.match import Decision
    from sapmatch.model.order import Order
    from sapmatch.model.review import Review
    from sapmatch.model.uploads import Upload
    from sapmatch.reading.stored import Reading
    from sapmatch.reviewing.exceptions import Exceptions
    from sapmatch.reviewing.waiting import Waiting
    from sapmatch.sap.odata.client import ODataClient

KNOWN_IN = 5  # company codes in which a seller is looked for: each costs a read


@cache
def services() -> "Services":
    """The parts of this Lambda environment, made once."""
    return Services(load(Path(os.environ[Environment.SETTINGS])), os.environ)


class Services:
    """All parts of one stage."""

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], clock: Clock | None = None
    ) -> None:
        self.settings = settings
        self.environment = environment
        self.clock = clock or SystemClock()

    @cached_property
    def objects(self) -> "S3Objects":
        """The bucket."""
        from sapmatch.aws.clients import client
        from sapmatch.aws.objects import S3Objects

        return S3Objects(client("s3"), self.environment[Environment.BUCKET])

    @cached_property
    def orders(self) -> "DynamoOrders":
        """The order index."""
        from sapmatch.aws.orders import DynamoOrders

        return DynamoOrders(self._table(Environment.ORDERS_TABLE))

    @cached_property
    def documents(self) -> "DynamoDocuments":
        """Records of documents."""
        from sapmatch.aws.documents import DynamoDocuments

        return DynamoDocuments(
            self._table(Environment.DOCUMENTS_TABLE),
            self._table(Environment.ORDERS_TABLE),
            self._table(Environment.INTENTS_TABLE),
            self.clock,
        )

    @cached_property
    def outbox(self) -> "DynamoOutbox":
        """Exceptions, and which of them people were told."""
        from sapmatch.aws.exceptions import DynamoOutbox

        return DynamoOutbox(self._table(Environment.DOCUMENTS_TABLE))

    @cached_property
    def reviews(self) -> "DynamoReviews":
        """What waits for a person, or for what it lacks."""
        from sapmatch.aws.reviews import DynamoReviews

        return DynamoReviews(self._table(Environment.DOCUMENTS_TABLE))

    @cached_property
    def intents(self) -> "DynamoIntents":
        """Intended writes."""
        from sapmatch.aws.intents import DynamoIntents

        return DynamoIntents(self._table(Environment.INTENTS_TABLE))

    @cached_property
    def control(self) -> "DynamoControl":
        """What runs agree on."""
        from sapmatch.aws.control import DynamoControl

        return DynamoControl(self._table(Environment.CONTROL_TABLE))

    @cached_property
    def expense(self) -> "TextractExpense":
        """Textract, at the pace that all functions of the stage share."""
        from sapmatch.aws.clients import client
        from sapmatch.aws.expense import OPERATIONS, TextractExpense
        from sapmatch.limits.pace import SharedPace

        limits = self.settings.textract
        rates = (limits.analyze_tps, limits.start_tps, limits.get_tps)
        by_operation = dict(zip(OPERATIONS, rates, strict=True))
        pace = SharedPace(self.control, self.clock, "textract", by_operation)
        return TextractExpense(client("textract", attempts=1), pace)

    @cached_property
    def mailer(self) -> "SnsMailer":
        """The topic of the mails."""
        from sapmatch.aws.clients import client
        from sapmatch.aws.mailer import SnsMailer

        return SnsMailer(client("sns"), self.environment[Environment.TOPIC_ARN])

    @cached_property
    def exceptions(self) -> "Exceptions":
        """What people have to look at."""
        from sapmatch.reviewing.budget import MailBudget
        from sapmatch.reviewing.exceptions import Exceptions

        return Exceptions(
            objects=self.objects,
            documents=self.documents,
            outbox=self.outbox,
            mailer=self.mailer,
            budget=MailBudget(self.control, self.clock, self.settings.alerts.mails_per_hour),
            clock=self.clock,
            stage=self.stage,
            bucket=self.bucket,
            decide_within=timedelta(days=self.settings.reviewing.decide_within_days),
            offers=self.rehearsal.offers,
        )

    @cached_property
    def rehearsal(self) -> "Rehearsal":
        """What decisions would come to."""
        from sapmatch.bootstrap.rehearsal import Rehearsal

        rules = self.settings.reviewing
        return Rehearsal(rules, lambda: self.desk, self.planner, lambda: self.intents)

    @cached_property
    def policy(self) -> MatchingPolicy:
        """The rules of the decision."""
        return policy_of(self._matching, self.settings.write_backs.values())

    @cached_property
    def workflows(self) -> "StepFunctions":
        """Starts state machines, and lets those that wait go on."""
        from sapmatch.aws.clients import client
        from sapmatch.aws.workflows import StepFunctions

        return StepFunctions(client("stepfunctions"))

    @cached_property
    def desk(self) -> "Desk":
        """What decisions are made with."""
        from sapmatch.matching.stored import Desk

        connection, client = self.order_connection
        return Desk(
            objects=self.objects,
            documents=self.documents,
            reviews=self.reviews,
            orders=self.orders,
            policy=self.policy,
            connection=connection,
            client=client,
        )

    @cached_property
    def waiting(self) -> "Waiting":
        """Documents that wait, and what makes them go on."""
        from sapmatch.matching.watch import changed
        from sapmatch.reviewing.waiting import Waiting

        return Waiting(
            reviews=self.reviews,
            waits=self.workflows,
            changed=lambda watched: changed(
                watched, self.orders, self.documents.earlier, self.policy.candidate_cap
            ),
            restart=self.restart,
            within=timedelta(days=self.settings.reviewing.decide_within_days),
        )

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self.environment[Environment.BUCKET]

    @property
    def stage(self) -> str:
        """Name of the stage."""
        return self.environment[Environment.STAGE]

    @property
    def invoice_matching(self) -> str:
        """ARN of the state machine of one document."""
        return self.environment[Environment.INVOICE_MATCHING_ARN]

    @property
    def write_back(self) -> str:
        """ARN of the state machine of a write-back run."""
        return self.environment[Environment.WRITE_BACK_ARN]

    @property
    def order_connection(self) -> tuple[str, str]:
        """Name and client of the connection that holds the orders."""
        name = self._matching.connection or next(iter(self.settings.connections))
        return name, self.settings.connections[name].client

    def knows_seller(self, seller: "Party") -> bool:
        """Whether an order of the first few company codes names this seller."""
        from sapmatch.matching.sellers import is_known
        from sapmatch.model.ports import OrderScope

        if self.settings.matching is None:
            return False
        codes = islice(self.policy.company_codes, KNOWN_IN)
        scopes = [OrderScope(*self.order_connection, code) for code in codes]
        return is_known(seller, self.orders, scopes)

    def extraction(self, name: str) -> Extraction:
        """One `[extractions.*]` block."""
        if name not in self.settings.extractions:
            raise InputRejected(f"extraction {name}: is not in the settings")
        return self.settings.extractions[name]

    def flow(self, name: str) -> WriteBack:
        """One `[write_backs.*]` block."""
        if name not in self.settings.write_backs:
            raise InputRejected(f"write-back flow {name}: is not in the settings")
        return self.settings.write_backs[name]

    def receive(self, upload: "Upload") -> None:
        """Make a document of an upload, and start its workflow."""
        from sapmatch.reading.receive import receive

        receive(
            upload,
            objects=self.objects,
            documents=self.documents,
            workflows=self.workflows,
            machine=self.invoice_matching,
            clock=self.clock,
            intake=self.settings.intake,
        )

    def read(self, document_id: str, job: str | None, machine: str) -> "Reading":
        """Read a document; `job` is what an earlier call waits for, `machine` what runs parts."""
        from sapmatch.matching.stored import remember_stored
        from sapmatch.reading.stored import read_stored

        done = read_stored(
            document_id,
            job,
            objects=self.objects,
            documents=self.documents,
            expense=self.expense,
            workflows=self.workflows,
            machine=machine,
            intake=self.settings.intake,
            knows=self.knows_seller,
            review_below=self.settings.reading.review_below,
        )
        if done.outcome == "needs-review" and self.settings.matching:
            remember_stored(document_id, self.desk)
        return done

    def restart(self, review: "Review") -> bool:
        """Start the workflow of a document whose execution is gone, once for each version."""
        name = f"again-{review.document_id}-{review.version}"
        return self.workflows.start(
            self.invoice_matching, name, {"document_id": review.document_id}
        )

    def revise(self, document_id: str) -> bool:
        """Tell people of a recorded match that its orders make another one by now; whether so."""
        from sapmatch.matching.revision import revise_stored

        revision = revise_stored(document_id, self.desk)
        if revision:
            self.exceptions.about_order_change(document_id, revision)
        return bool(revision)

    def permits(self, connection: str, spare: int = 0) -> "Permits":
        """Permits to call one SAP system, shared by all functions; `spare` stay free for others."""
        from sapmatch.limits.permits import Permits

        most = self.settings.connections[connection].limits.parallel
        return Permits(self.control, self.clock, connection, most, spare=spare)

    def index(
        self, plan: "Plan", published: "Published", out_of_time: Callable[[], bool], workspace: Path
    ) -> "IndexResult":
        """Feed the order index from a published run."""
        from sapmatch.extracting.index import index_run
        from sapmatch.matching.keys import order_keys, posted_keys

        return index_run(
            plan,
            published,
            objects=self.objects,
            orders=self.orders,
            client=self.settings.connections[plan.connection].client,
            company_codes=self.policy.company_codes,
            item_fields=self._matching.item_fields,
            order_keys=order_keys,
            posted_keys=posted_keys,
            workspace=workspace,
            out_of_time=out_of_time,
        )

    def published_at(self, extraction: str) -> datetime | None:
        """When the last good run of an extraction was published, None where none ever was."""
        from sapmatch.extracting.positions import published_of
        from sapmatch.extracting.run import load_published

        last = published_of(self.control, extraction)
        found = load_published(extraction, last.run_id, self.objects) if last else None
        return datetime.fromisoformat(found.published_at) if found else None

    def planner(
        self,
        document_id: str,
        invoice: "Invoice",
        decision: "Decision",
        orders: "dict[str, Order]",
        person: str = "",
    ) -> "Sequence[tuple[Intent, bytes]]":
        """The writes that a match means; `person` is the decider's name in the settings."""
        from sapmatch.bootstrap.mappings import mappings_of
        from sapmatch.writing.from_match import intents_for_match

        connection, client = self.order_connection
        return intents_for_match(
            invoice,
            decision,
            document_id=document_id,
            orders=orders,
            flows=self.settings.write_backs,
            mappings=mappings_of(self.settings.write_backs, self.environment, "match"),
            policy=self.policy,
            connection=connection,
            client=client,
            now=self.clock.now(),
            asserts=isinstance(self.settings.connections[connection].auth, SamlBearer),
            person=person,
        )

    def sap(self, name: str) -> "ODataClient":
        """The client of one connection's technical user, kept open."""
        return self.clients.technical(name)

    @cached_property
    def clients(self) -> SapClients:
        """All clients of SAP systems."""
        return SapClients(self.settings, self.environment, lambda: self.control, self.clock)

    @property
    def _matching(self) -> Matching:
        if self.settings.matching is None:
            raise InputRejected("settings: [matching] is missing")
        return self.settings.matching

    def _table(self, variable: Environment) -> "Table":
        from sapmatch.aws.clients import client
        from sapmatch.aws.table import Table

        return Table(client("dynamodb"), self.environment[variable])
