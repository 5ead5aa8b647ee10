"""One line a figure, as the tables of the benchmarks have it."""

from collections.abc import Mapping
from typing import Any

_NAMED = frozenset({"benchmark", "value", "goal", "within"})


def shown(figure: Mapping[str, Any], width: int) -> str:
    """Name, in `width` characters, and value; then whatever else it says, and its goal."""
    rest = {name: value for name, value in figure.items() if name not in _NAMED}
    line = f"{figure['benchmark']:<{width}}{figure.get('value', ''):>10}"
    line += "".join(f"  {name} {value}" for name, value in rest.items())
    if "goal" not in figure:
        return line
    return f"{line}  {figure['goal']}: {'met' if figure['within'] else 'MISSED'}"
