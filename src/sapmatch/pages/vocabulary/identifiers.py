"""Numbers of documents, parties and accounts, as they are labelled."""

LABELS = {
    "INVOICE_RECEIPT_ID": """
        numero|nummer|numer|cislo|laskun numero
        inv number|tax inv|receipt # no|rechnung #|invoice number|invoice no|invoice nr
        invoice num|invoice #|invoice id|invoice|tax invoice|tax invoice no|tax invoice number
        inv no|inv #|cash inv no|bill no|bill number|bill #|receipt no|receipt number|receipt #
        document no|document number|doc no|credit note|credit note no|credit note number
        credit memo no|credit memo number|number of invoice|rechnungsnummer|rechnungsnr
        rechnung nummer|rechnung nr|rechnung no|rechnung|re nr|rg nr|belegnummer|belegnr
        rechnungs no|gutschrift|gutschriftsnummer|gutschrift nr|gutschriftsnr|facture no
        facture n|facture numero|facture|no facture|n facture|no de facture|n de facture
        numero de facture|numero facture|avoir|avoir no|no avoir|no d avoir|numero d avoir
        factuurnummer|factuurnr|factuur nummer|factuur|creditnota nummer|numero de factura
        no de factura|no factura|n factura|factura no|factura n|num factura|factura numero
        factura|fattura n|fattura no|fattura nr|numero fattura|n fattura|fattura numero
        numero documento|fattura|fakturanummer|fakturanr|faktura nr|faktura|receipt id
        invoice ref|invoice reference|invoice reference no|our invoice no|slip no|check no
        ticket no|ticket #|tax invoice #|invoice # no|statement no|statement number
        transaction no|folio no|rechnungskennzeichen|gutschriftnummer|quittungsnummer
        quittung nr|bon nr|belegnummer rechnung|dokumentnummer|dokument nr|no de la facture
        reference facture|facture ref|ref facture|recu no|recu n|factuur no|nota nummer
        creditfactuur|creditnota|bonnummer|no de la factura|factura simplificada
        factura simplificada no|numero factura|nota de credito|documento n|documento nr
        nota di credito|nota di credito n|fatura|fatura n|fatura no|fatura nr|numero da fatura
        no da fatura|n da fatura|factura recibo|fatura recibo|nota fiscal|nota fiscal no
        faktura vat|faktura vat nr|numer faktury|nr faktury|faktura numer|paragon nr|rachunek nr
        faktura cislo|faktura c|cislo faktury|faktura danovy doklad|danovy doklad c
        cislo dokladu|doklad c|variabilni symbol|faktura no|kreditnota|kreditnota nr
        kreditnotanummer|bilagsnr|kvitteringsnr|kreditfaktura|kreditfaktura nr|kvitto nr
        kvittonummer|lasku|laskunumero|laskun numero|lasku nro|laskun nro|lasku nr|hyvityslasku
        hyvityslasku nro|kuitti nro
    """,
    "PO_NUMBER": """
        tilauksenne|tilauksenne nro|panstwa zamowienie|zamowienie klienta
        v encomenda|v encomenda n|votre ref commande|vos ref commande|deres bestilling
        po number|po no|po #|po nr|po|po ref|purchase order|purchase order no
        purchase order number|purchase order #|customer po|customer po no|customer po number
        your po|your po no|your order|your order no|your order number|customer order
        customer order no|customer order number|buyer order|buyer order no|buyer order number
        order no|order number|order #|order id|bestellnummer|bestellnr|bestell nummer|bestellung
        bestellung nr|bestellungsnummer|ihre bestellung|ihre bestellnummer|ihre bestellnr
        ihre bestellung nr|kundenbestellnummer|kundenbestellnr|ihre auftragsnummer
        no de commande|n de commande|numero de commande|no commande|n commande|commande no
        commande n|commande|votre commande|bon de commande|no bon de commande|bon de commande no
        reference commande|reference de commande|ref commande|commande client|bestelnummer
        uw bestelnummer|inkoopordernummer|inkooporder|uw order|uw ordernummer|ordernummer
        numero de pedido|no de pedido|no pedido|pedido no|pedido n|su pedido|pedido
        orden de compra|numero ordine|ordine n|ordine no|ordine nr|vs ordine|vostro ordine
        ordine d acquisto|ordine di acquisto|rif ordine|ordine|er order|ert ordernummer
        inkopsorder|inkopsordernummer|bestallningsnummer|your reference|your ref|ihre referenz
        votre reference|uw referentie|su referencia|vostro riferimento|er referens|po id
        po reference|purchase order ref|purchase order reference|client po|client po no
        client order no|your purchase order|your purchase order no|order reference|order ref
        customer order ref|buyers order no|buyers order number|purchase ref|purchase no
        bestellreferenz|ihre bestellreferenz|kundenauftrag|kundenbestellung|ihr auftrag
        ihr auftrag nr|ihre auftragsnr|ihre order|ihre order nr|einkaufsbestellung|po nummer
        commande client no|votre no de commande|votre commande no|no de bon de commande
        n de bon de commande|n bon de commande|no bon commande|referentie klant
        uw referentienummer|uw inkoopordernummer|inkoopnummer|uw bestelling|uw kenmerk
        no de orden|orden no|numero de orden|orden de compra no|su referencia no
        pedido de compra|no orden de compra|riferimento ordine|n ordine|numero d ordine
        ordine cliente|vs rif ordine|vostro ordine n|ordine d acquisto n|no ordine
        no da encomenda|encomenda|encomenda no|nota de encomenda|vossa encomenda
        ordem de compra|sua encomenda|sua referencia|v referencia|numer zamowienia|nr zamowienia
        zamowienie|zamowienie nr|zamowienie numer|nr zamowienia klienta|cislo objednavky
        objednavka|objednavka cislo|objednavka c|vase objednavka|objednavka odberatele|ordrenr
        ordrenummer|deres ordrenr|deres ordre|indkobsordre|indkobsordrenr|rekvisitionsnr
        deres reference|deres ref|deres rekvisition|innkjopsordre|bestillingsnr
        bestillingsnummer|er bestallning|bestallning|bestallningsnr|best nr kund|inkopsordernr
        ordernr|kundens ordernummer|er ref|er ref nr|tilausnumero|tilausnro|ostotilaus
        ostotilausnumero|viitteenne|tilauksen numero|tilaus
    """,
    "CUSTOMER_NUMBER": """
        customer no|customer number|customer id|customer #|customer code|client id|client no
        client number|kundennummer|kundennr|kunden nummer|kd nr|no client|no de client
        numero client|numero de client|code client|id client|klantnummer|klantnr
        numero de cliente|no cliente|codigo cliente|codice cliente|kundnummer|kundnr|cust no
        cust #|cust id|customer ref|customer reference|client code|account code
        customer account|debtor no|debitor|debitorennummer|debitor nr|debitoren nr|kunden id
        kunden no|kunde nr|ihre kundennummer|ihre kundennr|reference client|ref client
        votre no client|no de compte client|debiteurnummer|debiteurnr|uw klantnummer
        numero cliente|n cliente|cliente no|cod cliente|codigo de cliente|no de cliente
        cliente n|numer klienta|nr klienta|cislo zakaznika|zakaznicke cislo|kunde no
        asiakasnumero|asiakasnro
    """,
    "ACCOUNT_NUMBER": """
        account number|account no|account #|a c no|konto nr|kontonummer|numero de compte
        bank account|bank account no|bank account number|acct no|acct #|rekeningnummer
        bankrekening|numero de cuenta|cuenta|conto corrente|numer konta|nr konta
        rachunek bankowy|cislo uctu|ucet|bankkonto|reg nr og kontonr|bankgiro|plusgiro
        tilinumero
    """,
    "VENDOR_VAT_NUMBER": """
        contribuinte no|nip ue|tva no id|mva nr|vat id nr
        vat ue|vat eu|nr vat ue|nr vat|numer vat|alv tunnus|alv nr|orgnr mva|org nr mva|contribuinte
        iva n|n iva|nif iva no|no iva|dic cz|vat tva|tva vat|mwst uid|uid mwst|mwst id|che nr
        vat id|vat id no|vat no|vat nr|vat number|vat reg no|vat reg number|vat registration no
        vat registration number|eu vat no|ust idnr|ust id nr|ust id|ust identnr|ust ident nr
        umsatzsteuer id|umsatzsteuer idnr|umsatzsteuer identifikationsnummer|uid|uid nr
        uid nummer|tva intracommunautaire|tva intra communautaire|no tva|n tva|no de tva
        n de tva|numero de tva|numero tva|tva no|tva intra|id tva|no tva intracommunautaire
        no de tva intra communautaire|n de tva intra communautaire
        numero de tva intracommunautaire|btw nummer|btw nr|btw id|btw identificatienummer|nif
        cif|nif iva|p iva|partita iva|partita i v a|momsregistreringsnummer|momsreg nr|momsregnr
        momsnr|mwst nr|vat registration|vat reg|our vat no|our vat number|vat id number
        vat identification number|vat code|tax id vat|ust id no|ust nr|ust id nummer
        umsatzsteuernummer|umsatzsteuer nr|unsere ust idnr|steuer nr ust id|no tva intra
        n tva intra|numero tva intra|tva intracom|no tva intracom|tva intracommunautaire no
        no identification tva|identifiant tva|no d identification tva|tva no intracommunautaire
        btw no|ons btw nummer|omzetbelastingnummer|vat btw|nif cif|cif nif|iva no|numero iva
        p iva c f|p iva e c f|cod fisc p iva|c f p iva|nif no|contribuinte n|nipc
        no contribuinte|num contribuinte|nip|nip sprzedawcy|nr nip|dic dodavatele|ic dph|dic c
        momsnummer|se nr|momsregnummer|vat nummer|org nr mva|mva nr|alv nro|alv numero
        alv tunniste|vat tunnus|y tunnus alv
    """,
    "RECEIVER_VAT_NUMBER": """
        your vat no|your vat number|your vat id|customer vat|customer vat no|customer vat id
        customer vat number|buyer vat id|client vat|ihre ust idnr|ihre ust id nr|ihre ust id
        ust idnr kunde|ust id kunde|votre no tva|votre no de tva|no tva client|tva client
        uw btw nummer|uw btw nr|btw nummer klant|nif cliente|partita iva cliente
        ert momsregistreringsnummer|your vat reg no|your tax id|vat no customer
        vat number customer|ust idnr des kunden|ust idnr kunden|uid kunde|kunden uid|ihre uid
        ihre uid nr|ihre umsatzsteuer id|ihre mwst nr|tva acheteur|no tva acheteur|votre tva
        votre no de tva intracommunautaire|btw nr klant|btw klant|nif del cliente|cif cliente
        p iva cliente|vostra partita iva|nif do cliente|nip nabywcy
        dic odberatele|deres cvr|deres cvr nr|ert vat nr|ert orgnr|kundens vat nr
    """,
    "VENDOR_GST_NUMBER": """
        gst no|gst reg|gst id|gst id no|gst reg no|gst number|gstin|gst registration no
        gst registration number|gst registration|gst reg number|gst reg #|gst #|sst no
        sst reg no|sst id|gst id #|gst reg id|gst hst no|gst hst number|gst number id
    """,
    "VENDOR_ABN_NUMBER": """
        abn|abn no|abn number|abn #
    """,
    "TAX_PAYER_ID": """
        tax id|tax id no|tax no|tax number|tax payer id|ein|fed id|federal tax id|federal id
        steuernummer|steuernr|steuer nr|steuer nummer|st nr|siret|siren|no siret|kvk|kvk nummer
        kvk nr|codice fiscale|organisationsnummer|org nr|orgnr|federal tax no|federal ein|fein
        tin|tin no|tin number|tax registration no|tax reg no|company reg no|steuer id
        finanzamt steuernummer|siren no|rcs|nip nr|regon|ico|dic|kvk no|handelsregister
        cvr|cvr nr|cvr no|orgnummer|org no|organisasjonsnr|organisasjonsnummer|foretaksnummer
        y tunnus
    """,
    "SALES_ORDER": """
        n encomenda|ns ordine|ns ordine n|tilausvahvistus|nr zlecenia|zlecenie|potvrzeni objednavky
        cislo zakazky|zakazka|ordrebekreftelse|ordrebekraeftelse|nasze zamowienie
        no confirmation de commande|confirmacion de pedido|confirmacao de encomenda
        opdrachtnummer|opdracht nr|no de vente
        sales order|sales order no|sales order number|sales order #|s o number|s o no|s o #
        our order|our order no|our order number|order confirmation|order confirmation no
        seller order no|auftrag|auftragsnummer|auftragsnr|auftrag nr|auftrag nr lief
        unser auftrag|unsere auftragsnummer|auftragsbestatigung|auftragsbestatigung nr
        unsere auftragsnr|unsere auftrags nr|unser auftrag nr
        lieferantenauftrag|verkaufsauftrag|kundenauftrag nr|notre commande|bon de vente
        no bon de vente|n bon de vente|n de bon de vente|confirmation de commande|verkooporder
        verkoopordernummer|onze order|onze ordernummer|orderbevestiging|pedido de venta
        orden de venta|numero orden de venta|conferma d ordine|conferma ordine|ordine di vendita
        nostro ordine|ordem de venda|zamowienie sprzedazy|salgsordre|salgsordrenr|vores ordrenr
        vores ordre|vart ordernr|nuestro pedido|nuestro pedido no|nasze zamowienie nr
        var ordre|forsaljningsorder|var order|vart ordernummer|orderbekraftelse|myyntitilaus
    """,
}
