"""A request and its answer, free of sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Request:
    """`path` and `query` as they came, still percent-encoded; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    origin: str  # scheme://host:port as the client addressed us

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
