"""The V4 side of the stand-in: from a request to the service that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from local.sap import metadata as v2
from local.sap.backend import Backend
from local.sap.errors import Refusal, no_service
from local.sap.exchange import Request, Response
from local.sap.paths import segments_of
from local.sap.store import Store
from local.sap.v4.answers import VERSION
from local.sap.v4.batch import Batch, Tools
from local.sap.v4.delta import Tracker
from local.sap.v4.errors import as_json
from local.sap.v4.model import ROOT as ROOT
from local.sap.v4.model import Service, load_services
from local.sap.v4.reading import Reader
from local.sap.v4.render import Renderer
from local.sap.v4.repeat import Repeats
from local.sap.v4.writing import Writer

_READING = frozenset({"GET", "HEAD"})
_DEPTH = 5  # segments of a service's path


@dataclass(slots=True)
class Switches:
    """What SAP systems differ in; a reset puts every switch back."""

    nested_page_size: int = 0  # expanded collections are cut after so many rows (OD-P28); 0: never
    repeatability: bool = False  # Repeatability headers are honoured, else ignored
    track_changes: bool = True  # odata.track-changes is honoured, else ignored

    def set(self, wanted: object) -> None:
        """`{"<switch>": value, ...}`; raises ValueError where that is not understood."""
        known = {each.name: type(each.default) for each in fields(self)}
        if not isinstance(wanted, dict) or not set(wanted) <= set(known):
            raise ValueError(f"expected some of {', '.join(known)}")
        for name, value in wanted.items():
            if type(value) is not known[name]:
                raise ValueError(f"{name} must be of type {known[name].__name__}")
        for name, value in wanted.items():
            setattr(self, name, value)


class V4:
    """All V4 services over one store; the caller holds a lock during `answer`.

    `check` raises Refusal where the next write is to be refused.
    """

    def __init__(
        self,
        sources: Mapping[str, v2.Service],
        backend: Backend,
        page_size: int,
        check: Callable[[], None],
    ) -> None:
        self._check = check
        self.switches = Switches()
        self.tracker = Tracker(backend.store)
        self.repeats = Repeats()
        self._sources = sources
        self._services = load_services(sources)
        self._backend = backend
        self._page_size = page_size

    @property
    def paths(self) -> list[str]:
        """The paths of all services below ROOT."""
        return list(self._services)

    def reset(self) -> None:
        """Every switch as at the start, every delta token and request id forgotten."""
        self.switches = Switches()
        self.tracker.forget()
        self.repeats.forget()

    def answer(self, request: Request) -> Response:
        """The answer; Refusal where SAP would refuse."""
        service, segments = self._service(request)
        if segments == ["$batch"]:
            tools = Tools(self._part, refused, self._kept)
            return Batch(service, request, tools).run()
        return self._one(service, segments, request)

    def _part(self, request: Request) -> Response:
        service, segments = self._service(request)
        return self._one(service, segments, request)

    def _kept(self) -> Callable[[], None]:
        """Keep the documents as they are; the result puts them back."""
        store = self._backend.store
        kept = Store(self._sources)
        kept.copy_from(store)
        return lambda: store.copy_from(kept)

    def _one(self, service: Service, segments: list[str], request: Request) -> Response:
        renderer = Renderer(service, self._backend.store, self.switches.nested_page_size)
        tracker = self.tracker if self.switches.track_changes else None
        reader = Reader(service, self._backend, renderer, tracker, self._page_size)
        if request.method in _READING:
            return reader.read(request, segments)
        writer = Writer(service, self._backend, renderer, reader)
        self._check()
        if self.switches.repeatability:
            return self.repeats.once(request, lambda each: writer.write(each, segments))
        return writer.write(request, segments)

    def _service(self, request: Request) -> tuple[Service, list[str]]:
        segments = segments_of(request.path.removeprefix(ROOT))
        path, rest = "/".join(segments[:_DEPTH]), segments[_DEPTH:]
        service = self._services.get(path)
        if service is None:
            raise no_service(path)
        return service, rest


def refused(refusal: Refusal, request: Request) -> Response:
    """The refusal as V4 JSON."""
    service = "/".join(segments_of(request.path.removeprefix(ROOT))[:_DEPTH])
    body = as_json(refusal, service, datetime.now(UTC))
    kind = "application/json;odata.metadata=minimal;charset=utf-8"
    return Response(refusal.status, body, kind, dict(VERSION))
