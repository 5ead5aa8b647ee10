"""What speaks for a value that was read from a page, and what against it."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from sapmatch.model.invoice import Invoice, InvoiceLine, Party
from sapmatch.reading.arithmetic import close, contradictions, smallest
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.numbers import all_readings
from sapmatch.reading.slip import Seen, Slip, key

Knows = Callable[[Party], bool]
_TAX_IDS = (
    "VENDOR_VAT_NUMBER RECEIVER_VAT_NUMBER TAX_PAYER_ID VENDOR_GST_NUMBER RECEIVER_GST_NUMBER "
    "VENDOR_ABN_NUMBER RECEIVER_ABN_NUMBER"
).split()
_SUMS = ("TOTAL", "AMOUNT_DUE", "SUBTOTAL")
_DOMAIN = re.compile(r"(?:@|www\.|https?://)([\w.-]{3,60})", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_SURE = 0.9
_SHORT = 3  # characters; so few stand on any page
_YEAR = timedelta(days=366)
_MAX_LINES = 2000  # of text that are searched for a value


class Clues:
    """The values of one invoice against each other, and against the page that shows them."""

    def __init__(self, invoice: Invoice, found: Findings, knows: Knows | None = None) -> None:
        self.invoice = invoice
        self.slip = found.slip or Slip(fields=(), rows=(), lines=())
        self._found = found
        self._knows = knows
        self._unit = smallest(invoice.currency)
        self._texts = self.slip.lines[:_MAX_LINES]

    # Where it was found

    def printed(self, field: str) -> bool:
        """Whether the value stands somewhere, instead of being worked out."""
        place = self._found.evidence.get(field)
        return place is not None and not place.derived_from

    def labelled(self, field: str) -> bool:
        """Whether a printed label says what the value is, or the engine is as sure as with one."""
        place = self._found.evidence.get(field)
        if self.raw(field) >= _SURE:
            return True
        return any(seen.label for seen in self.slip.fields if place and seen.evidence == place)

    def raw(self, field: str) -> float:
        """How sure the reader and the engine were, from 0 to 1."""
        return self._found.confidence.get(field, 0.0)

    def doubted(self, field: str) -> bool:
        """Whether the reader found several meanings."""
        return any(problem.field == field for problem in self._found.problems)

    def repeated(self, value: str) -> bool:
        """Whether it stands in several lines: on a payment slip, at the head of each page."""
        wanted = key(value)
        return len(wanted) >= _SHORT and sum(wanted in line for line in self._lines) > 1

    def has_rival(self, type: str, value: str) -> bool:
        """Whether a label of the same meaning stands at another value."""
        mine = key(value)
        others = {key(seen.text) for seen in self._of(type) if seen.label}
        return any(mine not in other and other not in mine for other in others)

    def _of(self, *types: str) -> list[Seen]:
        return self.slip.of(*types)

    @cached_property
    def _lines(self) -> list[str]:
        return [key(line) for line in self._texts]

    # Sums

    def contradicted(self, field: str) -> bool:
        """Whether the sum that makes this amount is not kept."""
        return field in self._contradicted

    @cached_property
    def _contradicted(self) -> set[str | None]:
        return {problem.field for problem in contradictions(self.invoice)}

    @property
    def adds_up(self) -> bool:
        """Net and tax make the total (BR-CO-15), all printed; a tax of zero proves nothing."""
        net, tax, total = self.invoice.net, self.invoice.tax, self.invoice.total
        if net is None or total is None or not tax:
            return False
        return close(net + tax, total, self._unit) and all(map(self.printed, ("net", "tax")))

    @property
    def lines_add_up(self) -> bool:
        """The lines make the net amount or the total (BR-CO-10, BR-CO-13)."""
        nets = [line.net for line in self.invoice.lines if line.net is not None]
        if not nets or len(nets) < len(self.invoice.lines):
            return False
        sums = [amount for amount in (self.invoice.net, self.invoice.total) if amount is not None]
        return any(close(sum(nets, Decimal(0)), amount, self._unit) for amount in sums)

    def multiplies(self, line: InvoiceLine) -> bool:
        """Quantity times price makes the line's amount."""
        if line.net is None or line.quantity is None or line.unit_price is None:
            return False
        return close(line.quantity * line.unit_price, line.net, self._unit)

    def printed_again(self, amount: Decimal) -> bool:
        """Whether an amount stands in several lines."""
        return sum(abs(amount) in found for found in self._amounts) > 1

    def is_largest(self, amount: Decimal) -> bool:
        """Whether no printed sum is larger."""
        printed = (value for seen in self._of(*_SUMS) for value in all_readings(seen.text))
        return max(printed, default=amount) <= abs(amount)

    @cached_property
    def _amounts(self) -> list[set[Decimal]]:
        return [all_readings(line) for line in self._texts]

    # Dates, names, numbers

    @property
    def dates_in_order(self) -> bool:
        """Due on the day of issue or up to a year later; also where one of them is missing."""
        issued, due = self.invoice.issue_date, self.invoice.due_date
        return issued is None or due is None or issued <= due <= issued + _YEAR

    @property
    def tax_ids(self) -> int:
        """How many different tax numbers the page names."""
        return len({key(seen.text) for seen in self._of(*_TAX_IDS)})

    @cached_property
    def known(self) -> bool:
        """Whether master data holds this seller."""
        return self._knows is not None and self._knows(self.invoice.seller)

    def in_domain(self, name: str) -> bool:
        """Whether a word of the name is part of a web or mail address on the page."""
        words = [word.casefold() for word in _WORD.findall(name)]
        return any(word in domain for word in words for domain in self._domains)

    @cached_property
    def _domains(self) -> list[str]:
        found = (match for line in self._texts for match in _DOMAIN.findall(line))
        return [domain.casefold().rpartition(".")[0] for domain in found]
