"""Dates and terms of payment, as they are labelled."""

LABELS = {
    "INVOICE_RECEIPT_DATE": """
        inv date|inv dt|invoice dt|invoice date|date of invoice|bill date|date of issue
        issue date|date issued|issued on|document date|receipt date|tax date|date|rechnungsdatum
        rechnung vom|belegdatum|ausstellungsdatum|datum|datum der rechnung|date de facture
        date facture|date de la facture|date de facturation|date d emission|facture du
        factuurdatum|fecha de factura|fecha factura|fecha de emision|fecha emision
        fecha de expedicion|fecha|data fattura|data documento|data di emissione|data emissione
        data|fakturadatum|utfardandedatum|rechnungsdatum leistungsdatum
        rechnungs und lieferdatum|tax invoice date|date of tax invoice|date issued on
        date of invoice issue|inv dated|dated|statement date|bill dated|purchase date|trans date
        transaction date|invoice issue date|date invoice|order invoice date|date time
        datum rechnung|re datum|rg datum|rechnungstag|ausgestellt am|erstellt am
        gutschriftsdatum|datum gutschrift|kaufdatum|quittungsdatum|date facturation|emise le
        emis le|date avoir|date d avoir|datum factuur|notadatum|fecha de la factura
        fecha expedicion|emitida el|data della fattura|data emissao|data de emissao
        data da fatura|data fatura|data da factura|data de factura|emitida em|data wystawienia
        data faktury|wystawiono|wystawiono dnia|data sprzedazy i wystawienia|datum vystaveni
        datum vystaveni faktury|vystaveno|datum vystaveni dokladu|vystaveno dne|fakturadato|dato
        udstedelsesdato|fakturerings dato|fakturerad|utskriftsdatum|laskun paivays|laskupaiva
        laskun paivamaara|paivays|paivamaara|laskun pvm|pvm|issued
    """,
    "DUE_DATE": """
        due date|payment due|payment due by|payment due date|due by|due on|pay by|date due
        fallig am|falligkeit|falligkeitsdatum|zahlbar bis|zahlbar bis zum|zu zahlen bis
        date d echeance|echeance|date limite de paiement|echeance le|vervaldatum
        uiterste betaaldatum|betalen voor|fecha de vencimiento|fecha vencimiento|vencimiento
        data scadenza|data di scadenza|scadenza|forfallodatum|forfallodag|forfaller
        invoice due date|payment date|pay before|payable by|payable on|to be paid by
        please pay by|please pay before|settlement date|due|fallig|fallig bis|fallig zum
        zahlungsfrist|zahlung bis|zahlung fallig|zahltermin|zahlungstermin|zahlungsdatum
        zu zahlen bis zum|bitte zahlen bis|zahlbar am|zahlbar bis spatestens|faellig am
        faelligkeit|date limite|date limite paiement|date limite de reglement|a payer avant le
        a regler avant le|echeance le paiement|echeance de paiement|date echeance|payable le
        payable avant le|date de reglement|vervalt op|vervalt|te betalen voor
        te betalen uiterlijk|betaaldatum|uiterlijk te betalen|betaal voor|fecha limite de pago
        fecha de pago|vence|vence el|pagar antes del|vencimientos|scadenza pagamento
        data pagamento|scadenze|da pagare entro|data de vencimento|data vencimento|vencimento
        vence em|pagar ate|termin platnosci|termin zaplaty|platne do|zaplata do|datum splatnosti
        splatnost|splatno|splatne|splatnost faktury|forfaldsdato|forfald|betalingsdato|forfalder
        betales senest|sidste rettidige betalingsdato|forfallsdato|forfall|betalingsfrist
        betalas senast|betala senast|oss tillhanda|oss tillhanda senast|erapaiva|era pvm
        maksettava viimeistaan|fecha de cargo|entro il|pagare entro il
    """,
    "DELIVERY_DATE": """
        delivery date|date of delivery|ship date|shipping date|date of supply|service date
        lieferdatum|leistungsdatum|liefertermin|liefer bzw leistungsdatum|lieferscheindatum
        liefer leistungsdatum|date de livraison|leverdatum|fecha de entrega|data consegna
        leveransdatum|supply date|tax point|tax point date|date shipped|shipped date
        date of service|performance date|delivered on|lieferdatum leistungsdatum
        liefer und leistungsdatum|liefer u leistungsdatum|leistungszeitraum|lieferzeitraum
        leistungsmonat|datum der lieferung|lieferung am|versanddatum|date de la livraison
        date livraison|date de prestation|date d expedition|livre le|leveringsdatum
        datum levering|fecha entrega|fecha de operacion|fecha operacion|data di consegna
        data trasporto|data de entrega|data da entrega|data dostawy|data sprzedazy
        data wykonania uslugi|data dostawy wykonania uslugi|datum zdanitelneho plneni
        datum uskutecneni plneni|duzp|datum dodani|leveringsdato|leveringsdag|toimituspaiva
        toimituspvm
    """,
    "ORDER_DATE": """
        order date|po date|date of order|bestelldatum|auftragsdatum|date de commande|besteldatum
        orderdatum|fecha de pedido|data ordine|bestellung vom|ordered on|purchase order date
        date ordered|datum der bestellung|auftragsdatum lief|bestellt am|auftrag datum lief
        date commande|date du bon de commande|besteld op|datum bestelling|fecha del pedido
        fecha pedido|data dell ordine|data da encomenda|data zamowienia|datum objednavky
        ordredato|tilauspaiva
    """,
    "PAYMENT_TERMS": """
        payment terms|terms of payment|terms|zahlungsbedingungen|zahlungsbedingung|zahlungsziel
        conditions de paiement|conditions de reglement|betalingsvoorwaarden|betalingstermijn
        condiciones de pago|forma de pago|condizioni di pagamento|betalningsvillkor|pay terms
        payment term|terms of payments|payment conditions|credit terms|zahlungskonditionen
        zahlungsbed|zahlungsbedingg|zahlungsmodalitaten|modalites de paiement
        conditions reglement|delai de paiement|betalingsconditie|betaalconditie
        betalingscondities|betaaltermijn|terminos de pago|condiciones|plazo de pago
        modalita di pagamento|termini di pagamento|condicoes de pagamento
        condicoes pagamento|cond pagamento|forma platnosci|warunki platnosci|sposob zaplaty
        platebni podminky|zpusob uhrady|forma uhrady|betalingsbetingelser
        betalingsvilkar|betalningsvilkor|betalingsbet|maksuehto|maksuehdot
    """,
}
