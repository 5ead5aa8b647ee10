"""Users of a file as SAP holds them; those whom the connection leaves out are told apart."""

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import SapUser, UserReader

OUTSIDE = (
    "is a user in SAP whom rfc.baseAccountQuery of the connection leaves out; "
    "take the row out, or change the query"
)


class Outside(InputRejected):
    """There is the user, and the base query of the connection leaves him out."""


def found_user(reader: UserReader, name: str, *, everybody: bool = False) -> SapUser | None:
    """The user, None where there is none; Outside for one that is not of the connection's."""
    if everybody:
        return reader.details(name)
    found = reader.get(name)
    if found is None and reader.details(name) is not None:
        raise Outside(OUTSIDE)
    return found
