"""One call of a function module: what it gets, where it works, what it says."""

from dataclasses import dataclass, field
from typing import Any, Literal

from local.sap.abap.dictionary import Release
from local.sap.abap.landscape import Landscape, System
from local.sap.abap.messages import message
from local.sap.abap.users import User
from local.sap.abap.values import Row


@dataclass(slots=True)
class Rights:
    """What a caller may: function modules (None: all) and the objects that he lacks."""

    functions: frozenset[str] | None = None
    without: frozenset[str] = frozenset()


@dataclass(slots=True)
class Rules:
    """What passwords have to be like, and what else differs between systems.

    `unknown_parameters`: whether SOAP refuses an element that the interface does not have, or
    passes over it; which of both SAP does is unconfirmed.
    """

    release: Release = "new"
    password_length: int = 8
    password_history: int = 5
    unknown_parameters: Literal["refused", "ignored"] = "refused"


@dataclass(slots=True)
class Call:
    """Inputs are whole: every parameter with its initial value; `given` are those that were sent.

    `created` and `changed` name what the call did, for the request log.
    """

    landscape: Landscape
    system: System
    rules: Rules
    rights: Rights
    user: str
    language: str
    inputs: Row = field(repr=False)  # passwords stand there
    given: Row = field(repr=False)
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def __getitem__(self, parameter: str) -> Any:
        return self.inputs[parameter]

    @property
    def username(self) -> str:
        """USERNAME in upper case."""
        return str(self.inputs["USERNAME"]).upper()

    def says(self, number: str, *variables: str, **more: Any) -> Row:
        """A row of RETURN in the language of the caller."""
        return message(number, *variables, language=self.language, system=self.system.name, **more)

    def returned(self, number: str, *variables: str, **more: Any) -> Row:
        """Outputs that are one row of RETURN."""
        return {"RETURN": [self.says(number, *variables, **more)]}

    @property
    def today(self) -> str:
        """YYYYMMDD."""
        return self.landscape.now().strftime("%Y%m%d")

    @property
    def is_central(self) -> bool:
        """Whether this client administrates the users of all."""
        return self.landscape.is_central(self.system)

    def lacks(self, thing: str) -> bool:
        """Whether the caller has no authorization of that object."""
        return thing in self.rights.without

    def keep(self, user: User, *, is_new: bool = False) -> None:
        """Note that the user was changed, when and by whom, and tell the children."""
        now = self.landscape.now()
        user.modified = (now.strftime("%Y%m%d"), now.strftime("%H%M%S"))
        if is_new:
            user.created_by, user.created = self.user, self.today
        self.system.users.add(user)
        (self.created if is_new else self.changed).append(self.document(user.name))
        if self.is_central:
            self.landscape.send(user, dict.fromkeys(self.children_of(user), True))

    def document(self, name: str) -> str:
        """The user as the request log calls it."""
        return f"{self.system.name}/USER('{name}')"

    def children_of(self, user: User) -> list[str]:
        """The systems that get what changes, without the central one."""
        return [each for each in user.systems if each != self.system.name]
