"""Files of rows in the form that an extraction asks for."""

from sapmatch.extracting.formats.conversion import convert, suffix

__all__ = ["convert", "suffix"]
