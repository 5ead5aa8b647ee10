"""One name, five places: `match_invoice` is the state `MatchInvoice`."""

import re


def pascal(name: str) -> str:
    """match_invoice -> MatchInvoice."""
    return "".join(word.title() for word in name.split("_"))


def snake(name: str) -> str:
    """MatchInvoice -> match_invoice."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
