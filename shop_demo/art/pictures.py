"""Puts a picture together: a backdrop, then the drawing of the product's shape."""

from __future__ import annotations

import hashlib
import json

from shop_demo.art import (
    bags,
    bedding,
    clothing,
    coffee,
    footwear,
    garden,
    kitchen,
    lighting,
    stationery,
    tents,
)  # fmt: skip
from shop_demo.art.colours import palette_from
from shop_demo.art.sketch import Drawing, Sketch

# Part of every fingerprint: raise it when a drawing changes, and browsers fetch the pictures again.
ART_VERSION = 1

DRAWINGS: dict[str, Drawing] = {
    **tents.DRAWINGS, **bags.DRAWINGS, **clothing.DRAWINGS, **footwear.DRAWINGS, **kitchen.DRAWINGS,
    **coffee.DRAWINGS, **lighting.DRAWINGS, **bedding.DRAWINGS, **stationery.DRAWINGS, **garden.DRAWINGS,
}  # fmt: skip


def fingerprint(sku: str, name: str, spec: object) -> str:
    """A short name for exactly this picture."""
    text = json.dumps([ART_VERSION, sku, name, spec], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def draw(sku: str, name: str, spec: object) -> str:
    """The picture of a product as an SVG document.

    Args:
        sku: seeds what varies from one picture of a shape to the next.
        name: becomes the document's title, escaped.
        spec: ``{"shape", "style", "palette"}``; an unknown shape is drawn as a parcel.
    """
    given = spec if isinstance(spec, dict) else {}
    sketch = Sketch(sku, palette_from(given.get("palette")))
    _backdrop(sketch)
    DRAWINGS.get(str(given.get("shape")), _parcel)(sketch, str(given.get("style", "")))
    return sketch.svg(name)


def _backdrop(s: Sketch) -> None:
    s.rect(0, 0, 400, 400, s.ground)
    kind, x, y = s.pick("sun", "arch", "hill", "window"), s.vary(200, 40), s.vary(180, 24)
    if kind == "sun":
        s.circle(x, y, s.vary(136, 16), s.glow, 0.55)
    elif kind == "arch":
        half = s.vary(124, 14)
        s.path(f"M{x - half} 400 V{y} a{half} {half} 0 0 1 {half * 2} 0 V400 Z", s.glow, opacity=0.5)
    elif kind == "hill":
        s.circle(x + 60, y - 60, s.vary(46, 10), s.glow, 0.7)
        s.path(f"M0 {y + 90} Q{x - 60} {y} {x} {y + 66} T400 {y + 40} V400 H0 Z", s.glow, opacity=0.5)
    else:
        s.rect(x - 128, y - 120, 256, s.vary(250, 14), s.glow, 28, 0.5)
    s.path(f"M0 {s.vary(322, 5)} H400 V400 H0 Z", s.glow, opacity=0.38)


def _parcel(s: Sketch, _style: str) -> None:
    s.shadow(110)
    s.rect(100, 160, 200, 170, s.main, 8)
    s.rect(100, 160, 200, 48, s.light, 8)
    s.rect(186, 160, 28, 170, s.dark, 0, 0.6)
