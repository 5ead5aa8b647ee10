"""Whether what was read is what SAP counted."""

from collections.abc import Callable, Iterable


class Miscounted(Exception):
    """Why rows are refused, in words."""


def explained(
    what: str,
    rows: int,
    counted: int,
    count_again: Callable[[], int],
    changes: Callable[[], Iterable[int]] = tuple,
) -> str | None:
    """None where the numbers agree, else a sentence that explains the difference.

    Rows are told apart by their key, so that too many are rows that SAP deleted after they were
    read. Miscounted where rows are missing: fewer than SAP counts before and after, and fewer
    than it changed meanwhile; `changes` are numbers of these, page by page (RE-19).
    """
    if rows == counted:
        return None
    now = count_again()
    note = f"SAP held {counted} rows before and {now} after the run, {rows} were read"
    missing = min(counted, now) - rows
    if missing <= 0:
        return note
    changed = 0
    for number in changes():
        changed += number
        if changed >= missing:
            return f"{note}, {missing} or more changed meanwhile"
    raise Miscounted(
        f"{what}: {rows} rows were read, but SAP counts {counted} before and {now} after: either "
        "rows came and went while they were read, or the service's paging loses rows; the counts "
        "do not tell which. Nothing was published. Run it again when less changes in SAP, or in "
        'smaller parts (filter); if it happens every time, read it with partition = "key" or '
        '"none", or by delta'
    )


def refuse_shifted(what: str, counted: int, now: int) -> None:
    """Miscounted where rows went while others were read by their place ($skip).

    All that follow a deleted row move up, and one of them moves out of what is still to be read.
    """
    if now < counted:
        raise Miscounted(
            f"{what}: SAP deleted {counted - now} rows while it was read by $skip, which may have "
            "hidden as many others; nothing was published: run it again, and if it happens again "
            'read it with partition = "key" or "date"'
        )
