"""Numbers of other documents that an invoice names."""

import re

from sapmatch.model.invoice import InvoiceReference
from sapmatch.reading.findings import Findings
from sapmatch.reading.slip import Seen, Slip

# By the label, in en de fr nl es it pt pl cs da sv nb fi.
_LABELS = {
    "delivery_note": r"delivery\s+note|packing\s+(?:list|slip)|lieferschein"
    r"|bon\s+de\s+livraison|pakbon"
    r"|leverbon|albar[aá]n|\bddt\b|documento\s+di\s+trasporto|guia\s+de\s+remessa"
    r"|dow[oó]d\s+dostawy"
    r"|dodac[ií]\s+list|f[oø]lgeseddel|f[oö]ljesedel|pakkseddel|l[aä]hetys?luettelo",
    "contract_reference": r"contract|vertrag|contrat|contract|contrato|contratto|umow|smlouv"
    r"|kontrakt"
    r"|avtal|avtale|sopimus",
    "project_reference": r"project|projekt|projet|proyecto|progetto|projeto|prosjekt|projekti"
    r"|\bcig\b",
    "buyer_reference": r"leitweg|your\s+ref|ihr\s+zeichen|ihre\s+(?:referenz|ref)|votre\s+r[eé]f"
    r"|uw\s+(?:ref|kenmerk)|(?:su|vostro|vossa)\s+r(?:ef|if)|er\s+referens|deres\s+ref|viitteenne",
}
_PATTERNS = {name: re.compile(label, re.IGNORECASE) for name, label in _LABELS.items()}
_PRECEDING = re.compile(
    r"(?:original|corrected|credited|preceding|ursprung\w*|zu|bezug|r[eé]f\w*)\s+"
    r"(?:invoice|rechnung\w*|facture|factuur|factura|fattura|fakt[uú]r\w*)",
    re.IGNORECASE,
)


def references(slip: Slip, found: Findings) -> dict[str, str]:
    """Field of the invoice -> number, for every label of such a document."""
    numbers: dict[str, str] = {}
    for seen in slip.of("OTHER", "PO_NUMBER"):
        for name, label in _PATTERNS.items():
            fits = label.search(seen.label) and re.search(r"\d", seen.text)
            if fits and name not in numbers:
                value = " ".join(seen.text.split())
                numbers[name] = found.keep(name, value, seen.confidence, seen.evidence)
    return numbers


def preceding_invoices(slip: Slip, found: Findings) -> tuple[InvoiceReference, ...]:
    """Invoices that this one corrects or credits (BG-3)."""
    named: dict[str, Seen] = {}
    for seen in slip.of("OTHER", "INVOICE_RECEIPT_ID"):
        if _PRECEDING.search(seen.label):
            named.setdefault(" ".join(seen.text.split()), seen)
    for index, (number, seen) in enumerate(named.items()):
        found.keep(f"preceding_invoices[{index}].number", number, seen.confidence, seen.evidence)
    return tuple(InvoiceReference(number=number) for number in named)
