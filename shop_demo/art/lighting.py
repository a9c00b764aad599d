"""Drawings of lamps, lanterns and candles."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import BRASS, CREAM, FLAME, INK, PAPER, STEEL, STEEL_DARK, WOOD, WOOD_DARK, Drawing, Sketch


def _glow(s: Sketch, x: float, y: float, r: float) -> None:
    for share in (1, 0.66, 0.36):
        s.circle(x, y, round(r * share), FLAME, 0.2)


def _flame(s: Sketch, x: float, y: float, size: float = 1) -> None:
    _glow(s, x, y - 18 * size, 64 * size)
    s.line(f"M{x} {y} v{-10 * size:.0f}", INK, 3)
    s.path(
        f"M{x} {y - 50 * size:.0f} q{20 * size:.0f} {26 * size:.0f} 0 {44 * size:.0f} q{-20 * size:.0f} {-18 * size:.0f} 0 {-44 * size:.0f} z",
        "#f2a03d",
    )
    s.path(
        f"M{x} {y - 32 * size:.0f} q{9 * size:.0f} {14 * size:.0f} 0 {24 * size:.0f} q{-9 * size:.0f} {-10 * size:.0f} 0 {-24 * size:.0f} z",
        "#fff0c2",
    )


def tablelamp(s: Sketch, _style: str) -> None:
    """A ceramic base under a linen shade."""
    s.shadow(78)
    _glow(s, 200, 150, 150)
    belly, tall = s.vary(58, 8), s.vary(240, 8)
    s.path(
        f"M184 190 H216 Q214 {tall - 20} {200 + belly} {tall + 26} Q{206 + belly} 318 236 332 H164 Q{194 - belly} 318 {200 - belly} {tall + 26} Q186 {tall - 20} 184 190 Z",
        s.main,
    )
    s.path(
        f"M208 190 H216 Q214 {tall - 20} {200 + belly} {tall + 26} Q{206 + belly} 318 236 332 H214 Q{190 + belly} 290 208 190 Z",
        s.dark,
        opacity=0.55,
    )
    s.line(f"M{214 - belly} {tall + 30} Q{216 - belly} 296 {226 - belly} 310", s.light, 8, 0.8)
    s.rect(190, 170, 20, 26, BRASS, 3)
    half = s.vary(62, 8)
    s.path(f"M{200 - half} 64 H{200 + half} L294 180 H106 Z", "#fbe9bd")
    s.path(f"M{176 + half} 64 H{200 + half} L294 180 H250 Z", "#eccf90", opacity=0.8)
    s.line(f"M106 180 H294 M{200 - half} 64 H{200 + half}", s.light, 5)


def desklamp(s: Sketch, _style: str) -> None:
    """A jointed reading lamp."""
    s.shadow(90)
    knee = s.vary(120, 10)
    s.path("M96 260 L40 334 H210 L156 246 Z", FLAME, opacity=0.35)
    s.line(f"M262 310 L{knee + 170} 196 L168 130", STEEL_DARK, 9)
    s.line(f"M276 310 L{knee + 184} 196", s.dark, 6)
    s.circle(knee + 174, 196, 15, s.dark)
    s.circle(168, 130, 13, s.dark)
    s.path("M150 112 Q186 108 196 146 L166 252 Q112 286 78 240 Z", s.main)
    s.path("M176 122 Q190 128 196 146 L166 252 Q148 264 132 264 Z", s.dark, opacity=0.5)
    s.path("M78 240 Q112 286 166 252 Q122 236 78 240 Z", "#fff0c2")
    s.path("M190 332 Q196 304 268 302 Q340 304 346 332 Z", s.main)
    s.rect(190, 322, 156, 12, s.dark, 6)


def pendant(s: Sketch, style: str) -> None:
    """A hanging lamp: a wide bell, or a factory ``dome``."""
    y, wide = s.vary(196, 8), 118 if style == "dome" else s.vary(142, 6)
    s.line(f"M200 0 V{y - 70}", INK, 5)
    s.path(f"M{206 - wide} {y + 60} L{180 - wide} 400 H{220 + wide} L{194 + wide} {y + 60} Z", FLAME, opacity=0.22)
    if style == "dome":
        s.rect(182, y - 96, 36, 44, s.dark, 8)
        shape = (
            f"M{200 - wide} {y + 60} Q{204 - wide} {y - 56} 200 {y - 58} Q{196 + wide} {y - 56} {200 + wide} {y + 60} Z"
        )
    else:
        s.rect(188, y - 84, 24, 36, BRASS, 6)
        shape = f"M{200 - wide} {y + 60} Q{250 - wide} {y + 10} 172 {y - 54} H228 Q{150 + wide} {y + 10} {200 + wide} {y + 60} Z"
    s.path(shape, s.main)
    s.path(
        f"M{150 + wide} {y + 60} Q250 {y - 10} 212 {y - 54} H228 Q{150 + wide} {y + 10} {200 + wide} {y + 60} Z",
        s.dark,
        opacity=0.5,
    )
    s.line(f"M{234 - wide} {y + 42} Q{250 - wide + 10} {y + 6} 168 {y - 22}", s.light, 7, 0.7)
    s.ellipse(200, y + 60, wide, 17, PAPER)
    s.ellipse(200, y + 60, wide - 10, 11, "#fbe3a4")
    s.circle(200, y + 66, 20, "#fff6d8")


def paperglobe(s: Sketch, _style: str) -> None:
    """A round paper shade."""
    s.line("M200 0 V70", INK, 4)
    _glow(s, 200, 200, 190)
    r = s.vary(128, 4)
    s.circle(200, 200, r, "#fff6e0")
    for i in range(-4, 5):
        y = i * 26
        half = round((r * r - y * y) ** 0.5)
        s.line(f"M{200 - half} {200 + y} q{half} {12 + abs(i)} {half * 2} 0", "#dcc79a", 2.5)
    s.path(
        f"M240 {204 - r} A{r} {r} 0 0 1 236 {198 + r} A{r * 1.5:.0f} {r * 1.5:.0f} 0 0 0 240 {204 - r} Z",
        "#eed9a8",
        opacity=0.7,
    )
    s.rect(176, 196 - r, 48, 10, WOOD_DARK, 4)


def floorlamp(s: Sketch, style: str) -> None:
    """A standing lamp, on one leg or a ``tripod``."""
    s.shadow(76, 350)
    _glow(s, 200, 110, 130)
    if style == "tripod":
        s.line("M200 140 L118 350 M200 140 L282 350", WOOD_DARK, 11)
        s.line("M200 140 V352", WOOD, 11)
        s.line("M152 268 H248", BRASS, 5)
    else:
        s.line("M200 120 V340", s.main, 9)
        s.path("M134 350 Q140 334 200 334 T266 350 Z", s.main)
    half = s.vary(66, 8)
    shade = s.main if style == "tripod" else "#fbe9bd"
    s.path(f"M{200 - half} 42 H{200 + half} L{218 + half} 150 H{182 - half} Z", shade)
    s.path(f"M{180 + half} 42 H{200 + half} L{218 + half} 150 H{190 + half} Z", "#d9b877", opacity=0.5)
    s.line(f"M{182 - half} 150 H{218 + half}", "#e4cb92", 5)


def lantern(s: Sketch, style: str) -> None:
    """A camping lantern, or an ``oil`` lantern."""
    s.shadow(82)
    _glow(s, 200, 216, 150)
    s.path("M136 150 C132 30 268 30 264 150", "none", INK if style != "oil" else STEEL_DARK, 8)
    oil = style == "oil"
    if oil:
        s.line("M124 300 V140 M276 300 V140", s.dark, 10)
        s.path("M156 160 Q132 226 162 274 H238 Q268 226 244 160 Z", "#f8f0d8", opacity=0.85)
        _flame(s, 200, 266, 0.9)
    else:
        s.rect(140, 156, 120, 120, "#fff1c4", 16)
        s.line("M162 160 V272 M200 160 V272 M238 160 V272", s.dark, 5, 0.55)
        s.ellipse(200, 216, 24, 38, "#fffdf0")
    cap = s.vary(112, 6)
    s.path(f"M132 160 Q140 {cap} 200 {cap} Q260 {cap} 268 160 Z", s.main)
    s.path(f"M226 {cap + 4} Q262 122 268 160 H236 Z", s.dark, opacity=0.5)
    s.path("M124 274 H276 L288 318 q2 14 -14 14 H126 q-16 0 -14 -14 Z", s.main)
    s.path("M240 274 H276 L288 318 q2 14 -14 14 H250 Z", s.dark, opacity=0.5)
    s.rect(126, 268, 148, 12, s.dark, 5)
    s.circle(200, 306, 11, BRASS if oil else CREAM)


def headtorch(s: Sketch, _style: str) -> None:
    """A lamp on a stretchy strap."""
    s.shadow(120, 320)
    s.path("M70 220 C60 96 340 96 330 220", "none", s.dark, 30)
    s.path("M70 220 C60 96 340 96 330 220", "none", s.light, 8, 0.8)
    s.path("M70 220 C76 300 150 304 160 276 M330 220 C324 300 250 304 240 276", "none", s.main, 30)
    s.path("M214 240 L60 400 H360 Z", FLAME, opacity=0.2)
    y = s.vary(206, 5)
    s.rect(134, y, 132, 96, INK, 28)
    s.circle(182, y + 48, 36, STEEL)
    s.circle(182, y + 48, 27, "#fff3c9")
    s.circle(182, y + 48, 12, PAPER)
    s.circle(238, y + 36, 11, "#d4473a")
    s.rect(218, y - 9, 30, 12, s.main, 4)


def torch(s: Sketch, _style: str) -> None:
    """A small hand torch and its beam."""

    def body() -> None:
        s.path("M266 160 L420 70 V330 L266 240 Z", FLAME, opacity=0.35)
        s.rect(52, 168, 170, 64, s.main, 14)
        s.rect(52, 204, 170, 28, s.dark, 14, 0.6)
        for x in range(80, 160, s.vary(16, 2)):
            s.line(f"M{x} 174 V226", s.dark, 4)
        s.path("M212 168 L250 148 H272 V252 H250 L212 232 Z", s.light)
        s.path("M212 210 L250 214 H272 V252 H250 L212 232 Z", s.dark, opacity=0.5)
        s.rect(266, 144, 14, 112, STEEL_DARK, 5)
        s.rect(178, 158, 26, 14, "#b4483a", 5)

    s.turned(s.vary(-22, 6), body)


def stringlights(s: Sketch, _style: str) -> None:
    """Bulbs on two swags of cable."""
    for y in (90 + s.vary(0, 10), 214 + s.vary(0, 10)):
        sag = s.vary(84, 12)
        s.line(f"M-10 {y} Q200 {y + sag * 2} 410 {y - 10}", INK, 5)
        for i in range(1, 7):
            t = i / 7
            x = round(-10 + 420 * t)
            at = round((1 - t) ** 2 * y + 2 * t * (1 - t) * (y + sag * 2) + t * t * (y - 10))
            _glow(s, x, at + 30, 40)
            s.rect(x - 7, at, 14, 18, INK, 3)
            s.ellipse(x, at + 32, 15, 18, "#ffe6a3")
            s.ellipse(x - 4, at + 28, 4, 7, PAPER)


def candles(s: Sketch, _style: str) -> None:
    """Four dinner candles of different height."""
    s.shadow(140)
    for i, x in enumerate((92, 164, 236, 308)):
        top = s.vary((150, 118, 166, 136)[i], 12)
        _flame(s, x, top, 0.7)
        s.path(f"M{x - 13} {top + 4} q13 -8 26 0 L{x + 16} 316 h-32 Z", s.main)
        s.path(f"M{x + 4} {top} q6 1 9 4 L{x + 16} 316 h-11 Z", s.dark, opacity=0.4)
        s.path(f"M{x - 30} 314 h60 l-8 18 h-44 z", BRASS)


def candlejar(s: Sketch, _style: str) -> None:
    """A candle in a glass with a paper label."""
    s.shadow(96)
    top = s.vary(164, 6)
    s.rect(108, top, 184, 332 - top, "#efe6d6", 18, 0.75)
    s.rect(116, top + 44, 168, 280 - top, s.main, 14)
    s.rect(240, top + 44, 44, 280 - top, s.dark, 14, 0.4)
    s.ellipse(200, top + 44, 84, 13, s.light)
    _flame(s, 200, top + 44, 0.95)
    s.rect(122, top + 10, 10, 140, PAPER, 5, 0.8)
    s.rect(146, 244, 108, 60, PAPER, 4)
    s.line("M166 264 h68 M176 282 h48", s.dark, 5)
    s.line(f"M110 {top + 2} a90 10 0 0 1 180 0", PAPER, 4)


def candleholder(s: Sketch, _style: str) -> None:
    """A brass chamber stick with a lit taper."""
    s.shadow(112)
    top = s.vary(112, 8)
    s.path("M262 286 q62 -34 70 10 q-6 36 -70 14", "none", s.dark, 12)
    s.rect(184, top, 32, 180, "#c8714f", 6)
    s.rect(204, top, 12, 180, "#a4553a", 6)
    _flame(s, 200, top, 0.95)
    s.path("M174 238 h52 l-6 62 h-40 z", s.main)
    s.path("M208 238 h18 l-6 62 h-16 z", s.dark, opacity=0.6)
    s.rect(166, 232, 68, 13, s.light, 6)
    s.path("M92 300 H308 Q296 332 252 334 H148 Q104 332 92 300 Z", s.main)
    s.path("M92 300 H308 Q306 308 300 314 Q200 320 100 314 Z", s.light)


def nightlight(s: Sketch, _style: str) -> None:
    """A sleepy bird that glows."""
    s.shadow(90)
    _glow(s, 200, 226, 160)
    wide = s.vary(98, 6)
    s.path(
        f"M{200 - wide} 262 C{190 - wide} 120 {210 + wide} 120 {200 + wide} 262 Q{196 + wide} 332 200 332 Q{204 - wide} 332 {200 - wide} 262 Z",
        s.main,
    )
    s.path(
        f"M200 182 C262 180 {190 + wide} 250 262 326 Q230 332 200 332 Q170 332 138 326 C{210 - wide} 250 138 180 200 182 Z",
        "#fff1cf",
        opacity=0.85,
    )
    s.line("M158 216 q12 12 24 0 M218 216 q12 12 24 0", INK, 5)
    s.path("M190 232 h20 l-10 16 z", "#e0913b")
    s.circle(150, 244, 11, s.dark, 0.35)
    s.circle(250, 244, 11, s.dark, 0.35)


DRAWINGS: dict[str, Drawing] = {
    "tablelamp": tablelamp, "desklamp": desklamp, "pendant": pendant, "paperglobe": paperglobe,
    "floorlamp": floorlamp, "lantern": lantern, "headtorch": headtorch, "torch": torch,
    "stringlights": stringlights, "candles": candles, "candlejar": candlejar, "candleholder": candleholder,
    "nightlight": nightlight,
}  # fmt: skip
