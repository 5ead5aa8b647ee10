"""SAP's messages as people get them."""

import re

# What SAP Gateway adds to every refusal of a business function, beside the message that says why.
_NO_NEWS = re.compile(r"(?:^|; )(?:\w+ )?/IWBEP/CM_MGW_RT/022: [^;]*")


def for_people(said: str) -> str:
    """Messages (joined by `; `) without the one that an exception was raised, unless it is all."""
    return _NO_NEWS.sub("", said).removeprefix("; ") or said
