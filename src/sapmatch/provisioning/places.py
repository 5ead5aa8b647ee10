"""Where the objects of a run lie, and the keys of what its workers agree on.

provisioning/<connection>/<file>.json|csv         dropped by people
provisioned/<connection>/<run id>/desired          the same file, as this run read it
                                 /planning/00000.json   users that were compared so far
                                 /plan.json
                                 /users/<row>.json      how far each user is
                                 /response.json
provisioned/<connection>/runs/<run id>              that there is such a run
"""

import hashlib
import re
from typing import Final

from sapmatch.model.errors import InputRejected
from sapmatch.model.uploads import Upload

DROPPED: Final = "provisioning/"
KEPT: Final = "provisioned/"
SUFFIXES: Final = (".json", ".csv")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_RUN = re.compile(r"[0-9a-f]{12}(?:-\d{1,6})?")


def connection_of(key: str) -> str:
    """The connection that a dropped file is for; InputRejected where the key is no such file's."""
    parts = key.removeprefix(DROPPED).split("/")
    if not key.startswith(DROPPED) or len(parts) != 2 or not all(parts):
        raise InputRejected(f"a file of desired users is dropped as {DROPPED}<connection>/<file>")
    if not parts[1].lower().endswith(SUFFIXES):
        raise InputRejected(f"a file of desired users ends in {' or '.join(SUFFIXES)}")
    if not _NAME.fullmatch(parts[0]):
        raise InputRejected(f"behind {DROPPED} stands no name of a connection")
    return parts[0]


def run_id_of(upload: Upload) -> str:
    """The same for the same version of the same object, whenever it is told of."""
    text = f"{upload.bucket}\0{upload.key}\0{upload.version_id or ''}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def prefix(connection: str, run_id: str) -> str:
    """Where everything of a run lies; InputRejected for what can be no run's id."""
    if not _RUN.fullmatch(run_id) or not _NAME.fullmatch(connection):
        raise InputRejected("this is no run: `sapmatch provision status` names connection and id")
    return f"{KEPT}{connection}/{run_id}/"


def index_prefix(connection: str) -> str:
    """Where the ids of the runs of a connection lie: listing them reads nothing of the runs."""
    return f"{KEPT}{connection}/runs/"


def index_key(connection: str, run_id: str) -> str:
    """The mark that there is this run."""
    prefix(connection, run_id)
    return f"{index_prefix(connection)}{run_id}"


def desired_key(connection: str, run_id: str) -> str:
    """The file as the run read it."""
    return f"{prefix(connection, run_id)}desired"


def slice_key(connection: str, run_id: str, number: int) -> str:
    """A stretch of the plan that is being made."""
    return f"{prefix(connection, run_id)}planning/{number:05d}.json"


def plan_key(connection: str, run_id: str) -> str:
    """The plan, once it is complete."""
    return f"{prefix(connection, run_id)}plan.json"


def rows_prefix(connection: str, run_id: str) -> str:
    """Where the records of the users lie."""
    return f"{prefix(connection, run_id)}users/"


def row_key(connection: str, run_id: str, row: int) -> str:
    """How far the user of a row is."""
    return f"{rows_prefix(connection, run_id)}{row:06d}.json"


def response_key(connection: str, run_id: str) -> str:
    """What became of everything."""
    return f"{prefix(connection, run_id)}response.json"


def record_key(connection: str, run_id: str) -> str:
    """The record of the run, among what workers agree on."""
    prefix(connection, run_id)
    return f"provisioning/{connection}/{run_id}"


def lease_key(connection: str, run_id: str) -> str:
    """Who is at work on the run."""
    return f"{record_key(connection, run_id)}.lease"


def taken_key(connection: str) -> str:
    """What the files of a connection took in one day, among what workers agree on."""
    return f"provisioning/{connection}.taken"
