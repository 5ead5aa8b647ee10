"""The mappings of flows, from the settings and from the files beside them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.settings import Environment

if TYPE_CHECKING:
    from sapmatch.writing.mapping.apply import FieldMapping


def mappings_of(
    flows: Mapping[str, WriteBack], environment: Mapping[str, str]
) -> "dict[str, FieldMapping]":
    """By the name of the flow, of those that have one; raises InputRejected with every mistake."""
    found = {name: mapping_for(name, flow, environment) for name, flow in flows.items()}
    return {name: mapping for name, mapping in found.items() if mapping}


def mapping_for(
    name: str, flow: WriteBack, environment: Mapping[str, str]
) -> "FieldMapping | None":
    """The mapping of one flow; its file lies in the folder of the settings."""
    from sapmatch.writing.mapping.apply import mapping_of

    if flow.mapping_file is None:
        return mapping_of(name, flow)
    path = Path(environment[Environment.SETTINGS]).parent / flow.mapping_file
    try:
        return mapping_of(name, flow, path.read_bytes())
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
