"""Drawings of pans, boards, bowls and what lies beside them."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import (
    BRASS,
    CREAM,
    GREEN,
    INK,
    LEATHER,
    PAPER,
    STEEL,
    STEEL_DARK,
    STEEL_LIGHT,
    WOOD,
    WOOD_DARK,
    Drawing,
    Sketch,
)


def casserole(s: Sketch, style: str) -> None:
    """A lidded pot with two handles; ``tall`` is a stock pot."""
    s.shadow(140)
    top = 172 if style == "tall" else s.vary(214, 8)
    s.path(
        f"M84 {top + 24} h-24 q-18 0 -18 18 q0 18 18 18 h24 M316 {top + 24} h24 q18 0 18 18 q0 18 -18 18 h-24",
        "none",
        s.dark,
        14,
    )
    s.path(f"M80 {top} H320 L312 300 q-2 32 -34 32 H122 q-32 0 -34 -32 Z", s.main)
    s.path(f"M272 {top} H320 L312 300 q-2 32 -34 32 H246 Q272 300 272 {top} Z", s.dark, opacity=0.5)
    s.line(f"M106 {top + 20} L110 290", s.light, 12, 0.8)
    s.path(f"M72 {top} Q76 {top - 42} 200 {top - 46} Q324 {top - 42} 328 {top} Z", s.light)
    s.path(f"M240 {top - 45} Q324 {top - 40} 328 {top} H250 Z", s.main, opacity=0.8)
    s.rect(68, top - 6, 264, 14, s.dark, 7)
    s.rect(178, top - 74, 44, 20, BRASS if style != "tall" else STEEL_DARK, 9)
    s.rect(192, top - 60, 16, 18, BRASS if style != "tall" else STEEL_DARK)


def skillet(s: Sketch, style: str) -> None:
    """A frying pan seen from above."""
    r = s.vary(112, 6)
    metal, inside = (s.main, s.dark) if style != "handle" else (s.main, STEEL_LIGHT)

    def pan() -> None:
        s.ellipse(200, 246, r + 4, r, "#3a2f2a", 0.14)
        s.rect(184, 20, 32, 130, BRASS if style == "handle" else s.main, 14)
        s.ellipse(200, 42, 7, 10, s.ground)
        s.circle(200, 236, r, metal)
        s.circle(200, 236, r - 12, inside)
        s.circle(200, 236, r - 26, s.main if style != "handle" else STEEL, 0.8)
        s.path(f"M{200 - r + 34} 236 a{r - 34} {r - 34} 0 0 1 {r - 34} -{r - 34}", "none", s.light, 7, 0.7)
        if style == "handle":
            for x, y in ((190, 132), (210, 132), (200, 146)):
                s.circle(x, y, 5, LEATHER)

    s.turned(s.vary(36, 6), pan, 200, 214)


def saucepan(s: Sketch, _style: str) -> None:
    """A small pan with a long handle and a glass lid."""
    s.shadow(110)
    top = s.vary(214, 6)
    s.line(f"M274 {top + 30} L374 {top - 2}", STEEL_DARK, 17)
    s.path(f"M84 {top} H284 L278 306 q-2 24 -26 24 H116 q-24 0 -26 -24 Z", s.main)
    s.path(f"M244 {top} H284 L278 306 q-2 24 -26 24 H226 Z", s.dark, opacity=0.5)
    s.line(f"M110 {top + 16} L113 300", STEEL_LIGHT, 13)
    s.path(f"M80 {top} Q90 {top - 40} 184 {top - 42} Q278 {top - 40} 288 {top} Z", "#dfeaec", opacity=0.85)
    s.rect(76, top - 6, 216, 12, STEEL_DARK, 6)
    s.circle(184, top - 52, 14, INK)


def board(s: Sketch, style: str) -> None:
    """A chopping board, square or ``round`` with a handle."""

    def wood() -> None:
        if style == "round":
            s.rect(176, 40, 48, 110, s.main, 22)
            s.circle(200, 66, 9, s.ground)
            s.line("M200 62 q-22 -30 0 -40 q22 10 0 40", LEATHER, 5)
            s.circle(206, 246, 108, s.dark)
            s.circle(200, 240, 108, s.main)
            rings = range(30, 108, s.vary(20, 3))
            for r in rings:
                s.path(f"M{200 - r} 240 a{r} {r * 0.8:.0f} 0 0 1 {r * 2} 0", "none", s.dark, 3, 0.45)
        else:
            s.rect(76, 112, 260, 200, s.dark, 18)
            s.rect(70, 104, 260, 200, s.main, 18)
            s.path("M90 124 h220 v160 h-220 z", "none", s.dark, 5, 0.55)
            for y in range(140, 284, s.vary(26, 4)):
                s.line(f"M102 {y} q50 -10 100 0 t96 -2", s.dark, 2, 0.4)
            s.rect(174, 112, 52, 14, s.ground, 7)

    s.turned(s.vary(-8, 5), wood)
    if style == "round":
        s.path("M186 220 q30 -40 66 -10 l8 44 h-80 z", "#f0cf6f")
        s.circle(222, 236, 8, "#d6ad47")
    else:
        s.path("M222 232 q34 -40 60 4 q-6 46 -34 48 q-32 -4 -26 -52 z", "#cf4f3a")
        s.path("M250 216 q4 -16 18 -18 q-4 14 -18 18 z", GREEN)


def knife(s: Sketch, style: str) -> None:
    """A knife: cook's, ``small`` or ``bread``."""

    def blade() -> None:
        length = {"small": 110, "bread": 208}.get(style, 178) + s.vary(0, 5)
        top, end = 176, 204 + length - 100
        s.rect(40, 184, 128, 34, s.main, 14)
        s.rect(40, 200, 128, 18, s.dark, 10, 0.5)
        for x in (66, 102, 138):
            s.circle(x, 200, 5, BRASS)
        s.rect(164, 180, 12, 40, STEEL_DARK, 3)
        if style == "bread":
            s.path(f"M176 {top + 6} H{end + 40} q16 14 0 36 H176 Z", STEEL)
            for x in range(182, end + 36, 14):
                s.path(f"M{x} 218 h14 l-7 9 z", STEEL)
            s.line(f"M180 {top + 14} H{end + 36}", STEEL_LIGHT, 6)
        else:
            s.path(f"M176 {top + 2} H{end} Q{end + 44} {top + 8} {end + 62} 200 Q{end} 236 176 236 Z", STEEL)
            s.path(f"M176 222 Q{end} 220 {end + 62} 200 Q{end} 236 176 236 Z", STEEL_LIGHT)
            s.line(f"M182 {top + 8} H{end}", STEEL_DARK, 3)

    s.ellipse(206, 262, 150, 12, "#3a2f2a", 0.12)
    s.turned(s.vary(-24, 6), blade)


def bowls(s: Sketch, style: str) -> None:
    """Nested bowls, or ``one``."""
    s.shadow(118)
    sizes = [(142, 0, s.main)] if style == "one" else [(142, 0, s.main), (114, 66, s.light), (86, 122, s.dark)]
    for half, lift, tone in reversed(sizes) if style != "one" else sizes:
        y = 226 - lift if style != "one" else s.vary(206, 8)
        deep = 334 - lift if style != "one" else 332
        s.path(f"M{200 - half} {y} Q{206 - half} {deep} 172 {deep} H228 Q{194 + half} {deep} {200 + half} {y} Z", tone)
        s.path(
            f"M{160 + half} {y} H{200 + half} Q{194 + half} {deep} 228 {deep} H206 Q{158 + half} {deep - 8} {160 + half} {y} Z",
            s.dark,
            opacity=0.3,
        )
        s.ellipse(200, y, half, half * 0.17, s.light if tone != s.light else CREAM)
        s.ellipse(200, y + 3, half - 12, half * 0.12, s.dark, 0.5)
    if style == "one":
        s.ellipse(200, 214, 118, 12, "#f2dfb6")
        for _ in range(16):
            s.circle(s.vary(200, 96), s.vary(276, 36), 2.5, s.dark, 0.5)


def plate(s: Sketch, _style: str) -> None:
    """A plate from above, with fork and knife."""
    s.ellipse(204, 212, 128, 126, "#3a2f2a", 0.13)
    s.circle(200, 204, 124, s.main)
    s.circle(200, 204, 118, PAPER, 0.55)
    s.circle(200, 204, s.vary(82, 5), s.main)
    s.circle(200, 204, 74, s.light, 0.7)
    s.line("M42 110 V190 M30 110 V160 Q30 184 42 190 Q54 184 54 160 V110 M42 190 V304", STEEL_DARK, 6)
    s.path("M352 106 Q374 140 366 214 H352 Z", STEEL)
    s.line("M356 214 V304", STEEL_DARK, 8)


def spoons(s: Sketch, _style: str) -> None:
    """Wooden spoons fanned out of one place."""
    s.shadow(70, 342)
    for lean, kind in ((-22, 0), (0, 1), (22, 2)):

        def one(kind: int = kind) -> None:
            s.rect(192, 130, 16, 204, WOOD_DARK if kind == 1 else s.main, 8)
            if kind == 1:
                s.path("M170 60 h60 v56 q-14 26 -30 26 q-16 0 -30 -26 z", s.main)
                s.line("M186 66 v44 M200 66 v48 M214 66 v44", s.ground, 5)
            else:
                s.ellipse(200, 98, 32, 46, s.main)
                s.ellipse(200, 102, 22, 34, s.dark, 0.45 if kind else 0.3)

        s.turned(lean + s.vary(0, 3), one, 200, 380)
    s.rect(168, 286, 64, 26, LEATHER, 8)


def jar(s: Sketch, _style: str) -> None:
    """Three storage jars and what is in them."""
    s.shadow(156)
    for x, top, fill in ((52, 168, "#e7d3ab"), (152, 132, "#d9a566"), (252, 186, "#f3ead6")):
        top += s.vary(0, 8)
        s.rect(x, top, 96, 332 - top, "#e3eeea", 14, 0.85)
        level = top + s.vary(60, 16)
        s.path(f"M{x + 8} {level} q20 -8 40 0 t40 0 V316 q0 8 -8 8 H{x + 16} q-8 0 -8 -8 Z", fill)
        s.rect(x + 12, top + 20, 8, 90, PAPER, 4, 0.8)
        s.rect(x - 2, top - 22, 100, 26, WOOD, 8)
        s.rect(x + 4, top + 2, 88, 7, s.main, 3)
        s.rect(x + 26, level + 34, 46, 28, PAPER, 4)


def apron(s: Sketch, _style: str) -> None:
    """An apron hanging up."""
    s.line("M150 118 Q160 40 200 36 Q240 40 250 118", s.dark, 10)
    s.path("M150 108 H250 Q256 176 306 190 L312 330 Q200 346 88 330 L94 190 Q144 176 150 108 Z", s.main)
    s.path("M250 108 Q256 176 306 190 L312 330 Q290 336 262 338 Q270 200 236 108 Z", s.dark, opacity=0.35)
    s.line("M96 200 Q60 220 48 266 M304 200 Q340 220 352 266", s.dark, 8)
    y = s.vary(232, 6)
    s.rect(120, y, 72, 66, s.light, 8)
    s.rect(208, y, 72, 66, s.light, 8)
    s.line(f"M152 124 H248 M120 {y + 10} h72 M208 {y + 10} h72", CREAM, 3)


def mortar(s: Sketch, _style: str) -> None:
    """A stone mortar with its pestle."""
    s.shadow(106)
    s.turned(
        s.vary(28, 6),
        lambda: s.path("M184 60 q16 -16 32 0 l-4 150 h-24 z M180 200 h40 v40 q-20 14 -40 0 z", s.light),
        200,
        220,
    )
    s.path("M82 204 H318 Q316 290 248 308 L262 334 H138 L152 308 Q84 290 82 204 Z", s.main)
    s.path("M266 204 H318 Q316 290 248 308 L262 334 H220 Q270 280 266 204 Z", s.dark, opacity=0.6)
    s.ellipse(200, 204, 118, 22, s.light)
    s.ellipse(200, 206, 98, 15, s.dark)
    for _ in range(30):
        s.circle(s.vary(190, 86), s.vary(258, 34), 2, s.light, 0.7)


def colander(s: Sketch, _style: str) -> None:
    """An enamelled colander."""
    s.shadow(100)
    top = s.vary(196, 6)
    s.path(f"M72 {top + 8} q-30 6 -26 34 q8 18 36 6 M328 {top + 8} q30 6 26 34 q-8 18 -36 6", "none", s.dark, 11)
    s.path(f"M68 {top} H332 Q322 316 236 318 H164 Q78 316 68 {top} Z", s.main)
    s.path(f"M280 {top} H332 Q322 316 236 318 H214 Q280 290 280 {top} Z", s.dark, opacity=0.4)
    for row, y in enumerate((top + 36, top + 60, top + 84)):
        for x in range(112 + row * 16, 292 - row * 14, 28):
            s.circle(x, y, 6, s.dark)
    s.path("M150 316 h100 l8 18 h-116 z", s.dark)
    s.ellipse(200, top, 136, 17, s.light)
    s.ellipse(200, top + 2, 122, 11, s.dark, 0.45)
    s.line(f"M66 {top} a134 17 0 0 1 268 0", INK, 3, 0.5)


DRAWINGS: dict[str, Drawing] = {
    "casserole": casserole, "skillet": skillet, "saucepan": saucepan, "board": board, "knife": knife,
    "bowls": bowls, "plate": plate, "spoons": spoons, "jar": jar, "apron": apron, "mortar": mortar,
    "colander": colander,
}  # fmt: skip
