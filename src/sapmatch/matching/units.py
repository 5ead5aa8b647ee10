"""Units of measure under one name: UN/ECE Recommendation 20, ISO and SAP's own codes."""

from decimal import ROUND_HALF_UP, Context, Decimal

from sapmatch.model.order import OrderItem

# More digits than any quantity times price times conversion can have.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)

_STEP = Decimal("0.001")

# Name -> how many of the smallest unit of its kind it holds, and the codes in use for it.
_KINDS: dict[str, tuple[tuple[int, str], ...]] = {
    "piece": (
        (1, "C62 EA H87 PCE PC PCS ST STK STCK STUECK STÜCK PIECE PIECES NAR UNIT UNITS"),
        (1, "LE AU E48 LS"),  # services: SAP's activity unit, lump sum
        (12, "DZN DZ"),
        (100, "CEN"),
        (1000, "MIL TS"),
    ),
    "mass": ((1, "GRM G"), (1000, "KGM KG KILO"), (1_000_000, "TNE TO T")),
    "length": ((1, "MMT MM"), (10, "CMT CM"), (1000, "MTR M METER LFM"), (1_000_000, "KMT KM")),
    "area": ((1, "MTK M2 QM"),),
    "volume": ((1, "MLT ML"), (1000, "LTR L LITER"), (1_000_000, "MTQ M3 CBM")),
    "hours": ((1, "MIN"), (60, "HUR H HR STD STDN STUNDE STUNDEN HOUR HOURS")),
    "days": ((1, "DAY TAG TAGE DAYS"),),
    "months": ((1, "MON MONAT MONATE"),),
    "years": ((1, "ANN"),),
    "box": ((1, "BX BOX"),),
    "carton": ((1, "CT KAR CAR KARTON"),),
    "package": ((1, "PK PAK PA"),),
    "pair": ((1, "PR PAA PAAR"),),
    "set": ((1, "SET SATZ"),),
    "roll": ((1, "RO ROL ROLLE ROLLEN"),),
}
_CODES = {
    code: (kind, factor)
    for kind, rows in _KINDS.items()
    for factor, codes in rows
    for code in codes.split()
}


def convert(quantity: Decimal, unit: str, to: str) -> Decimal | None:
    """The quantity in another unit; None where the two are not of one kind (MA-P29)."""
    kind, factor = _CODES.get(_code(unit), (_code(unit), 1))
    other, divisor = _CODES.get(_code(to), (_code(to), 1))
    if kind != other:
        return None
    if factor == divisor:
        return quantity
    return EXACT.divide(EXACT.multiply(quantity, Decimal(factor)), Decimal(divisor))


def in_order_unit(quantity: Decimal, unit: str | None, item: OrderItem) -> Decimal | None:
    """An invoiced quantity in the order item's unit, over its price unit where needed (MA-P28).

    A missing unit is taken for the order's: missing is not different. None: not comparable.
    """
    if not unit:
        return quantity
    direct = convert(quantity, unit, item.unit)
    if direct is not None or not item.price_unit:
        return direct
    priced = convert(quantity, unit, item.price_unit)
    if priced is None:
        return None
    scaled = EXACT.multiply(priced, item.price_unit_denominator)
    return EXACT.divide(scaled, item.price_unit_numerator)


def sap_quantity(quantity: Decimal) -> Decimal:
    """The quantity as SAP keeps it: three decimals, none of them written in vain."""
    kept = quantity.quantize(_STEP, context=EXACT)
    whole = kept.to_integral_value()
    return whole if kept == whole else kept.normalize()


def _code(unit: str) -> str:
    return unit.strip().rstrip(".").upper()
