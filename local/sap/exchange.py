"""A request and its answer, free of sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

ROOT = "/sap/opu/odata/sap"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Subject and issuer of a client certificate, e.g. `CN=ROBOT, O=Example`."""

    subject: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Request:
    """`path` and `query` still percent-encoded; header names in lower case.

    `root` is what the client calls the folder of V2 services that is ROOT in `path`; `user` who
    logged on, empty before; `certificate` what the client showed in TLS.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    origin: str  # scheme://host:port as the client addressed us
    root: str = ROOT
    user: str = ""
    certificate: Certificate | None = None

    @property
    def address(self) -> str:
        """The path as the client wrote it."""
        inside = self.path.startswith(f"{ROOT}/")
        return self.root + self.path.removeprefix(ROOT) if inside else self.path

    def inside(self, path: str) -> str:
        """A path of the client's as `path` has it."""
        outside = path.startswith(f"{self.root}/")
        return ROOT + path.removeprefix(self.root) if outside else path

    @property
    def wants_json(self) -> bool:
        """Whether the client asked for JSON; Gateway answers Atom XML otherwise."""
        asked = "$format=json" in self.query or "%24format=json" in self.query
        return asked or "json" in self.headers.get("accept", "")


@dataclass(slots=True)
class Response:
    """`created` and `changed` name entities for the request log, e.g. `A_SalesOrder('1')`.

    `called` names function imports with their parameters. `dropped`: the connection is closed
    without a single byte. `later`: the request is executed afterwards, and logged then.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    dropped: bool = False
    later: bool = False
    inner: list["Inner"] = field(default_factory=list)

    def without_effects(self) -> "Response":
        """The same answer to a request that did nothing, or whose work was put back."""
        return replace(
            self, headers=dict(self.headers), cookies=[], created=[], changed=[], called=[]
        )


@dataclass(frozen=True, slots=True)
class Inner:
    """An operation inside a $batch and its answer; `undone` with the rest of its change set."""

    request: Request
    response: Response
    content_id: str
    undone: bool
