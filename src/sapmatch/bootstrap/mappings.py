"""The mappings of flows, from the settings and from the files beside them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import WriteBack
from sapmatch.settings import Environment

if TYPE_CHECKING:
    from sapmatch.writing.mapping.apply import FieldMapping


def mappings_of(
    flows: Mapping[str, WriteBack],
    environment: Mapping[str, str],
    source: Literal["match", "inbox"] | None = None,
) -> "dict[str, FieldMapping]":
    """By the name of the flow, of those of a source that have one.

    Raises InputRejected with every mistake, each under the path of its flow in the settings.
    """
    found: dict[str, FieldMapping] = {}
    problems: list[Problem] = []
    for name, flow in flows.items():
        if source not in (None, flow.source):
            continue
        try:
            mapping = mapping_for(name, flow, environment)
        except InputRejected as exc:
            problems += _with_path(f"write_backs.{name}", exc)
            continue
        if mapping:
            found[name] = mapping
    if problems:
        listing = "".join(f"\n  {problem.field}: {problem.message}" for problem in problems)
        raise InputRejected(f"{len(problems)} mistake(s) in mappings{listing}", problems)
    return found


def mapping_for(
    name: str, flow: WriteBack, environment: Mapping[str, str]
) -> "FieldMapping | None":
    """The mapping of one flow; its file lies in the folder of the settings."""
    from sapmatch.writing.mapping.apply import mapping_of

    if flow.mapping_file is None:
        return mapping_of(name, flow)
    path = Path(environment[Environment.SETTINGS]).parent / flow.mapping_file
    try:
        table = path.read_bytes()
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
    return mapping_of(name, flow, table)


def _with_path(path: str, error: InputRejected) -> list[Problem]:
    """Its mistakes under the path of the flow's block."""
    whole = [Problem(code="MAPPING", message=str(error), field="mapping_file")]
    found = error.problems or whole
    return [replace(problem, field=f"{path}.{problem.field}") for problem in found]
