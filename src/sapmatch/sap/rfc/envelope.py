"""A call as the bytes of a SOAP 1.1 envelope."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.rfc import Field, RfcInput, RfcScalar, RfcStructure, RfcTable
from sapmatch.sap.rfc.module import Module, Named, Part
from sapmatch.sap.rfc.values import fitting, wire_text

UNKNOWN: Final = "rfc.unknown"  # code of the problem that a parameter or field is not there
_SPECIAL = re.compile("[&<>\r]")
_ESCAPES: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
_BEGIN: Final = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="'
)


class Envelope:
    """Writes calls of one connection; `place` names its settings in what is wrong.

    Where `refuses_long` is off, what is too long is cut off as SAP's own connectors do.
    """

    def __init__(self, place: str, *, refuses_long: bool) -> None:
        self._place = place
        self._refuses_long = refuses_long

    def of(
        self,
        module: Module,
        imports: Mapping[str, RfcInput],
        tables: Mapping[str, RfcTable],
        want: Collection[str],
    ) -> bytes:
        """The bytes of one call; a table that is wanted is sent, else SAP returns none (CO-T30).

        InputRejected names every value that is too long, of another type or cannot be sent
        (CO-T33, CO-T40), and every parameter and field that the module does not have.
        """
        problems: list[Problem] = []
        found: list[tuple[int, str]] = []
        for name, value in imports.items():
            part = module.parts.get(name)
            if part is None or part.parameter.direction not in ("import", "changing"):
                problems.append(_unknown(module, name))
            elif value is not None:
                found.append((part.position, self._import(part, value, problems)))
        asked: dict[str, RfcTable] = dict.fromkeys((*want, *module.always), ())
        asked.update(tables)
        for name, rows in asked.items():
            part = module.parts.get(name)
            if part is None or (rows and part.parameter.kind != "table"):
                problems.append(_unknown(module, name))
            elif part.parameter.direction != "export":
                found.append((part.position, self._table(part, rows, problems)))
        if problems:
            raise self._rejected(module, problems)
        found.sort()
        body = "".join(text for _, text in found)
        return (
            f'{_BEGIN}{module.namespace}"><soapenv:Body><u:{module.request}>{body}'
            f"</u:{module.request}></soapenv:Body></soapenv:Envelope>"
        ).encode()

    def _import(self, part: Part, value: RfcInput, problems: list[Problem]) -> str:
        parameter = part.parameter
        if isinstance(value, Mapping):
            if parameter.kind != "structure":
                problems.append(_problem(parameter.name, f"is no structure but {parameter.kind}"))
                return ""
            return f"{part.begin}{self._row(part, value, problems)}{part.end}"
        if parameter.kind != "scalar":
            problems.append(_problem(parameter.name, f"is a {parameter.kind}; give its fields"))
            return ""
        field = parameter.fields[0]
        return f"{part.begin}{self._text(parameter.name, field, value, problems)}{part.end}"

    def _table(self, part: Part, rows: RfcTable, problems: list[Problem]) -> str:
        if not rows:
            return part.empty
        items = "</item><item>".join(self._row(part, row, problems) for row in rows)
        return f"{part.begin}<item>{items}</item>{part.end}"

    def _row(self, part: Part, row: RfcStructure, problems: list[Problem]) -> str:
        """The fields that are given, in the order of the data dictionary."""
        known = part.fields
        texts = []
        if not row.keys() <= known.keys():
            unknown = ", ".join(sorted(row.keys() - known.keys()))
            problems.append(_problem(part.parameter.name, f"has no field {unknown}", UNKNOWN))
            return ""
        for name in known if len(row) > 1 else row:
            if name in row:
                named = known[name]
                texts.append(self._field(part, named, row[name], problems))
        return "".join(texts)

    def _field(self, part: Part, named: Named, value: RfcScalar, problems: list[Problem]) -> str:
        text = self._text(f"{part.parameter.name}.{named.field.name}", named.field, value, problems)
        return f"{named.begin}{text}{named.end}"

    def _text(self, at: str, field: Field, value: RfcScalar, problems: list[Problem]) -> str:
        try:
            text = wire_text(fitting(field, value, refuses=self._refuses_long), field)
        except ValueError as exc:
            problems.append(_problem(at, str(exc)))
            return ""
        return text.translate(_ESCAPES) if _SPECIAL.search(text) else text

    def _rejected(self, module: Module, problems: list[Problem]) -> InputRejected:
        shown = "; ".join(f"{each.field} {each.message}" for each in problems)
        return InputRejected(
            f"{self._place}: {module.name} was not called: {shown}", tuple(problems)
        )


def _unknown(module: Module, name: str) -> Problem:
    return _problem(name, f"is no parameter of {module.name} that can be given so", UNKNOWN)


def _problem(at: str, message: str, code: str = "rfc.value") -> Problem:
    return Problem(code=code, field=at, message=message)
