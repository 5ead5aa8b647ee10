"""Sums of an invoice, as they are labelled."""

LABELS = {
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
        belopp exkl moms|summa netto|goods total|goods value|value of goods|total goods
        net invoice|net invoice amount|net value|total net value|nett amount|nett total
        amount excl gst|amount before gst|total before gst|excl vat|ex vat|items total
        item subtotal|merchandise|rechnungssumme ohne ust|positionssumme|gesamtsumme ohne mwst
        basisbetrag|steuergrundlage|bemessungsgrundlage|total montant ht|assiette|grondslag
        totaal goederen|goederenbedrag|bases imponibles|b imponible|totale merce|totale merci
        mercadoria|mercadoria servicos|incidencia|valor liquido|valor tributavel|total iliquido
        iliquido|base tributavel|wartosc netto|razem netto|suma netto|kwota netto|zaklad dane
        cena bez dph|celkem bez dph|zaklad|soucet polozek|i alt ekskl moms|subtotal ekskl moms
        nettobelob|momspligtigt belob|momsgrundlag|grunnlag|netto belop|sum eks mva
        belop eks mva|momsgrundande belopp|summa exkl|verton summa|veroton hinta
        veroton yhteensa|yhteensa veroton|alv 0
    """,
    "TAX": """
        tax|vat|gst|hst|pst|sales tax|total tax|tax total|tax amount|vat amount|total vat
        gst tax|vat total|total gst|gst amount|total taxes|taxes|mwst|ust|umsatzsteuer
        mehrwertsteuer|mwst betrag|ust betrag|steuerbetrag|zzgl mwst|zzgl ust|zzgl umsatzsteuer
        summe mwst|summe ust|gesamt mwst|enthaltene mwst|summe umsatzsteuer|mehrwertsteuerbetrag
        umsatzsteuerbetrag|gesamtbetrag mwst|tva|montant tva|total tva|montant de la tva|btw
        btw bedrag|totaal btw|bedrag btw|iva|importe iva|cuota iva|total iva|importo iva
        totale iva|imposta|totale imposta|moms|varav moms|momsbelopp|moms totalt|summa moms|sst
        service tax|tax payable|gst payable|sales tax total|vat payable|iva repercutido
        cuota de iva|impuestos|totale iva imposta|valor do iva|iva total|imposto
        total de impostos|kwota vat|podatek vat|vat kwota|razem vat|dph|dph celkem|vyse dph
        castka dph|celkem dph|momsbelob|heraf moms|mva|mva belop|merverdiavgift|sum mva|alv
        arvonlisavero|alv yhteensa|veron maara|verot yhteensa
    """,
    "TOTAL": """
        total|grand total|invoice total|total amount|amount total|total invoice|invoice amount
        total invoice amount|total for this invoice|total incl vat|total including vat
        total inc vat|total incl tax|total including tax|total inc gst|total incl gst
        total with vat|total price|total sales|gross amount|gross total|total gross|order total
        total gross amount|gesamtbetrag|gesamtsumme|rechnungsbetrag|rechnungssumme|endbetrag
        endsumme|bruttobetrag|summe brutto|brutto|gesamt brutto|gesamt|summe|gesamtbetrag brutto
        rechnungssumme brutto|rechnungsendbetrag|rechnungsgesamtbetrag|bruttosumme
        gesamtbetrag inkl mwst|rechnungsbetrag brutto|brutto gesamt|total brutto|total ttc
        montant ttc|total general|montant total|montant total ttc|total facture|totaal
        totaalbedrag|totaal incl btw|totaal inclusief btw|eindtotaal|factuurbedrag|importe total
        total factura|total con iva|totale|totale fattura|totale documento|importo totale
        totale ivato|totalt|totalsumma|totalbelopp|summa|summa inkl moms|totalt inkl moms
        fakturabelopp|net total inclusive|total cost|total charge|total charges|charges
        sum total|final total|bill total|receipt total|invoice value|total value
        total invoice value|endpreis|zu bezahlen|rechnungstotal|totalbetrag|total chf|total eur
        total usd|total gbp|montant facture|montant de la facture|a payer ttc|montante ttc
        totaalbedrag incl btw|totaal te voldoen|factuurtotaal|importe de la factura
        importe de factura|suma total|totale a saldo|totale complessivo|valor total
        total da fatura|total documento|total do documento|total geral|razem|razem brutto
        wartosc brutto|kwota brutto|suma brutto|ogolem|lacznie|celkem|celkem s dph
        celkova castka|cena celkem|celkem vcetne dph|i alt|total inkl moms|i alt inkl moms
        fakturabelob|totalbelob|totalsum|sum inkl mva|totalt inkl mva|totalbelop
        att betala totalt|slutsumma|yhteensa|summa yhteensa|loppusumma|kokonaissumma
        verollinen yhteensa|yhteensa verollinen
    """,
    "AMOUNT_DUE": """
        amount due|balance due|total due|total amount due|amount payable|total payable|amt due
        payable amount|please pay|total to pay|amount to pay|balance payable|zahlbetrag
        zu zahlender betrag|zu zahlen|offener betrag|falliger betrag|noch zu zahlen
        zahlungsbetrag|net a payer|montant a payer|somme a payer|reste a payer|total a payer
        solde a payer|net a payer ttc|te betalen|te betalen bedrag|totaal te betalen
        importe a pagar|total a pagar|totale da pagare|netto a pagare|importo da pagare
        totale a pagare|att betala|belopp att betala|summa att betala|att betala sek|residual
        residual amount|amount outstanding|outstanding|outstanding balance|balance owing
        new balance|total outstanding|amount to be paid|amount owing|pay this amount|restbetrag
        restschuld|offener rechnungsbetrag|forderungsbetrag|uberweisungsbetrag
        abbuchungsbetrag|total a regler|montant a regler|montant du|net a regler|solde|solde du
        openstaand bedrag|openstaand|nog te betalen|te voldoen|restant|importe pendiente
        pendiente|saldo pendiente|liquido a pagar|a pagar|valor a pagar|total liquido a pagar
        saldo dovuto|totale dovuto|netto da pagare|pozostalo do zaplaty|do zaplaty
        razem do zaplaty|k uhrade|celkem k uhrade|castka k uhrade|zbyva uhradit|k zaplaceni
        at betale|til betaling|total at betale|belob til betaling|a betale|sum a betale
        belop a betale|maksettava|maksettavaa|maksettava yhteensa|yhteensa maksettavaa
        laskun loppusumma
    """,
    "AMOUNT_PAID": """
        uhrazeno zalohou|uhrazeno|innbetalt|ennakkomaksu|ennakko|forskudd|forskud|forskott
        forudbetalt|vooruitbetaald|vorauszahlung|vorauszahlungen|pagado a cuenta|acconto versato
        amount paid|paid|total paid|payments|deposit|less deposit|cash|bereits gezahlt|anzahlung
        bereits bezahlt|acompte|montant paye|deja paye|reeds betaald|aanbetaling|pagado|anticipo
        acconto|pagato|betalt|payment received|payments received|less payments|less paid
        payments received thank you|payment received thank you|ihre zahlung|ihre zahlungen
        ihre zahlung vielen dank|zahlungseingang|paiement recu|pago recibido|pagamenti ricevuti
        amount received|amount tendered|tendered|tender|tend|cash tendered|cash received
        paid amount|prepaid|prepaid amount|less prepayment|visa|mastercard|barzahlung
        gegeben|ec karte|girocard|kartenzahlung|erhaltene anzahlungen|erhaltene anzahlung
        abzuglich anzahlung|especes|carte bancaire|regle|montant regle
        montant deja paye|deja regle|acomptes|betaald|reeds voldaan|efectivo|tarjeta
        entregado|importe pagado|contanti|contante|carta|gia pagato|dinheiro|numerario
        valor pago|gotowka|zaplacono|hotove|zaplaceno|zaloha|kontant
        betalt belob|kontanter|kateinen|maksettu|korttimaksu
    """,
    "PRIOR_BALANCE": """
        previous balance|prior balance|previous unpaid balance|balance forward|opening balance
        saldo vormonat|saldo des vormonats|balance brought forward|offener saldo|solde reporte
        saldovortrag|solde anterieur|solde precedent|saldo anterior|saldo precedente
        previous amount due|past due|past due balance|last balance|amount carried forward
        last bill|previous bill|vorheriger saldo|offener saldo vormonat|ancien solde
        report a nouveau|vorig saldo|saldo previo|saldo precedente fattura|saldo anterior fatura
    """,
    "DISCOUNT": """
        discount|discounts|total discount|less discount|rabatt|nachlass|abschlag|remise|korting
        descuento|sconto|total discounts|discount amount|trade discount|allowance
        total allowances|summe der abschlage|gesamtbetrag der abschlage|summe abschlage
        total remise|total remises|escompte|totale korting|dto|descuento total|abbuono|sconti
        desconto|descontos|rabat|upust|sleva|alennus|coupon|promotion
    """,
    "SHIPPING_HANDLING_CHARGE": """
        levering
        shipping|shipping handling|zuschlag|shipping and handling|freight|delivery charge
        postage|versandkosten|versand|fracht|transportkosten|frais de port|frais de livraison
        port|verzendkosten|gastos de envio|portes|spese di spedizione|spese di trasporto|frakt
        shipping cost|shipping costs|shipping charges|shipping charge|freight charge
        freight charges|delivery fee|delivery cost|carriage|postage and packing
        handling|versandkostenpauschale|lieferkosten|frachtkosten|porto|verpackung
        versand und verpackung|verzending|bezorgkosten|portokosten|frais d expedition
        frais de transport|livraison frais|transporte|portes de envio|trasporto|spese trasporto
        despesas de envio|koszty wysylki|koszt dostawy|postovne|fragt|forsendelse
        toimituskulut|rahti|gesamtbetrag der zuschlage|summe der zuschlage
    """,
    "SERVICE_CHARGE": """
        service charge|service fee|servicepauschale|frais de service|svc charge|svc chg|svc
        serv charge|service charges|bedienungsgeld|servicio|servizio|coperto|taxa de servico
    """,
    "GRATUITY": """
        tips|gratuity|trinkgeld|pourboire|fooi|propina|mancia|gorjeta|napiwek|drikkepenge
        dricks
    """,
}
