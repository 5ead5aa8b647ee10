"""Invoice and orders in, one explained decision out."""

from sapmatch.matching.match import match

__all__ = ["match"]
