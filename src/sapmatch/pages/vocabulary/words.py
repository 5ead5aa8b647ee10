"""Single words that labels and headings are made of."""

# Labels that stand for several things; the value behind them is less sure.
WEAK = """
invoice|tax invoice|rechnung|gutschrift|facture|avoir|factuur|factura|fattura|fatura|lasku
faktura|date|datum|data|fecha|dato|pvm|net|netto|tax|vat|gst|tva|btw|iva|moms|mva|alv|dph|summe
summa|gesamt|brutto|order no|order number|order #|order id|commande|ordernummer|pedido|ordine
bestellung|encomenda|zamowienie|objednavka|tilaus|from|customer|client|kunde|klant|cliente|kund
asiakas|total|document no|document number|statement no|transaction no|your ref|your reference
ihre referenz|votre reference|uw referentie|su referencia|vostro riferimento|er referens|er ref
deres ref|deres reference|viitteenne|to|an|til|till|aan|von|van|payable to|due
charges|variabilni symbol|delivery date|empfanger|destinataire|destinatario|odbiorca
numero|nummer|numer|cislo
"""

LEADS = frozenset(
    "zzgl zuzugl zuzuglich plus davon enthaltene inkl incl abzgl abzuglich less minus moins".split()
)

# What makes a number or a name behind it the buyer's.
BUYERS = frozenset(
    "your ihre ihr customer customers client clients buyer buyers kunde kunden kaufer votre client"
    " acheteur uw klant su cliente vostra vostro vs sua vossa nabywcy odberatele deres er ert era"
    " asiakkaan".split()
)

# What a paper calls itself.
PAPERS = frozenset(
    "invoice rechnung facture factuur factura fattura fatura faktura fakturavat lasku receipt bill"
    " statement quittung kassenbon kassenzettel bon beleg ticket recu kassabon recibo ricevuta"
    " scontrino paragon kvittering kvitto kuitti creditnote gutschrift avoir creditnota kreditnota"
    " kreditfaktura hyvityslasku creditmemo memo abono guestcheck danovydoklad".split()
)
PAPER_ENDS = ("rechnung", "factuur", "faktura", "lasku", "invoice")
PAPER_WORDS = frozenset(
    "tax simplified original copy kopie duplicate duplikat duplicata copia proforma pro forma"
    " customer customers kunden sales cash official final commercial guest check credit debit note"
    " nota de di credito cred page seite adjustment project monthly vat mwst und and et e service"
    " reprint uppgift danovy doklad sale slip retail simplificada kopia".split()
)
