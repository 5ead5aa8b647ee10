"""What is printed beside a value, in seven languages, and the Textract type that it stands for.

Compared without case, accents, blanks and punctuation: `Rechnungs-Nr.` is `rechnungsnr`.
Types: AnalyzeExpense's SummaryFields and LineItemExpenseFields (Textract developer guide).
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

LONGEST = 6  # words in a label
_LEADS = frozenset("zzgl zuzugl zuzuglich plus davon enthaltene inkl incl".split())
_SUMS = frozenset({"TOTAL", "SUBTOTAL"})
_INCLUDING = frozenset(
    "inkl incl inclusive including ttc brutto gross inclusief inklusive inc con ivato".split()
)
_EXCLUDING = frozenset(
    "ohne exkl excl excluding exclusive exclusief exklusive ht hors netto sin senza utan".split()
)
_CONFUSED = str.maketrans("015", "ols")
OTHER = "OTHER"

# Labels that stand for several things; the value behind them is less sure.
WEAK = frozenset(
    """
    invoice|tax invoice|rechnung|gutschrift|facture|avoir|factuur|factura|fattura
    faktura|date|datum|data|fecha|net|netto|tax|vat|gst|tva|btw|iva|moms|summe|summa|gesamt|brutto
    order no|order number|order #|order id|commande|ordernummer|pedido|ordine|bestellung|from
    customer|client|kunde|klant|cliente|kund|total|document no|document number|your ref
    your reference|ihre referenz|votre reference|uw referentie|su referencia|vostro riferimento
    er referens
    """.strip()
    .replace("\n", "|")
    .split("|")
)

SUMMARY = {
    "INVOICE_RECEIPT_ID": """
        inv number|tax inv|receipt # no|rechnung #
        invoice number|invoice no|invoice nr|invoice num|invoice #|invoice id|invoice|tax invoice
        tax invoice no|tax invoice number|inv no|inv #|cash inv no|bill no|bill number|bill #
        receipt no|receipt number|receipt #|document no|document number|doc no|credit note
        credit note no|credit note number|credit memo no|credit memo number|number of invoice
        rechnungsnummer|rechnungsnr|rechnung nummer|rechnung nr|rechnung no|rechnung|re nr|rg nr
        belegnummer|belegnr|rechnungs no|gutschrift|gutschriftsnummer|gutschrift nr
        gutschriftsnr|facture no|facture n|facture numero|facture|no facture|n facture
        no de facture|n de facture|numero de facture|numero facture|avoir|avoir no|no avoir
        no d avoir|numero d avoir|factuurnummer|factuurnr|factuur nummer|factuur|creditnota nummer
        numero de factura|no de factura|no factura|n factura|factura no|factura n|num factura
        factura numero|factura|fattura n|fattura no|fattura nr|numero fattura|n fattura
        fattura numero|numero documento|fattura|fakturanummer|fakturanr|faktura nr|faktura
    """,
    "INVOICE_RECEIPT_DATE": """
        inv date|inv dt|invoice dt|invoice date|date of invoice
        bill date|date of issue|issue date|date issued|issued on
        document date|receipt date|tax date|date|rechnungsdatum|rechnung vom|belegdatum
        ausstellungsdatum|datum|datum der rechnung|date de facture|date facture
        date de la facture|date de facturation|date d emission|facture du|factuurdatum
        fecha de factura|fecha factura|fecha de emision|fecha emision|fecha de expedicion|fecha
        data fattura|data documento|data di emissione|data emissione|data|fakturadatum
        utfardandedatum|rechnungsdatum leistungsdatum|rechnungs und lieferdatum
    """,
    "DUE_DATE": """
        due date|payment due|payment due by|payment due date|due by|due on|pay by|date due
        fallig am|falligkeit|falligkeitsdatum|zahlbar bis|zahlbar bis zum|zu zahlen bis
        date d echeance|echeance|date limite de paiement|echeance le|vervaldatum
        uiterste betaaldatum|betalen voor|fecha de vencimiento|fecha vencimiento|vencimiento
        data scadenza|data di scadenza|scadenza|forfallodatum|forfallodag|forfaller
    """,
    "DELIVERY_DATE": """
        delivery date|date of delivery|ship date|shipping date|date of supply|service date
        lieferdatum|leistungsdatum|liefertermin|liefer bzw leistungsdatum|lieferscheindatum
        liefer leistungsdatum|date de livraison|leverdatum|fecha de entrega|data consegna
        leveransdatum
    """,
    "ORDER_DATE": """
        order date|po date|date of order|bestelldatum|auftragsdatum|date de commande|besteldatum
        orderdatum|fecha de pedido|data ordine|bestellung vom
    """,
    "PO_NUMBER": """
        po number|po no|po #|po nr|po|po ref|purchase order|purchase order no
        purchase order number|purchase order #|customer po|customer po no|customer po number
        your po|your po no|your order|your order no|your order number|customer order
        customer order no|customer order number|buyer order|buyer order no|buyer order number
        order no|order number|order #|order id|bestellnummer|bestellnr|bestell nummer|bestellung
        bestellung nr|bestellungsnummer|ihre bestellung|ihre bestellnummer|ihre bestellnr
        ihre bestellung nr|kundenbestellnummer|kundenbestellnr|ihre auftragsnummer
        no de commande|n de commande|numero de commande|no commande|n commande|commande no
        commande n|commande|votre commande|bon de commande|no bon de commande
        bon de commande no|reference commande|reference de commande|ref commande
        commande client|bestelnummer|uw bestelnummer|inkoopordernummer|inkooporder|uw order
        uw ordernummer|ordernummer|numero de pedido|no de pedido|no pedido|pedido no|pedido n
        su pedido|pedido|orden de compra|numero ordine|ordine n|ordine no|ordine nr|vs ordine
        vostro ordine|ordine d acquisto|ordine di acquisto|rif ordine|ordine|er order
        ert ordernummer|inkopsorder|inkopsordernummer|bestallningsnummer
        your reference|your ref|ihre referenz|votre reference|uw referentie|su referencia
        vostro riferimento|er referens
    """,
    "CUSTOMER_NUMBER": """
        customer no|customer number|customer id|customer #|customer code|client id|client no
        client number|kundennummer|kundennr|kunden nummer|kd nr|no client|no de client
        numero client|numero de client|code client|id client|klantnummer|klantnr
        numero de cliente|no cliente|codigo cliente|codice cliente|kundnummer|kundnr
    """,
    "ACCOUNT_NUMBER": """
        account number|account no|account #|a c no|konto nr|kontonummer|numero de compte
    """,
    "PAYMENT_TERMS": """
        payment terms|terms of payment|terms|zahlungsbedingungen|zahlungsbedingung|zahlungsziel
        conditions de paiement|conditions de reglement|betalingsvoorwaarden|betalingstermijn
        condiciones de pago|forma de pago|condizioni di pagamento|betalningsvillkor
    """,
    "SUBTOTAL": """
        subtotal|sub total|sub total amount|net amount|net total|total net|total net amount|net
        total excl vat|total excluding vat|total ex vat|total excl tax|total excluding tax
        total before tax|amount before tax|taxable amount|total excl gst|total excluding gst
        total without vat|untaxed amount|tax basis|zwischensumme|nettobetrag|netto|summe netto
        nettosumme|gesamt netto|gesamtnetto|gesamtbetrag netto|gesamtsumme netto|netto gesamt
        rechnungssumme netto|warenwert|warenwert netto|steuerbasisbetrag|nettowert|netto betrag
        summe positionen|nettogesamtbetrag|total ht|montant ht|sous total|total hors taxe
        total hors taxes|montant hors taxe|montant total ht|total net ht|net ht|base ht
        subtotaal|totaal excl btw|totaal exclusief btw|bedrag excl btw|nettobedrag|netto bedrag
        base imponible|importe neto|total neto|total sin iva|imponibile|totale imponibile
        subtotale|totale netto|delsumma|nettobelopp|summa exkl moms|totalt exkl moms
        belopp exkl moms|summa netto
    """,
    "TAX": """
        tax|vat|gst|hst|pst|sales tax|total tax|tax total|tax amount|vat amount|total vat|gst tax
        vat total|total gst|gst amount|total taxes|taxes
        mwst|ust|umsatzsteuer|mehrwertsteuer|mwst betrag
        ust betrag|steuerbetrag|zzgl mwst|zzgl ust|zzgl umsatzsteuer|summe mwst|summe ust
        gesamt mwst|enthaltene mwst|summe umsatzsteuer|mehrwertsteuerbetrag
        umsatzsteuerbetrag|gesamtbetrag mwst|tva|montant tva|total tva|montant de la tva|btw
        btw bedrag|totaal btw|bedrag btw|iva|importe iva|cuota iva|total iva|importo iva
        totale iva|imposta|totale imposta|moms|varav moms|momsbelopp|moms totalt|summa moms
    """,
    "TOTAL": """
        total|grand total|invoice total|total amount|amount total|total invoice|invoice amount
        total invoice amount|total for this invoice|total incl vat|total including vat
        total inc vat|total incl tax|total including tax|total inc gst|total incl gst
        total with vat|total price|total sales|gross amount|gross total|total gross
        order total|total gross amount|gesamtbetrag|gesamtsumme|rechnungsbetrag|rechnungssumme
        endbetrag|endsumme|bruttobetrag|summe brutto|brutto|gesamt brutto|gesamt|summe
        gesamtbetrag brutto|rechnungssumme brutto|rechnungsendbetrag|rechnungsgesamtbetrag
        bruttosumme|gesamtbetrag inkl mwst|rechnungsbetrag brutto|brutto gesamt|total brutto
        total ttc|montant ttc|total general|montant total|montant total ttc|total facture
        totaal|totaalbedrag|totaal incl btw|totaal inclusief btw|eindtotaal|factuurbedrag
        importe total|total factura|total con iva|total general|totale|totale fattura
        totale documento|importo totale|totale ivato|totalt|totalsumma|totalbelopp|summa
        summa inkl moms|totalt inkl moms|fakturabelopp
    """,
    "AMOUNT_DUE": """
        amount due|balance due|total due|total amount due|amount payable|total payable|amt due
        payable amount|please pay|total to pay|amount to pay|balance payable|zahlbetrag
        zu zahlender betrag|zu zahlen|offener betrag|falliger betrag|noch zu zahlen
        zahlungsbetrag|net a payer|montant a payer|somme a payer|reste a payer|total a payer
        solde a payer|net a payer ttc|te betalen|te betalen bedrag|totaal te betalen
        importe a pagar|total a pagar|totale da pagare|netto a pagare|importo da pagare
        totale a pagare|att betala|belopp att betala|summa att betala|att betala sek
    """,
    "AMOUNT_PAID": """
        amount paid|paid|total paid|payments|deposit|less deposit|cash|bereits gezahlt|anzahlung
        bereits bezahlt|acompte|montant paye|deja paye|reeds betaald|aanbetaling|pagado|anticipo
        acconto|pagato|betalt
    """,
    "PRIOR_BALANCE": """
        previous balance|prior balance|previous unpaid balance|balance forward|opening balance
        saldovortrag|solde anterieur|solde precedent|saldo anterior|saldo precedente
    """,
    "DISCOUNT": """
        discount|discounts|total discount|less discount|rabatt|nachlass|abschlag|remise
        korting|descuento|sconto
    """,
    "SHIPPING_HANDLING_CHARGE": """
        shipping|shipping handling|zuschlag|shipping and handling|freight|delivery charge|postage
        versandkosten|versand|fracht|transportkosten|frais de port|frais de livraison|port
        verzendkosten|gastos de envio|portes|spese di spedizione|spese di trasporto|frakt
    """,
    "SERVICE_CHARGE": "service charge|service fee|servicepauschale|frais de service",
    "VENDOR_NAME": """
        vendor|vendor name|seller|seller name|supplier|supplier name|sold by|from|service provider
        issued by|lieferant|verkaufer|rechnungssteller|rechnungsersteller|leistungserbringer
        fournisseur|vendeur|emetteur|leverancier|verkoper|proveedor|emisor|fornitore|cedente
        leverantor|saljare
    """,
    "RECEIVER_NAME": """
        bill to|billed to|bill to address|billing address|sold to|invoice to|invoiced to|customer
        customer name|buyer|buyer name|client|client name|rechnungsempfanger|rechnung an|kaufer
        rechnungsadresse|rechnungsanschrift|kunde|auftraggeber|facture a|facturer a|acheteur
        adresse de facturation|destinataire|klant|factuuradres|koper|cliente|facturar a
        comprador|destinatario|cessionario|kund|kopare|fakturaadress|faktureringsadress
    """,
    "RECEIVER_ADDRESS": """
        ship to|shipped to|deliver to|delivery address|shipping address|ship to address
        lieferadresse|lieferanschrift|warenempfanger|adresse de livraison|livre a|afleveradres
        direccion de entrega|enviar a|indirizzo di consegna|luogo di consegna|leveransadress
    """,
    "VENDOR_VAT_NUMBER": """
        vat id|vat id no|vat no|vat nr|vat number|vat reg no|vat reg number|vat registration no
        vat registration number|eu vat no|ust idnr|ust id nr|ust id|ust identnr|ust ident nr
        umsatzsteuer id|umsatzsteuer idnr|umsatzsteuer identifikationsnummer|uid|uid nr|uid nummer
        tva intracommunautaire|tva intra communautaire|no tva|n tva|no de tva|n de tva
        numero de tva|numero tva|tva no|tva intra|id tva|no tva intracommunautaire
        no de tva intra communautaire|n de tva intra communautaire|numero de tva intracommunautaire
        btw nummer|btw nr|btw id|btw identificatienummer|nif|cif|nif iva|p iva|partita iva
        partita i v a|momsregistreringsnummer|momsreg nr|momsregnr|momsnr|mwst nr
    """,
    "RECEIVER_VAT_NUMBER": """
        your vat no|your vat number|your vat id|customer vat|customer vat no|customer vat id
        customer vat number|buyer vat id|client vat|ihre ust idnr|ihre ust id nr|ihre ust id
        ust idnr kunde|ust id kunde|votre no tva|votre no de tva|no tva client|tva client
        uw btw nummer|uw btw nr|btw nummer klant|nif cliente|partita iva cliente
        ert momsregistreringsnummer
    """,
    "VENDOR_GST_NUMBER": "gst no|gst reg|gst id|gst id no|gst reg no|gst number|gstin",
    "VENDOR_ABN_NUMBER": "abn",
    "TAX_PAYER_ID": """
        tax id|tax id no|tax no|tax number|tax payer id|ein|fed id|federal tax id|federal id
        steuernummer|steuernr|steuer nr|steuer nummer|st nr|siret|siren|no siret|kvk|kvk nummer
        kvk nr|codice fiscale|organisationsnummer|org nr|orgnr
    """,
}

COLUMNS = {
    "ITEM": """
        description|item description|product description|item|items|product|products|service
        services|details|particulars|article|goods|description of goods|item name|product name
        bezeichnung|artikelbezeichnung|artikelbeschreibung|beschreibung|leistung|produkt|artikel
        warenbezeichnung|leistungsbeschreibung|designation|libelle|produit|prestation
        description du produit|omschrijving|product omschrijving|dienst|descripcion|concepto
        producto|articulo|descrizione|prodotto|servizio|articolo|beskrivning|benamning|tjanst
        specifikation
    """,
    "QUANTITY": """
        quantity|qty|qnty|quant|units|pcs|hours|hrs|qty shipped|shipped|menge|anzahl|stuck|stunden
        stk|mge|quantite|qte|nombre|aantal|hoeveelheid|cantidad|cant|uds|unidades|quantita|qta
        q ta|antal|kvantitet
    """,
    "UNIT_PRICE": """
        unit price|unit cost|price unit|price each|each|vk preis|rate|u price|u p|unit rate|cost
        price per unit
        einzelpreis|einzel|e preis|ep|stuckpreis|preis einheit|preis pro einheit|nettopreis
        preis stk|einzelpreis netto|prix unitaire|pu|p u|pu ht|p u ht|prix unitaire ht|prix unit
        prix u|prix|stukprijs|prijs per stuk|eenheidsprijs|prijs|precio unitario|precio|precio unit
        p unitario|prezzo unitario|prezzo|prezzo unit|pris|a pris|enhetspris|styckpris|preis
        preis netto|charge
    """,
    "PRICE": """
        amount|total|line total|total price|price|net amount|extended price|extended amount|ext
        zeilenbetrag|positionsbetrag|prix ht|zeilensumme
        ext price|amt|subtotal|net price|line amount|net value|amount net|total amount|betrag
        gesamt|gesamtpreis|summe|netto|nettobetrag|gesamtbetrag|g preis|gp|nettowert|wert|umsatz
        total netto|gesamt netto|montant|montant ht|total ht|prix total|prix total ht
        montant total|bedrag|totaal|totaalprijs|totaal excl|importe|importo|totale|prezzo totale
        belopp|summa|totalt
    """,
    "PRODUCT_CODE": """
        item code|item no|item number|item #|product code|product no|product number|product id
        sku|part no|part number|part #|code|article no|article number|material|material no|model
        artikelnummer|artikelnr|artikel nr|art nr|art no|material nr|materialnummer|produktnummer
        best nr|reference|ref|code article|ref article|art nr lieferant|artikelcode|referencia
        codigo|codice|codice articolo|cod|riferimento|artikelnr|produktnr|gtin|ean|upc
    """,
    "OTHER": """
        pos|position|no|nr|#|line|s no|sl no|sr no|unit|uom|um|einheit|me|unite|eenheid|unidad
        unita|enhet|tax|vat|gst|tax rate|vat rate|vat %|tax %|mwst|mwst %|ust|ust %|tva|tva %
        taux tva|% tva|btw|btw %|iva|iva %|moms|moms %|discount|disc|rabatt|rem|remise|korting|dto
        sconto|date|datum|fecha|data|delivery date|lieferdatum|currency|wahrung|order no
        % mwst|% ust|steuer|steuersatz|ust satz|mwst satz
    """,
}


class Label(Struct, frozen=True):
    """A label among the words of a line: words `begin` to `end` (exclusive)."""

    type: str
    begin: int
    end: int
    weak: bool


def normal(text: str) -> str:
    """Letters without accents, digits, # and %; everything else dropped."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("°", "o"))
    return re.sub(r"[^a-z0-9#%]", "", plain)


def is_lead(text: str) -> bool:
    """Whether a word may stand before a label: a bullet, `zzgl.`, `19 %`."""
    key = normal(text)
    return not key or key in _LEADS or bool(re.fullmatch(r"\d*%", key))


def is_qualifier(text: str) -> bool:
    """Whether a word ties the next one to the label before it: `Summe inkl. USt`."""
    return normal(text) in _INCLUDING | _EXCLUDING


def qualified(kind: str, rest: Sequence[str]) -> str:
    """What a label of a sum means with the words behind it: `Summe inkl. USt`."""
    words = {normal(text) for text in rest}
    if kind in _SUMS and words & _INCLUDING:
        return "TOTAL"
    return "SUBTOTAL" if kind in _SUMS and words & _EXCLUDING else kind


def find(words: Sequence[str], begin: int, types: Mapping[str, str]) -> Label | None:
    """The longest label that starts at the word; `types` of `summary_types` or `column_types`."""
    for end in range(min(begin + LONGEST, len(words)), begin, -1):
        for key in _readings("".join(words[begin:end])):
            if key in types:
                return Label(types[key], begin, end, key in _weak())
    return None


def _readings(text: str) -> Iterator[str]:
    """Normal forms to look up: as printed, of a compound, of two names, as OCR confuses them."""
    key = normal(text)
    yield key
    yield re.sub(r"^[a-z]+rechnung(?=$|nr|nummer|no)", "rechnung", key)
    yield normal(text.partition("/")[0])
    yield key.translate(_CONFUSED)


@functools.cache
def summary_types() -> Mapping[str, str]:
    """Normal form of a label -> type of a summary field."""
    return _index(SUMMARY)


@functools.cache
def column_types() -> Mapping[str, str]:
    """Normal form of a column heading -> type of a line item field."""
    return _index(COLUMNS)


@functools.cache
def _weak() -> frozenset[str]:
    return frozenset(normal(label) for label in WEAK)


def _index(vocabulary: Mapping[str, str]) -> dict[str, str]:
    return {normal(label): kind for kind, labels in vocabulary.items() for label in split(labels)}


def split(labels: str) -> list[str]:
    """The labels of one entry of the vocabulary."""
    return [label for line in labels.splitlines() for label in line.strip().split("|") if label]
