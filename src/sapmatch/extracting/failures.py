"""Why chunks failed: a map tells no more of its children than how many failed.

extracts/<extraction>/<run id>/_failed/00003.json   the last error of a chunk
"""

import msgspec
from msgspec import Struct

from sapmatch.extracting.run import Chunk, Plan, load_plan, load_result, run_prefix
from sapmatch.model.errors import SapmatchError
from sapmatch.model.ports import Objects


class ChunkFailure(Struct, frozen=True, kw_only=True):
    """The last error of one chunk: the name of its class and what it says."""

    number: int
    entity_set: str
    error: str
    message: str


def note_failure(plan: Plan, chunk: Chunk, error: SapmatchError, objects: Objects) -> None:
    """Leave word of an error, whether it is final or will be tried again."""
    failure = ChunkFailure(
        number=chunk.number,
        entity_set=plan.source_of(chunk).entity_set,
        error=type(error).__name__,
        message=str(error),
    )
    objects.write(_key(plan, chunk), msgspec.json.encode(failure))


def forget_failure(plan: Plan, chunk: Chunk, objects: Objects) -> None:
    """Take back the word of an error that was got over, before the chunk is read anew."""
    if objects.exists(_key(plan, chunk)):
        objects.delete(_key(plan, chunk))


def failures_of(extraction: str, run_id: str, objects: Objects) -> list[ChunkFailure]:
    """The failures of chunks that are not done by now, in their order."""
    keys = list(objects.keys(_folder(extraction, run_id)))
    if not keys:
        return []
    plan = load_plan(extraction, run_id, objects)
    noted = [msgspec.json.decode(objects.read(key), type=ChunkFailure) for key in keys]
    return [f for f in noted if load_result(plan, plan.chunks[f.number], objects) is None]


def _key(plan: Plan, chunk: Chunk) -> str:
    return f"{_folder(plan.extraction, plan.run_id)}{chunk.number:05d}.json"


def _folder(extraction: str, run_id: str) -> str:
    return f"{run_prefix(extraction, run_id)}_failed/"
