"""Headings of the columns of line items, in thirteen languages and their abbreviations.

The first five are AnalyzeExpense's types; the others go out as OTHER with their heading.
"""

HEADINGS = {
    "ITEM": """
        description|item description|product description|item|items|product|products|service
        services|details|particulars|article|goods|description of goods|item name|product name
        bezeichnung|artikelbezeichnung|artikelbeschreibung|beschreibung|leistung|produkt|artikel
        warenbezeichnung|leistungsbeschreibung|designation|libelle|produit|prestation
        description du produit|omschrijving|product omschrijving|dienst|descripcion|concepto
        producto|articulo|descrizione|prodotto|servizio|articolo|beskrivning|benamning|tjanst
        specifikation|description of services|work performed|activity|task|material description
        name of goods|leistungsbezeichnung|artikelname|produktbezeichnung|position bezeichnung|text
        intitule|nature|detail|omschrijving artikel|descripcion del producto|denominacion
        descrizione articolo|descrizione prodotto|descrizione beni|designacao|descricao|artigo
        produto|nazwa|nazwa towaru|nazwa uslugi|nazwa towaru lub uslugi|nazwa towaru uslugi|opis
        oznaceni|oznaceni dodavky|popis|nazev|polozka|varebetegnelse|vare|varetekst|tekst|ydelse
        beskrivelse|produktbeskrivelse|varenavn|artikelbenamning|kuvaus|tuote|nimike|selite
        goods and services|nature of goods|nature of supply|service description|description of work
        memo|bezeichnung der leistung|art der leistung|tatigkeit|ware|waren|designation des produits
        designation article|detail de la prestation|dienstverlening|werkzaamheden|detalle
        descripcion del servicio|descrizione dei beni|descrizione del servizio
        natura e qualita dei beni|descricao do artigo|descricao dos servicos|nazwa produktu|usluga
        popis zbozi|nazev zbozi|oznaceni zbozi|varebeskrivelse|vareteks|betegnelse|produkttekst
        tjeneste|benevnelse|varunamn|tavara|palvelu|tuotteen nimi|megnevezes|leiras
    """,
    "QUANTITY": """
        quantity|qty|qnty|quant|units|pcs|hours|hrs|qty shipped|shipped|menge|anzahl|stuck|stunden
        stk|mge|quantite|qte|nombre|aantal|hoeveelheid|cantidad|cant|uds|unidades|quantita|qta|antal
        kvantitet|qty ordered|qty delivered|delivered qty|invoiced qty|no of units|no of hours|anz
        liefermenge|stuckzahl|std|nb|qtes|aant|stuks|uren|cantid|horas|qtd|qtde|quantidade|ilosc|szt
        mnozstvi|pocet|ks|maengde|stk antal|mengde|maara|kpl|qty ord|qty inv|order qty|ordered
        delivered|nos|no of|days|nights|menge stk|gel menge|gelieferte menge|anzahl stk|tage
        quantite livree|heures|jours|besteld|geleverd|dagen|cantidades|n uds|ore|pezzi|numero|liczba
        antall|ant|timer|antal stk|antal timer|dagar|levererat antal|lev antal|mangd|tim|lkm
        maara kpl|tunnit|mennyiseg
    """,
    "UNIT_PRICE": """
        unit price|unit cost|price unit|price each|each|vk preis|rate|u price|u p|unit rate|cost
        price per unit|einzelpreis|einzel|e preis|ep|stuckpreis|preis einheit|preis pro einheit
        nettopreis|preis stk|einzelpreis netto|prix unitaire|pu|pu ht|prix unitaire ht|prix unit
        prix u|prix|stukprijs|prijs per stuk|eenheidsprijs|prijs|precio unitario|precio|precio unit
        p unitario|prezzo unitario|prezzo|prezzo unit|pris|a pris|enhetspris|styckpris|preis
        preis netto|charge|list price|net unit price|unit price net|price unit net|unit amount
        unit value|price per item|unit net|einzelpr|stk preis|einheitspreis|einzelpreis in eur
        e preis netto|stuckpreis netto|prix unit ht|prix unitaire hors taxe|p unitaire|tarif
        stuksprijs|eenh prijs|prijs per eenheid|tarief|p unit|precio u|prezzo u|pr unitario
        preco unitario|preco|preco unit|cena jednostkowa|cena jedn|cena netto|cena jednostkowa netto
        cena jedn netto|cena|cena za mj|jednotkova cena|cena mj|enhedspris|stk pris|stykpris
        a pris exkl moms|pris pr stk|pris per enhet|yksikkohinta|a hinta|hinta|yks hinta|price pc
        price ea|price hour|hourly rate|daily rate|price excl vat|preis pro stuck|preis je einheit
        einzelpreis ohne mwst|stundensatz|satz|netto einzelpreis|prix ht unitaire|prix unitaire net
        montant unitaire|uurtarief|prijs excl btw|precio sin iva|precio ud|importe unitario
        prezzo cad|prezzo netto|preco un|valor unitario|preco liquido|cena netto za jednostke
        cena za szt|jedn cena|cena ks|cena za kus|cena bez dph za mj|cena za jednotku|enh pris
        enhedspris ekskl moms|stk pris ekskl moms|pris eks mva|a pris eks mva|stykkpris|pris enhet
        a pris sek|pris exkl moms|hinta alv 0|veroton hinta|a hinta alv 0|kappalehinta|egysegar
    """,
    "PRICE": """
        amount|total|line total|total price|price|net amount|extended price|extended amount|ext
        zeilenbetrag|positionsbetrag|prix ht|zeilensumme|ext price|amt|subtotal|net price
        line amount|net value|amount net|total amount|betrag|gesamt|gesamtpreis|summe|netto
        nettobetrag|gesamtbetrag|g preis|gp|nettowert|wert|umsatz|total netto|gesamt netto|montant
        montant ht|total ht|prix total|prix total ht|montant total|bedrag|totaal|totaalprijs
        totaal excl|importe|importo|totale|prezzo totale|belopp|summa|totalt|total amount net
        amount excl vat|line net|line value|total excl vat|total ex vat|value|sum|extension
        gesamtbetrag netto|gesamtpreis netto|positionssumme|betrag netto|gesamt eur|total eur
        ges preis|summe eur|totaal excl btw|bedrag excl btw|regeltotaal|subtotaal|importe total
        imp total|total linea|importe neto|totale netto|prezzo tot|importo netto|totale riga|valor
        valor total|total liquido|valor liquido|wartosc|wartosc netto|kwota netto|kwota|cena celkem
        celkem|celkem bez dph|castka|cena bez dph|belob|i alt|linjetotal|belop|sum eks mva|radsumma
        rad belopp|summa exkl moms|yhteensa|summa veroton|rivisumma|taxable value|taxable amount
        total value|item total|total line|total net|ext amount|net total|gesamt netto eur
        summe netto|positionswert|nettopreis gesamt|gesamtwert|total ligne|montant net
        montant hors taxe|totaalbedrag|netto bedrag|total sin iva|imponibile|prezzo totale netto
        totale imponibile|total s iva|montante|wartosc sprzedazy|razem|suma|cena celkem bez dph
        zaklad|zaklad dane|celkem kc|linjebelob|belob ekskl moms|linjesum|nettobelob|pris i alt
        belop eks mva|linjebelop|nettobelop|nettobelopp|belopp exkl moms|a summa|veroton
        veroton yhteensa|alv 0 yhteensa|netto ertek|osszesen
    """,
    "PRODUCT_CODE": """
        art nr kunde|art nr lief|artikelnr kunde|unsere art nr|ihre art nr
        item code|item no|item number|item #|product code|product no|product number|product id|sku
        part no|part number|part #|code|article no|article number|material|material no|model
        artikelnummer|artikelnr|art nr|art no|material nr|materialnummer|produktnummer|best nr
        reference|ref|code article|ref article|art nr lieferant|artikelcode|referencia|codigo|codice
        codice articolo|cod|riferimento|produktnr|gtin|ean|upc|stock code|stock no|item id|mat no
        part|sku code|product ref|hs code|artikelcode leverancier|artikelnummer lieferant|art
        sachnummer|teilenummer|ref produit|cod articolo|cod art|cod articulo|codigo producto
        codigo articulo|codigo artigo|ref artigo|indeks|kod|symbol|kod towaru|kod zbozi|varenr
        varenummer|tuotenumero|tuotenro|tuotekoodi|nimikenro|article code|catalog no|catalogue no
        cat no|item ref|mpn|hsn|hsn sac|hsn code|sac|artikel id|bestellnr artikel|ident nr
        numero d article|n article|reference produit|art code|referencia producto|cod producto
        codice prodotto|cod prodotto|referencia artigo|nr katalogowy|katalogove cislo|kat cislo
        cislo zbozi|varukod|artikelkod|koodi|cikkszam
    """,
    "POSITION": """
        pos|position|no|nr|#|line|line no|s no|sl no|sr no|pos nr|pos no|lp|rad|rivi|nro|regel|riga
        ligne|linea|linha|linje|por|poradi|c|n|num|zeile|sn|lfd nr|polozka c
    """,
    "UNIT": """
        unit|uom|um|einheit|einh|me|unite|u|eenheid|eenh|unidad|ud|unita|unita di misura|enhet|enh
        enhed|unidade|un|jm|jedn|jednostka|mj|yks|yksikko|unit of measure|mengeneinheit|ve
        verpackungseinheit
    """,
    "TAX_RATE": """
        tax|vat|gst|tax rate|vat rate|gst rate|vat %|tax %|gst %|% vat|% tax|mwst|mwst %|% mwst
        mwst satz|ust|ust %|% ust|ust satz|steuer|steuer %|steuersatz|tva|tva %|% tva|taux tva
        taux de tva|taux|btw|btw %|% btw|btw tarief|iva|iva %|% iva|tipo iva|taxa iva|aliq iva
        aliquota|aliquota iva|aliq|moms|moms %|moms sats|mva|mva %|mva sats|alv|alv %|vero %|stawka
        stawka vat|dph|dph %|% dph|sazba|sazba dph|tax code|code tva|cod iva|tarifa|ptu|igst|cgst
        sgst
    """,
    "TAX_AMOUNT": """
        tax amount|vat amount|gst amount|amount of vat|mwst betrag|ust betrag|steuerbetrag
        montant tva|btw bedrag|importe iva|cuota iva|cuota|importo iva|imposta|valor iva|kwota vat
        vat kwota|wartosc vat|vyse dph|dph kc|momsbelob|momsbelopp|mva belop|alv maara|veron maara
    """,
    "GROSS": """
        gross|gross amount|gross total|total incl vat|total incl tax|amount incl vat|total inc gst
        total with vat|line total incl vat|brutto|bruttobetrag|gesamt brutto|gesamtpreis brutto
        betrag brutto|montant ttc|total ttc|prix ttc|bedrag incl btw|totaal incl btw|totaal incl
        total con iva|importe bruto|totale ivato|importo lordo|total com iva|total c iva
        wartosc brutto|kwota brutto|celkem s dph|cena s dph|belob inkl moms|belop inkl mva
        belopp inkl moms|summa inkl moms|verollinen|yht sis alv|verollinen yhteensa
    """,
    "DISCOUNT": """
        discount|disc|disc %|discount %|rebate|rabatt|rabatt %|rab|rab %|nachlass|remise|remise %
        rem|korting|korting %|dto|dto %|descuento|descuento %|sconto|sconto %|sc|sc %|desconto
        desc %|rabat|rabat %|sleva|sleva %|alennus|ale|ale %|upust
    """,
    "ORDER": """
        order|order no|order number|po|po no|po number|your order|purchase order|bestellung
        bestellnummer|bestell nr|ihre bestellung|commande|no commande|uw order|ordernummer|pedido
        ordine|encomenda|zamowienie|objednavka|tilaus|deres ordre|er order|order ref
    """,
    "ORDER_ITEM": """
        po line|po item|order line|order item|po pos|bestellposition|best pos|bestellpos
    """,
    "OTHER": """
        date|datum|fecha|data|dato|delivery date|lieferdatum|currency|wahrung|cur|pvm|delivery note
        lieferschein|per|pe|price unit qty|weight|gewicht|batch|charge nr|serial no
    """,
}
