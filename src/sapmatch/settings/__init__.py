"""sapmatch.toml -> typed settings; every mistake is reported at once, with its path."""

from sapmatch.settings.blocks import Environment, Matching, Network, Settings, policy_of
from sapmatch.settings.file import load, parse

__all__ = ["Environment", "Matching", "Network", "Settings", "load", "parse", "policy_of"]
