"""Units of measure: their spellings, and the base unit each is counted in, so that 0.42 kg equals 420 g."""

from __future__ import annotations

from decimal import Decimal

# Base unit, then "factor: spellings". A unit that nothing else converts to is its own base.
_TABLE: dict[str, dict[str, str]] = {
    "g": {
        "0.001": "mg milligram milligrams milligramme milligrammes",
        "1": "g gm gr gram grams gramme grammes",
        "1000": "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
    },
    "lb": {"1": "lb lbs pound pounds", "0.0625": "oz ounce ounces"},
    "mm": {
        "1": "mm millimetre millimetres millimeter millimeters",
        "10": "cm cms centimetre centimetres centimeter centimeters",
        "1000": "m metre metres meter meters",
        "1000000": "km kilometre kilometres kilometer kilometers",
    },
    "inch": {"1": "inch inches ″", "12": "ft foot feet", "36": "yd yard yards", "63360": "mile miles"},
    "ml": {
        "1": "ml millilitre millilitres milliliter milliliters",
        "10": "cl centilitre centilitres centiliter centiliters",
        "1000": "l lt ltr litre litres liter liters",
    },
    "floz": {"1": "floz"},
    "pint": {"1": "pint pints", "2": "quart quarts", "8": "gallon gallons"},
    "mm2": {
        "1": "mm2 mm²",
        "100": "cm2 cm² sqcm",
        "1000000": "m2 m² sqm",
    },
    "s": {
        "1": "s sec secs second seconds",
        "60": "min mins minute minutes",
        "3600": "h hr hrs hour hours",
        "86400": "day days",
        "604800": "week weeks",
    },
    "month": {"1": "month months", "12": "yr yrs year years"},
    "w": {"1": "w watt watts", "1000": "kw kilowatt kilowatts"},
    "wh": {"1": "wh", "1000": "kwh"},
    "v": {"1": "v volt volts"},
    "mah": {"1": "mah", "1000": "ah"},
    "hz": {"1": "hz hertz", "1000": "khz", "1000000": "mhz megahertz", "1000000000": "ghz gigahertz"},
    "mb": {
        "0.001": "kb kilobyte kilobytes",
        "1": "mb megabyte megabytes",
        "1000": "gb gigabyte gigabytes gig gigs",
        "1000000": "tb terabyte terabytes",
    },
    "°": {"1": "° degree degrees deg"},
    "°c": {"1": "°c ℃ celsius"},
    "°f": {"1": "°f ℉ fahrenheit"},
    "%": {"1": "% percent"},
    "lumen": {"1": "lm lumen lumens"},
    "k": {"1": "kelvin"},
    "mp": {"1": "mp megapixel megapixels"},
    "px": {"1": "px pixel pixels"},
    "dpi": {"1": "dpi"},
    "fps": {"1": "fps"},
    "rpm": {"1": "rpm"},
    "bar": {"1": "bars bar"},
    "psi": {"1": "psi"},
    "db": {"1": "db decibel decibels"},
    "gsm": {"1": "gsm"},
    "tog": {"1": "tog togs"},
    "denier": {"1": "denier"},
    "calorie": {"1": "kcal calorie calories"},
}

UNITS: dict[str, tuple[str, Decimal]] = {
    spelling: (base, Decimal(factor))
    for base, scale in _TABLE.items()
    for factor, spellings in scale.items()
    for spelling in spellings.split()
}
"""Each spelling, in small letters: its base unit and how many of it one is."""


# A number behind which a glued "in" is inches; as a word of its own it is a preposition.
GLUED = {"in": UNITS["inch"], "k": UNITS["kelvin"]}

CURRENCY_SIGNS = "$€£¥₹₩₽₺₫₪฿¢"
_CURRENCIES = (
    "dollar dollars euro euros cent cents pence penny quid bucks yen rupee rupees usd eur gbp jpy chf aud cad inr"
    " sek nok dkk pln czk"
)
CURRENCY_WORDS = frozenset(_CURRENCIES.split())
