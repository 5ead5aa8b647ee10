"""A fact and whom it is about, as one line of a file."""

from msgspec import Struct

from sapmatch.model.facts import Fact
from sapmatch.model.ledger import SubjectKind


class Line(Struct, frozen=True, kw_only=True):
    """A fact about a subject; `about` names the order (or party) that a document's fact is about.

    That one hears of everything that the same run says of the document.
    """

    kind: SubjectKind
    number: str
    fact: Fact
    about: tuple[SubjectKind, str] | None = None
