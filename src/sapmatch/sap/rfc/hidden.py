"""Which parameters hold passwords, and answers without those that the call itself has sent."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sapmatch.model.rfc import RfcInput, RfcScalar, RfcStructure, RfcTable
from sapmatch.sap.masking import Mask

_HASH: Final = re.compile(r"(^|-)(BCODE|OCOD\d|PASSCODE|PWDSALTEDHASH)$")
_PASSWORD: Final = re.compile(r"PASSW|PWD|PASSPHRASE|KENNWORT|BCODE|OCOD\d|PASSCODE")
_FLAGS: Final = ("", "X")  # of PASSWORDX, PRODUCTIVE_PWD and the like
# What decides what an answer means is no text.
_DECIDES: Final = frozenset({"TYPE", "ID", "NUMBER", "CODE", "ROW", "RC", "MSGID", "MSGNO"})
_SAID: Final = "RETURN"
_SAYS: Final = re.compile(r"MSGTEXT|MSGV\d|MESSAGE(_V\d)?")


def is_hash(name: str) -> bool:
    """Whether a field holds the hash of a password, inside of another structure too."""
    return bool(_HASH.search(name.upper()))


def passwords_in(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where parameters hold a password, and which; flags about passwords are none."""
    yield from _found("", given, is_inside=False)


def mask_of(imports: Mapping[str, RfcInput], tables: Mapping[str, RfcTable]) -> Mask:
    """Hides the passwords that a call sends."""
    return Mask(value for _, value in passwords_in({**imports, **tables}))


def hidden_in(
    exports: Mapping[str, RfcInput],
    tables: Mapping[str, list[RfcStructure]],
    own: Mask,
    logon: Mask,
) -> tuple[dict[str, RfcInput], dict[str, list[RfcStructure]]]:
    """An answer without the passwords of its call, and its messages without those of the logon.

    Elsewhere what reads like the logon's may be data, which stays as it is.
    """
    both = own + logon
    if not both:
        return dict(exports), dict(tables)
    return (
        {name: _value(name, each, _of(name, own, both)) for name, each in exports.items()},
        {
            name: [_row(row, _of(name, own, both)) for row in rows]
            if _of(name, own, both)
            else rows
            for name, rows in tables.items()
        },
    )


def _of(name: str, own: Mask, both: Mask) -> Mask:
    return both if name == _SAID or _SAYS.fullmatch(name) else own


def _value(name: str, value: RfcInput, mask: Mask) -> RfcInput:
    return _row(value, mask) if isinstance(value, Mapping) else _scalar(name, value, mask)


def _row(row: RfcStructure, mask: Mask) -> dict[str, RfcScalar]:
    return {name: _scalar(name, value, mask) for name, value in row.items()}


def _scalar(name: str, value: RfcScalar, mask: Mask) -> RfcScalar:
    return mask.text(value) if isinstance(value, str) and name not in _DECIDES else value


def _found(at: str, given: Any, *, is_inside: bool) -> Iterator[tuple[str, str]]:
    if isinstance(given, Mapping):
        for name, value in given.items():
            is_one = is_inside or bool(_PASSWORD.search(str(name).upper()))
            yield from _found(f"{at}.{name}" if at else str(name), value, is_inside=is_one)
    elif isinstance(given, list | tuple):
        for each in given:
            yield from _found(at, each, is_inside=is_inside)
    elif is_inside and given is not None and str(given).strip() not in _FLAGS:
        yield at, str(given)
