"""sapmatch.toml -> typed settings; every mistake is reported at once, with its path."""

from sapmatch.settings.blocks import (
    AppFlow,
    Environment,
    Matching,
    Network,
    Provider,
    Settings,
    policy_of,
)
from sapmatch.settings.file import load, parse
from sapmatch.settings.rules import remarks

__all__ = [
    "AppFlow",
    "Environment",
    "Matching",
    "Network",
    "Provider",
    "Settings",
    "load",
    "parse",
    "policy_of",
    "remarks",
]
