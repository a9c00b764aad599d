"""A small pencil: collects SVG elements on a 400 x 400 sheet, with chance seeded from the product."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from html import escape

from shop_demo.art.colours import Palette

WOOD, WOOD_DARK = "#cfa570", "#a97c4b"
STEEL, STEEL_DARK, STEEL_LIGHT = "#c3c9ce", "#8d969e", "#e6eaec"
INK, CREAM, PAPER, BRASS, LEATHER = "#3b3a40", "#f6efe2", "#fffdf8", "#d2a24c", "#8a5a3b"
FLAME, GREEN, RUBBER = "#ffcf6b", "#7d9b64", "#4a4648"

Point = tuple[float, float]


class Sketch:
    """One drawing in progress. Coordinates are in sheet units; (0, 0) is the top left."""

    def __init__(self, seed: str, palette: Palette) -> None:
        self.main, self.dark, self.light = palette.main, palette.dark, palette.light
        self.ground, self.glow = palette.ground, palette.glow
        self._random = random.Random(seed)  # noqa: S311  # decoration, not security
        self._elements: list[str] = []

    def vary(self, value: float, spread: float) -> int:
        """A whole number near ``value``, at most ``spread`` away."""
        return round(self._random.uniform(value - spread, value + spread))

    def pick(self, *choices: str) -> str:
        """One of the choices."""
        return self._random.choice(choices)

    def path(self, d: str, fill: str = "none", stroke: str = "", width: float = 0, opacity: float = 1) -> None:
        """A path; ``d`` is written by the drawings, never taken from a product."""
        self._add("path", {"d": d}, fill, stroke, width, opacity)

    def line(self, d: str, stroke: str, width: float = 4, opacity: float = 1) -> None:
        """A stroked path without a filling."""
        self._add("path", {"d": d}, "none", stroke, width, opacity)

    def rect(self, x: float, y: float, w: float, h: float, fill: str, r: float = 0, opacity: float = 1) -> None:
        """A rectangle with corners of radius ``r``."""
        self._add("rect", {"x": x, "y": y, "width": w, "height": h, "rx": r}, fill, "", 0, opacity)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: str, opacity: float = 1) -> None:
        """An ellipse around (x, y)."""
        self._add("ellipse", {"cx": x, "cy": y, "rx": rx, "ry": ry}, fill, "", 0, opacity)

    def circle(self, x: float, y: float, r: float, fill: str, opacity: float = 1) -> None:
        """A circle around (x, y)."""
        self.ellipse(x, y, r, r, fill, opacity)

    def polygon(self, points: Sequence[Point], fill: str, opacity: float = 1) -> None:
        """A closed straight-edged shape."""
        d = "M" + " L".join(f"{x} {y}" for x, y in points) + " Z"
        self.path(d, fill, opacity=opacity)

    def shadow(self, half_width: float, y: float = 334) -> None:
        """The soft shadow a thing throws on the floor."""
        self.ellipse(200, y, half_width, 11, "#3a2f2a", 0.14)

    def turned(self, degrees: float, draw: Callable[[], None], x: float = 200, y: float = 200) -> None:
        """Run ``draw`` with everything it adds turned around (x, y)."""
        self._elements.append(f'<g transform="rotate({degrees} {x} {y})">')
        draw()
        self._elements.append("</g>")

    def svg(self, title: str) -> str:
        """The finished document. ``title`` is escaped; nothing else comes from outside the drawings."""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
            f"<title>{escape(title)}</title>{''.join(self._elements)}</svg>"
        )

    def _add(self, tag: str, shape: dict[str, object], fill: str, stroke: str, width: float, opacity: float) -> None:
        attributes = {**shape, "fill": fill}
        if stroke:
            attributes |= {"stroke": stroke, "stroke-width": width}
            attributes |= {"stroke-linecap": "round", "stroke-linejoin": "round"}
        if opacity != 1:
            attributes["opacity"] = opacity
        self._elements.append(f"<{tag} " + " ".join(f'{k}="{v}"' for k, v in attributes.items()) + "/>")


Drawing = Callable[[Sketch, str], None]
