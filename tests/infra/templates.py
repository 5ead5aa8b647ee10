"""What a synthesis wrote, ready to be asked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Resource = dict[str, Any]


class Templates:
    """The templates of one stage by the last part of their names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(folder.glob("*.template.json"))
        self._stacks = {
            path.name.split(".")[0].rpartition("-")[2]: json.loads(path.read_text())
            for path in self.files
        }

    def __getitem__(self, stack: str) -> dict[str, Any]:
        template: dict[str, Any] = self._stacks[stack]
        return template

    def __iter__(self) -> Iterator[str]:
        return iter(self._stacks)

    def of_type(self, type: str) -> dict[str, Resource]:
        """Properties of all resources of a type by logical id, in all stacks."""
        return {
            title: resource.get("Properties", {})
            for stack in self._stacks.values()
            for title, resource in stack["Resources"].items()
            if resource["Type"] == type
        }

    def one(self, type: str, beginning: str) -> Resource:
        """Properties of the only resource of a type whose logical id begins so."""
        (found,) = [
            properties
            for title, properties in self.of_type(type).items()
            if title.startswith(beginning) and len(title) == len(beginning) + len("12345678")
        ]
        return found
