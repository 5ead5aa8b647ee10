"""The sample world as data: company code 1010, its business partners, orders and invoices.

Names, numbers and bank accounts are made up: the IBANs are the published examples of their banks.
"""

from datetime import date
from decimal import Decimal

from msgspec import structs

from local.samples.nouns import Business, Invoice, Item, Line, Order

BUYER = Business(
    number="1010",
    name="Example Maschinenbau GmbH",
    street="Beispielallee 10",
    postcode="70173",
    city="Stuttgart",
    vat_id="DE811234567",
)
DRIVES = Business(
    number="10100001",
    name="Nordlicht Musterantriebe GmbH",
    street="Musterkai 4",
    postcode="24103",
    city="Kiel",
    vat_id="DE298765431",
    iban="DE89370400440532013000",
)
BEARINGS = Business(
    number="10100002",
    name="Wälzlager Beispiel GmbH & Co. KG",
    street="Beispielstraße 21",
    postcode="54290",
    city="Trier",
    vat_id="DE287654320",
    iban="DE75512108001245126199",
)
HYDRAULICS = Business(
    number="10100003",
    name="Musterhydraulik AG",
    street="Am Musterwerk 7",
    postcode="34117",
    city="Kassel",
    vat_id="DE276543219",
    iban="DE02120300000000202051",
)
TOOLS = Business(
    number="10100004",
    name="Beispiel Werkzeughandel KG",
    street="Probeweg 3",
    postcode="99084",
    city="Erfurt",
    vat_id="DE265432108",
    iban="DE02500105170137075030",
)
FASTENERS = Business(
    number="10100005",
    name="Example Fasteners B.V.",
    street="Voorbeeldlaan 55",
    postcode="5611 AB",
    city="Eindhoven",
    country="NL",
    vat_id="DE345678901",
    iban="NL91ABNA0417164300",
)
STEEL = Business(
    number="10100006",
    name="Musterstahl Service GmbH",
    street="Musterhütte 1",
    postcode="47051",
    city="Duisburg",
    vat_id="DE254321097",
    iban="DE02100500000054540402",
)
ELECTRONICS = Business(
    number="10100007",
    name="Fiktiva Elektrotechnik GmbH",
    street="Fiktionsgasse 12",
    postcode="89073",
    city="Ulm",
    vat_id="DE243210986",
    iban="DE02300209000106531065",
)
PLASTICS = Business(
    number="10100008",
    name="Muster Kunststoffteile GmbH",
    street="Granulatweg 9",
    postcode="95028",
    city="Hof",
    vat_id="DE232109875",
    iban="DE02200505501015871393",
)
DIRECT = Business(
    number="10100009",
    name="Direktversand Beispiel GmbH",
    street="Versandring 30",
    postcode="04109",
    city="Leipzig",
    vat_id="DE221098764",
    iban="DE02100100100006820101",
)
STRANGER = Business(
    number="",
    name="Unbekannt Handels GmbH",
    street="Niemandsweg 0",
    postcode="53111",
    city="Bonn",
    vat_id="DE210987653",
    iban="DE02600501010002034304",
)
CUSTOMER = Business(
    number="20100001",
    name="Muster Anlagenbau SE",
    street="Anlagenplatz 2",
    postcode="1010",
    city="Wien",
    country="AT",
    vat_id="ATU12345678",
)
SUPPLIERS = (
    DRIVES,
    BEARINGS,
    HYDRAULICS,
    TOOLS,
    FASTENERS,
    STEEL,
    ELECTRONICS,
    PLASTICS,
    DIRECT,
)
CUSTOMERS = (CUSTOMER,)


def _item(n: int, material: str, text: str, quantity: str, price: str, **more: object) -> Item:
    """Item `n` * 10; fully received unless `received` says otherwise."""
    amount = Decimal(quantity)
    plain = Item(
        id=str(n * 10),
        material=material,
        text=text,
        quantity=amount,
        price=Decimal(price),
        received=amount,
    )
    return structs.replace(plain, **more)


SERVICED = Order(
    id="4500000990",
    partner=DRIVES,
    ordered=date(2026, 3, 2),
    received=date(2026, 3, 16),
    items=(
        _item(1, "GM-0063", "Getriebemotor GM 63", "2", "365.00", finally_invoiced=True),
        _item(2, "KU-0019", "Klauenkupplung K 19", "4", "48.50", finally_invoiced=True),
    ),
)
DRIVES_ORDER = Order(
    id="4500001001",
    partner=DRIVES,
    ordered=date(2026, 9, 7),
    received=date(2026, 10, 5),
    items=(
        _item(1, "GM-0071", "Getriebemotor GM 71", "4", "412.50"),
        _item(2, "KU-0024", "Klauenkupplung K 24", "8", "63.75"),
        _item(3, "DG-1024", "Drehgeber 1024 Impulse", "2", "189.00"),
    ),
)
BEARINGS_ORDER = Order(
    id="4500001002",
    partner=BEARINGS,
    ordered=date(2026, 9, 9),
    received=date(2026, 10, 6),
    items=(
        _item(1, "RK-6204", "Rillenkugellager 6204", "200", "315.00", per=100),
        _item(2, "SL-0025", "Stehlager 25 mm", "12", "47.20"),
        _item(3, "FB-WLT3", "Fachbuch Wälzlagertechnik", "3", "38.00", tax_rate=7),
    ),
)
HYDRAULICS_ORDER = Order(
    id="4500001003",
    partner=HYDRAULICS,
    ordered=date(2026, 9, 14),
    received=date(2026, 10, 8),
    items=(
        _item(1, "HZ-0050", "Hydraulikzylinder HZ 50", "2", "684.00", receipt_based=True),
        _item(2, "HS-0012", "Hydraulikschlauch DN 12", "25", "11.40", unit="M", receipt_based=True),
    ),
)
TOOLS_ORDER = Order(
    id="4500001004",
    partner=TOOLS,
    ordered=date(2026, 9, 16),
    items=(
        _item(1, "WP-1204", "Wendeschneidplatte 1204", "50", "6.80", receipt_expected=False),
        _item(2, "BS-HSS25", "Bohrersatz HSS 25-teilig", "5", "80.00", receipt_expected=False),
        _item(3, "SF-ER32", "Spannfutter ER 32", "1", "248.00", receipt_expected=False),
    ),
)
FASTENERS_ORDER = Order(
    id="4500001005",
    partner=FASTENERS,
    ordered=date(2026, 9, 21),
    received=date(2026, 10, 12),
    items=(
        _item(1, "HB-M12X60", "Hex bolt M12 x 60", "500", "0.46"),
        _item(2, "LN-M12", "Lock nut M12", "500", "0.17"),
    ),
)
STEEL_ORDER = Order(
    id="4500001006",
    partner=STEEL,
    ordered=date(2026, 9, 23),
    received=date(2026, 10, 14),
    items=(
        _item(
            1,
            "FS-6010",
            "Flachstahl 60 x 10",
            "100",
            "38.40",
            received=Decimal(40),
            freight=Decimal("65.00"),
        ),
        _item(2, "RS-0030", "Rundstahl 30 mm", "20", "17.50"),
    ),
)
ELECTRONICS_ORDER = Order(
    id="4500001007",
    partner=ELECTRONICS,
    ordered=date(2026, 9, 28),
    received=date(2026, 10, 15),
    items=(
        _item(1, "NT-2410", "Schaltnetzteil 24 V 10 A", "10", "125.00"),
        _item(2, "IS-0018", "Induktiver Sensor M18", "6", "54.00"),
    ),
)
PLASTICS_ORDER = Order(
    id="4500001008",
    partner=PLASTICS,
    ordered=date(2026, 9, 30),
    items=(
        _item(1, "GH-0120", "Gehäuse ABS 120 x 80", "60", "7.35", received=None),
        _item(2, "DK-0120", "Deckel ABS 120 x 80", "60", "2.65", received=None),
    ),
)
UNRELEASED = Order(
    id="4500001020",
    partner=TOOLS,
    ordered=date(2026, 10, 19),
    released=False,
    items=(_item(1, "FR-0010", "Fräser VHM 10 mm", "12", "42.00", received=None),),
)
# Quoted by an invoice, unknown to SAP.
NEVER_ORDERED = Order(
    id="4599999999",
    partner=STRANGER,
    ordered=date(2026, 10, 20),
    items=(
        _item(1, "W-1", "Werbekalender 2027", "150", "3.90"),
        _item(2, "W-2", "Kugelschreiber mit Aufdruck", "300", "0.85"),
    ),
)
PURCHASE_ORDERS = (
    SERVICED,
    DRIVES_ORDER,
    BEARINGS_ORDER,
    HYDRAULICS_ORDER,
    TOOLS_ORDER,
    FASTENERS_ORDER,
    STEEL_ORDER,
    ELECTRONICS_ORDER,
    PLASTICS_ORDER,
    UNRELEASED,
)
PUMPS_ORDER = Order(
    id="1000045",
    partner=CUSTOMER,
    ordered=date(2026, 10, 1),
    customer_reference="MA-2026-0815",
    items=(
        _item(1, "EP-0400", "Ersatzpumpe EP 400", "3", "520.00", received=None),
        _item(2, "DS-0400", "Dichtungssatz EP 400", "6", "24.00", received=None),
    ),
)
FILTERS_ORDER = Order(
    id="1000046",
    partner=CUSTOMER,
    ordered=date(2026, 10, 2),
    customer_reference="MA-2026-0816",
    items=(_item(1, "FE-0200", "Filtereinsatz 200", "20", "31.00", received=None),),
)
SALES_ORDERS = (PUMPS_ORDER, FILTERS_ORDER)


def bill(number: str, issued: date, seller: Business, ordered: Order, **more: object) -> Invoice:
    """An invoice over everything that was ordered, at the order's prices."""
    lines = tuple(
        Line(
            id=str(n),
            material=item.material,
            text=item.text,
            quantity=item.quantity,
            unit=item.unit,
            price=item.price,
            per=item.per,
            tax_rate=item.tax_rate,
            order_item=item.id,
        )
        for n, item in enumerate(ordered.items, start=1)
    )
    due = date.fromordinal(issued.toordinal() + 30)
    plain = Invoice(
        number=number, issued=issued, due=due, seller=seller, lines=lines, order=ordered.id
    )
    return structs.replace(plain, **more)


def changed(invoice: Invoice, line: str, **fields: object) -> Invoice:
    """The invoice with some fields of one line changed."""
    lines = tuple(structs.replace(ln, **fields) if ln.id == line else ln for ln in invoice.lines)
    return structs.replace(invoice, lines=lines)
