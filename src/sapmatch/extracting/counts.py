"""Whether what was read is what SAP counted."""

from collections.abc import Callable

from sapmatch.model.errors import InputRejected


def explained(what: str, rows: int, counted: int, count_again: Callable[[], int]) -> str | None:
    """None where the numbers agree, else a sentence that explains the difference.

    Raises InputRejected where the rows do not lie between SAP's counts before and after (RE-19).
    """
    if rows == counted:
        return None
    now = count_again()
    if min(counted, now) <= rows <= max(counted, now):
        return f"SAP held {counted} rows before and {now} after the run, {rows} were read"
    raise InputRejected(
        f"{what}: {rows} rows were read, but SAP counts {counted} before and {now} after; "
        "nothing was published: run it again, and if it happens again check the service's paging"
    )
