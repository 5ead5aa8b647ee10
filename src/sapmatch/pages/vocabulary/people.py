"""Seller, buyer and place of delivery, as they are labelled."""

LABELS = {
    "VENDOR_NAME": """
        vendor|vendor name|seller|seller name|supplier|supplier name|sold by|from
        service provider|issued by|lieferant|verkaufer|rechnungssteller|rechnungsersteller
        leistungserbringer|fournisseur|vendeur|emetteur|leverancier|verkoper|proveedor|emisor
        fornitore|cedente|leverantor|saljare|bill from|billed from|invoice from|issuer
        payable to|supplied by|exporter|absender|von|rechnung von
        leistender unternehmer|lieferant name|vendu par
        emis par|prestataire|expediteur|de la part de|van|afzender
        vendedor|emitida por|prestador|venditore
        cedente prestatore|mittente|fornecedor|vendedor nome|emitente
        prestador de servicos|sprzedawca|wystawca|dostawca|dodavatel|prodavajici
        saelger|leverandor|afsender|selger|avsender|avsandare|myyja
        toimittaja|laskuttaja
    """,
    "RECEIVER_NAME": """
        kjoper|laskutetaan|laskutus|fakturer til|faktureras
        bill to|billed to|bill to address|billing address|sold to|invoice to|invoiced to
        customer|customer name|buyer|buyer name|client|client name|rechnungsempfanger
        rechnung an|kaufer|rechnungsadresse|rechnungsanschrift|kunde|auftraggeber|facture a
        facturer a|acheteur|adresse de facturation|destinataire|klant|factuuradres|koper|cliente
        facturar a|comprador|destinatario|cessionario|kund|kopare|fakturaadress
        faktureringsadress|to|invoice for|bill to party|billing to|billed for|bill to name
        sold to party|sold to address|sold to name|invoice address|customer billing
        customer address|customer details|client details|buyer details|billing details
        billing information|bill to customer|consignee|recipient|purchaser|invoice recipient
        invoiced party|so to|charge to|account name|customer info|an|rechnung fur
        kaufer name|empfanger|leistungsempfanger|kaufer leistungsempfanger|rechnungsadressat
        besteller|name des kunden|firma kunde|rechnung geht an|facture pour|facture destinataire
        adresse facturation|adresse client|client facture|nom du client|facturee a
        facture a l attention de|a l attention de|destinataire facture|aan|factuur aan
        factuur voor|gefactureerd aan|afnemer|opdrachtgever|klantgegevens|facturado a
        datos del cliente|destinatario factura|cliente final|datos de facturacion
        direccion de facturacion|adquirente|spett le|spettabile|cessionario committente
        intestata a|fatturato a|indirizzo di fatturazione|committente|dati cliente|exmo s
        exmo sr|exmos senhores|exmo senhor|faturar a|facturar para|cliente nome
        tomador de servicos|dados do cliente|nabywca|kupujacy|odbiorca|platnik|zamawiajacy
        odberatel|kupujici|zakaznik|objednatel|fakturacni adresa|kober|faktureres til
        faktura til|modtager|til|fakturamottaker|fakturaadresse|till|mottagare|faktureras till
        faktureras|fakturamottagare|bestallare|ostaja|laskutusosoite|asiakas|vastaanottaja
        laskun saaja
    """,
    "RECEIVER_ADDRESS": """
        ship to|shipped to|deliver to|delivery address|shipping address|ship to address
        lieferadresse|lieferanschrift|warenempfanger|adresse de livraison|livre a|afleveradres
        direccion de entrega|enviar a|indirizzo di consegna|luogo di consegna|leveransadress
        delivered to|deliver to address|ship to party|ship to name|shipping to
        goods delivered to|place of delivery|delivery to|consigned to|lieferung an
        versandadresse|versand an|lieferempfanger|lieferort|leistungsort|empfanger der lieferung
        livraison|lieu de livraison|adresse livraison|livrer a|leveradres|bezorgadres
        geleverd aan|lugar de entrega|entregar a|direccion envio|destinazione|destinazione merce
        indirizzo di spedizione|indirizzo consegna|local de entrega|morada de entrega|entrega
        local de descarga|adres dostawy|miejsce dostawy|dodaci adresa|misto dodani
        konecny prijemce|leveringsadresse|levering til|leveres til|levereras till|leverans till
        toimitusosoite|toimitusosoite nimi
    """,
}
