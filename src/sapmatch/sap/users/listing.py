"""Names of users, page by page: each page begins behind the last user of the one before."""

from collections.abc import Iterator, Sequence

from sapmatch.model.errors import SapRejected
from sapmatch.model.rfc import Rfc, RfcStructure, RfcTransport
from sapmatch.model.users import SapUser
from sapmatch.sap.rfc.messages import judged, require_whole
from sapmatch.sap.users.conditions import upper
from sapmatch.sap.users.filters import Row, Selection, after_row
from sapmatch.sap.users.rows import incomplete, name_in, text

LIST = "BAPI_USER_GETLIST"
PAGE = 200
KNOWN = frozenset({"USERNAME"})  # of a user in a list: names of people may be shortened there


def pages(
    transport: RfcTransport, rfc: Rfc, selection: Selection, after: str, size: int
) -> Iterator[list[SapUser]]:
    """Users behind `after` whom SAP selects, in the order of their names.

    A user who is added or deleted meanwhile moves no other one (CO-T53).
    """
    if selection.expression and not after:
        found = _asked(transport, rfc, "SELECTION_EXP", selection.expression, size)
        if len(found) <= size:
            yield _sorted(found, after)
            return
    while not selection.is_over(after):
        found, is_last = _page(transport, rfc, selection, after, size)
        users = _sorted(found, after)
        if not users and not is_last:
            raise SapRejected(
                LIST, f"the list of users does not go on behind {after}: SAP repeats a page"
            )
        if users:
            after = users[-1].name
        yield users
        if is_last:
            return


def _page(
    transport: RfcTransport, rfc: Rfc, selection: Selection, after: str, size: int
) -> tuple[list[SapUser], bool]:
    """The users of one page, and whether it is the last.

    Unconfirmed: that SAP lists the first users in the order of their names. A full page whose names
    are in another order may have left out some before its last one: it is asked for larger until
    all are there.
    """
    names = selection.names if selection.is_ahead(after) else (after_row(after),)
    rows = (*names, *selection.ranges)
    while True:
        found = _asked(transport, rfc, "SELECTION_RANGE", rows, size)
        if len(found) <= size:
            return found, True
        listed = [user.name for user in found]
        if listed == sorted(listed):
            return found[:size], False
        size *= 2


def _asked(
    transport: RfcTransport, rfc: Rfc, table: str, rows: Sequence[Row], size: int
) -> list[SapUser]:
    """One call, for one user more than a page has: he shows that there is another page.

    Users whom SAP would not list are a failure, not an empty list (CO-T38).
    """
    answer = transport.call(
        LIST,
        {"MAX_ROWS": size + 1, "WITH_USERNAME": "X"},
        {table: rows} if rows else {},
        want=("USERLIST", "RETURN"),
    )
    judged(LIST, answer, fail_when_warning=rfc.fail_when_warning)
    require_whole(LIST, answer, "USERLIST")
    return [
        SapUser(
            name=_name_in(row),
            fields={
                f"ADDRESS.{field}": text(row, field)
                for field in ("FIRSTNAME", "LASTNAME", "FULLNAME")
            },
        )
        for row in answer.tables.get("USERLIST", ())
    ]


def _name_in(row: RfcStructure) -> str:
    """SAP's names are in upper case; behind any other, the next page would begin anywhere."""
    name = name_in(row, "USERLIST", "USERNAME")
    if name != upper(name):
        raise incomplete("a name in USERLIST is not in upper case")
    return name


def _sorted(users: Sequence[SapUser], after: str) -> list[SapUser]:
    named = {user.name: user for user in users if user.name > after}
    return [named[name] for name in sorted(named)]
