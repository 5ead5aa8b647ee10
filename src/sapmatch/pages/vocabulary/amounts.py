"""The words that names of sums are composed of: `Total (excl. GST)`, `Summe inkl. MwSt`."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that mean a sum, alone or with others.
SUM = _words(
    "total totals totaal totale totali totalt totalsumma summe summa suma somme sum gesamt"
    " gesamtbetrag gesamtsumme razem ogolem lacznie celkem yhteensa ialt eindtotaal endbetrag alt"
    " totalbetrag rechnungsbetrag rechnungssumme soma sum"
)
# Words that mean an amount, and say nothing alone.
AMOUNT = _words(
    "amount amt betrag bedrag montant montante importe importo valor kwota wartosc castka belob"
    " belop belopp maara value sales charge charges"
)
PARTIAL = _words(
    "sub subtotal subtotals zwischensumme subtotaal subtotale delsumma mellansumma soustotal"
    " mezisoucet soucet valisumma delsum"
)
NET = _words(
    "net nett netto ht hors horstaxe horstaxes excl excluding exclusive exkl exklusive exclusief ex"
    " exclude excluded ohne before without untaxed zonder sin senza uden utan ekskl eks bez sem"
    " taxable imponible imponibile tributavel steuerpflichtig veroton verotonta neto liquido"
    " iliquido netta"
)
GROSS = _words("gross brutto ttc bruto brut ivato bruttobetrag brutta verollinen")
INCLUDING = _words(
    "incl including inclusive include includes included inkl inklusive einschl einschliesslich"
    " inclusief inc con avec comprise compris incluido inclusa incluso vcetne"
    " enthalten enthaltene davon darin waarvan varav heraf herav dont sis sisaltaa"
)
TAX = _words(
    "tax taxes taxe vat gst hst pst sst tva mwst ust mehrwertsteuer umsatzsteuer steuer btw iva"
    " moms mva alv dph ptu podatek podatku impuesto impuestos imposta imposto impostos igic usst"
    " igst cgst sgst utgst qst"
)
DUE = _words(
    "due payable pay zahlbetrag zahlen zahlender bezahlen uberweisen betalen payer regler pagar"
    " pagare betala betale betales zaplaty uhrade zaplaceni maksettava maksettavaa outstanding"
    " residual offener falliger apagar"
)
PAID = _words(
    "paid prepaid anzahlung anzahlungen bezahlt gezahlt acompte paye payee aanbetaling betaald"
    " pagado pagato betalt zaplaceno zaplacono deposit tendered received"
)
# Words of no weight beside those.
FILLING = _words(
    "the grand of de la le les des du der die das den di del della het van im in zu zur zum te att"
    " at to for and und et y e final end general generale geral invoice rechnung rechnungs facture"
    " factuur fattura factura fatura faktura document documento order is plus auf sur on von op"
    " all your this dieser bitte please zuzuglich abzuglich noch nog reste rest noch ainda rm eur"
    " euro euros usd gbp chf sek nok dkk pln czk kc zl kr myr sgd aud cad inr rate a amount s"
    " rechnungs satz amounts laskun factuur fakturans faktury facturen da do dos na no wert dokladu"
    " zzgl bereits deja already reeds gia ya i"
)
# What makes a sum one of things, or of something else than the invoice.
NO_SUM = _words(
    "qty quantity items item pages page hours units weight saving savings points stueck stk menge"
    " positionen artikel supplies discount rabatt nights"
)
