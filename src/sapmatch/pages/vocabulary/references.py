"""What is labelled on invoices and is none of their fields."""

LABELS = {
    "REFERENCE": """
        customer copy|contract|contract no|contract number|contract ref|agreement|agreement ref
        project|project no|project number|job|job no|job number|job #|quote no|quotation no
        quote #|quote number|our reference|our ref|delivery note|delivery note no
        delivery note number|delivery no|do no|dispatch note|tracking no|shipment no|waybill no
        serial no|terminal id|approval code|auth code|table|cashier|item count|qty count
        total qty|total quantity|tot qty|total items|items sold|change|change due|rounding
        rounding adj|round adj|rounding adjustment|invoice period|billing period|period
        reference|vertrag|vertragsnummer|vertrags nr|vertrags datum|projekt|projektnummer
        projekt nr|angebot|angebotsnummer|angebot nr|unser zeichen|unsere referenz|ihr zeichen
        lieferschein|lieferscheinnummer|lieferschein nr|lief nr|lieferantennummer|lieferanten nr
        leitweg id|sachbearbeiter|ansprechpartner|bearbeiter|ruckgeld|rundung
        abrechnungszeitraum|kostenstelle|handelsregister nr|verwendungszweck|contrat|no contrat
        n contrat|no de contrat|marche|ref marche|projet|ref projet|devis|devis no
        bon de livraison|no bon de livraison|n bon de livraison|notre reference|nos references
        vos references|votre contact|facture liee|facture associee|no de facture associee
        n de facture associee|date de facture associee|date de debut de prestation
        date de fin de prestation|periode|monnaie|rendu|arrondi|code routage|contract nummer
        projectnummer|offerte|offertenummer|pakbon|pakbonnummer|onze referentie|ons kenmerk
        wisselgeld|afronding|periode factuur|contrato|proyecto|presupuesto|albaran|albaran no
        numero de albaran|nuestra referencia|cambio|redondeo|periodo|contratto|progetto
        preventivo|ddt|ddt n|nostro riferimento|resto|arrotondamento|cig|cup|codice destinatario
        codice univoco|guia de remessa|guia no|nossa referencia|troco|arredondamento|umowa
        nr umowy|numer umowy|wz|nr wz|nasz znak|reszta|smlouva|cislo smlouvy|dodaci list
        konstantni symbol|specificky symbol|zaokrouhleni|vraceno|kontrakt|kontraktnr|folgeseddel
        folgeseddelnr|vores ref|vor ref|var ref|var referens|vores reference|byttepenge
        afrunding|avrunding|oresavrundning|avtal|avtalsnr|avtalsnummer|foljesedel|foljesedelsnr
        ocr|ocr nummer|kid|tilbage|vekslepenge|sopimus|sopimusnumero|lahete|lahetenumero
        viitenumero|viite|viitteemme|pyoristys|vaihtoraha
        payee|beneficiary|kontoinhaber|zahlungsempfanger|rekeninghouder|begunstigde|beneficiaire
        beneficiario|intestatario|saaja|account holder|remit to|remit payment to|pay to|titulaire
        make checks payable to|wire transfer to|tullauttaja
    """,
}
