"""Drawings of tents, shelters and what holds them up."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import BRASS, CREAM, INK, LEATHER, STEEL, STEEL_DARK, WOOD, WOOD_DARK, Drawing, Sketch


def _grass(s: Sketch) -> None:
    s.ellipse(200, 332, 185, 22, "#8ea36c", 0.55)
    for x in (52, 96, 318, 352):
        at = s.vary(x, 14)
        s.line(f"M{at} 334 q-3 -14 -7 -18 M{at} 334 q2 -14 6 -20", "#6f8752", 3)


def dome(s: Sketch, _style: str) -> None:
    """A freestanding dome with its door rolled back."""
    _grass(s)
    top, wide, door = s.vary(134, 14), s.vary(148, 12), s.vary(44, 6)
    left, right = 200 - wide, 200 + wide
    s.line(f"M{left + 6} 318 L{left - 28} 334 M{right - 6} 318 L{right + 28} 334", INK, 2)
    s.path(f"M{left} 328 C{left + 30} {top + 40} 150 {top} 200 {top} S{right - 30} {top + 40} {right} 328 Z", s.main)
    s.path(f"M200 {top} C260 {top} {right - 30} {top + 40} {right} 328 L278 328 C276 250 250 170 200 {top} Z", s.dark)
    s.path(f"M200 {top} C150 {top} {left + 30} {top + 40} {left} 328 L122 328 C124 250 150 170 200 {top} Z", s.light)
    s.path(
        f"M{200 - door} 328 Q{200 - door + 4} 220 200 202 Q{200 + door - 4} 220 {200 + door} 328 Z", INK, opacity=0.72
    )
    s.path(f"M{200 + door} 328 Q{196 + door} 220 200 202 Q{214 + door} 240 {222 + door} 328 Z", CREAM)
    s.line(f"M122 328 C124 250 150 170 200 {top} C250 170 276 250 278 328", CREAM, 4, 0.75)
    s.line(f"M{left + 18} 300 H122 M278 300 H{right - 18}", s.ground, 3, 0.5)


def ridge(s: Sketch, _style: str) -> None:
    """An old-fashioned A-frame tent on two poles."""
    _grass(s)
    top, slope = s.vary(128, 10), s.vary(104, 10)
    s.line(f"M150 {top - 16} V330 M312 {top + 20} V318", WOOD_DARK, 7)
    s.line(f"M150 {top - 8} L34 336 M312 {top + 24} L378 330", INK, 2)
    s.path(f"M150 {top} L312 {top + 30} L{278 + slope} 318 L{150 + slope} 330 Z", s.dark)
    s.path(f"M150 {top} L{150 - slope} 330 L{150 + slope} 330 Z", s.main)
    s.path(f"M150 {top + 4} L124 330 L176 330 Z", INK, opacity=0.7)
    s.path(
        f"M150 {top + 4} L176 330 L206 330 Q176 250 150 {top + 4} Z M150 {top + 4} L124 330 L94 330 Q124 250 150 {top + 4} Z",
        s.light,
    )
    s.line(f"M150 {top} L312 {top + 30}", s.light, 4)


def tipi(s: Sketch, _style: str) -> None:
    """A bell tent or a hanging net: one peak, wide skirts."""
    _grass(s)
    top, wide, eave = s.vary(96, 12), s.vary(152, 8), s.vary(270, 10)
    left, right = 200 - wide, 200 + wide
    s.line(f"M200 {top} V{top - 20}", WOOD_DARK, 7)
    s.line(f"M{left} {eave} L{left - 30} 336 M{right} {eave} L{right + 30} 336", INK, 2)
    s.path(
        f"M200 {top} Q160 200 {left} {eave} L{left + 8} 330 H{right - 8} L{right} {eave} Q240 200 200 {top} Z", s.main
    )
    s.path(f"M200 {top} Q240 200 {right} {eave} L{right - 8} 330 H262 Q258 200 200 {top} Z", s.dark, opacity=0.7)
    s.path(f"M200 {top} Q160 200 {left} {eave} L{left + 8} 330 H104 Q150 200 200 {top} Z", s.light, opacity=0.8)
    s.line(f"M{left} {eave} Q200 {eave + 26} {right} {eave}", s.dark, 3, 0.6)
    s.path(f"M200 {top + 58} Q176 220 166 330 H234 Q224 220 200 {top + 58} Z", INK, opacity=0.66)
    s.path(f"M200 {top + 58} Q176 220 166 330 H140 Q168 230 200 {top + 58} Z", CREAM)
    s.path(f"M200 {top + 58} Q224 220 234 330 H260 Q232 230 200 {top + 58} Z", CREAM)


def tunnel(s: Sketch, _style: str) -> None:
    """A long tunnel held up by three hoops."""
    _grass(s)
    top = s.vary(168, 10)
    s.path(f"M60 328 C60 {top - 20} 150 {top - 8} 160 {top} L330 {top + 30} C366 {top + 50} 372 290 374 328 Z", s.dark)
    s.path(f"M124 328 C128 {top + 50} 150 {top} 160 {top} L256 {top + 16} C246 {top + 40} 236 280 234 328 Z", s.main)
    s.path(f"M234 328 C236 280 246 {top + 40} 256 {top + 16} L330 {top + 30} C318 250 314 290 312 328 Z", s.light)
    s.path(f"M28 328 C28 {top + 10} 76 {top - 12} 100 {top - 12} S172 {top + 10} 172 328 Z", s.main)
    s.path(f"M58 328 C58 {top + 40} 80 {top + 22} 100 {top + 22} S142 {top + 40} 142 328 Z", INK, opacity=0.7)
    s.path(f"M142 328 C142 {top + 40} 120 {top + 22} 100 {top + 22} Q150 250 160 328 Z", CREAM)
    s.rect(262, 246, 34, 26, CREAM, 5, 0.85)


def tarp(s: Sketch, _style: str) -> None:
    """A sheet pitched between two poles."""
    _grass(s)
    sag, high = s.vary(30, 10), s.vary(132, 12)
    s.line(f"M70 {high} V332 M330 {high + 8} V332", WOOD_DARK, 8)
    s.line(f"M70 {high} L26 334 M330 {high + 8} L376 334 M118 266 L92 334 M296 272 L322 334", INK, 2)
    s.path(f"M70 {high} Q200 {high + sag} 330 {high + 8} L296 272 Q206 {266 + sag} 118 266 Z", s.main)
    s.path(f"M70 {high} Q130 {high + sag * 0.7} 190 {high + sag * 0.9} L150 272 L118 266 Z", s.light)
    s.path(f"M330 {high + 8} Q290 {high + sag * 0.8} 250 {high + sag} L262 280 L296 272 Z", s.dark)
    for x, y in ((70, high), (330, high + 8), (118, 266), (296, 272)):
        s.circle(x, y, 6, BRASS)


def hammock(s: Sketch, _style: str) -> None:
    """A hammock slung between two trunks."""
    _grass(s)
    low = s.vary(282, 12)
    for x in (34, 330):
        s.path(f"M{x} 40 H{x + 36} L{x + 42} 332 H{x - 6} Z", WOOD_DARK)
        s.path(f"M{x} 40 H{x + 12} L{x + 8} 332 H{x - 6} Z", WOOD)
    s.line("M70 150 L112 186 M330 150 L288 186", INK, 4)
    s.path(f"M104 178 Q200 {low + 40} 296 178 Q280 {low + 20} 200 {low + 22} Q120 {low + 20} 104 178 Z", s.dark)
    s.path(f"M104 178 Q200 {low - 40} 296 178 Q250 {low + 26} 200 {low + 28} Q150 {low + 26} 104 178 Z", s.main)
    for x in (140, 170, 200, 230, 260):
        s.line(
            f"M{x} {205 + (60 - abs(200 - x)) * 0.62:.0f} Q{x} 260 {200 + (x - 200) * 0.7:.0f} {low + 4}",
            s.light,
            5,
            0.8,
        )
    s.path(f"M116 192 Q150 {low - 62} 166 {low - 52} L150 {low - 22} Q124 230 116 192 Z", CREAM)


def windbreak(s: Sketch, _style: str) -> None:
    """Striped panels between poles in the sand."""
    s.ellipse(200, 326, 188, 26, "#e3cb9b", 0.9)
    tops = [s.vary(168, 5) for _ in range(5)]
    xs = [40, 122, 204, 284, 360]
    for i in range(4):
        a, b, x0, x1 = tops[i], tops[i + 1], xs[i], xs[i + 1]
        s.polygon([(x0, a), (x1, b), (x1, 306 - i % 2 * 6), (x0, 300 + i % 2 * 6)], s.main if i % 2 else s.light)
        third = (x1 - x0) / 3
        s.polygon([(x0 + third, a), (x0 + third * 2, b), (x0 + third * 2, 303), (x0 + third, 303)], CREAM, 0.85)
    for x, top in zip(xs, tops, strict=True):
        s.line(f"M{x} {top - 18} V328", WOOD_DARK, 8)


def bivvy(s: Sketch, _style: str) -> None:
    """A low one-person bag with an opening at the head."""
    _grass(s)
    head = s.vary(196, 10)
    s.path(
        f"M36 322 Q40 {head} 116 {head} C190 {head + 6} 260 262 364 286 Q384 320 356 328 H60 Q38 330 36 322 Z", s.main
    )
    s.path("M150 318 Q270 300 374 310 Q372 326 356 328 H60 Q100 318 150 318 Z", s.dark)
    s.path(f"M66 300 Q60 {head + 32} 112 {head + 26} Q160 {head + 34} 156 300 Q110 316 66 300 Z", INK, opacity=0.72)
    s.path("M74 304 Q110 280 150 304 Q110 316 74 304 Z", CREAM)
    s.line(f"M156 {head + 30} Q256 262 340 296", s.light, 4)


def pegs(s: Sketch, _style: str) -> None:
    """A fan of tent pegs."""
    s.shadow(110)
    for i in range(5):
        lean = (i - 2) * s.vary(13, 2)

        def peg(x: int = 200) -> None:
            s.polygon([(x - 8, 110), (x + 8, 110), (x + 5, 290), (x, 322), (x - 5, 290)], STEEL)
            s.polygon([(x, 110), (x + 8, 110), (x + 5, 290), (x, 322)], STEEL_DARK)
            s.path(f"M{x - 14} 96 h28 v14 h-22 v16 h-6 z", s.main)
            s.line(f"M{x} 126 q-18 -52 0 -58 q16 4 4 50", s.dark, 4)

        s.turned(lean, peg, 200, 350)


def folded(s: Sketch, style: str) -> None:
    """Cloth folded into a neat pile."""
    s.shadow(140)
    layers = 4 if style == "stripe" else 3
    high = s.vary(34, 3)
    for i in range(layers):
        y, tone = 328 - (i + 1) * high, (s.main, s.light, s.dark)[i % 3]
        inset = s.vary(6, 5)
        s.path(f"M{84 + inset} {y + high} q-22 -{high / 2} 0 -{high} H{318 - inset} v{high} Z", tone)
        s.line(f"M{96 + inset} {y + high / 2} H{318 - inset}", s.ground, 3, 0.5)
        if style == "stripe":
            s.rect(240, y + 2, 10, high - 4, CREAM, 0, 0.9)
            s.rect(260, y + 2, 5, high - 4, CREAM, 0, 0.9)
    if style != "stripe":
        top = 328 - layers * high
        s.path(f"M250 {top} h26 v{layers * high} h-26 z", LEATHER)
        s.rect(246, top + 40, 34, 24, BRASS, 4)
        s.rect(253, top + 46, 20, 12, LEATHER, 2)


def gazebo(s: Sketch, _style: str) -> None:
    """A pavilion on four legs with a scalloped edge."""
    _grass(s)
    top = s.vary(82, 8)
    for x in (58, 122, 278, 342):
        s.line(f"M{x} 190 V{330 if x in (58, 342) else 316}", STEEL_DARK if x in (122, 278) else STEEL, 7)
    s.path(f"M200 {top} Q140 150 40 178 H360 Q260 150 200 {top} Z", s.main)
    s.path(f"M200 {top} Q230 150 262 178 H360 Q260 150 200 {top} Z", s.dark)
    s.path(f"M200 {top} Q170 150 138 178 H40 Q140 150 200 {top} Z", s.light)
    for i in range(8):
        s.path(f"M{40 + i * 40} 178 h40 v16 q-20 24 -40 0 z", (s.main, CREAM)[i % 2])


DRAWINGS: dict[str, Drawing] = {
    "dome": dome, "ridge": ridge, "tipi": tipi, "tunnel": tunnel, "tarp": tarp, "hammock": hammock,
    "windbreak": windbreak, "bivvy": bivvy, "pegs": pegs, "folded": folded, "gazebo": gazebo,
}  # fmt: skip
