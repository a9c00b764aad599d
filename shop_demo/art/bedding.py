"""Drawings of blankets, pillows, towels and things to sleep in."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import BRASS, CREAM, INK, LEATHER, PAPER, Drawing, Sketch


def _fringe(s: Sketch, y: int, tone: str) -> None:
    for x in range(88, 318, 9):
        s.line(f"M{x} {y} v16", tone, 3)


def blanket(s: Sketch, style: str) -> None:
    """A folded blanket: ``check`` or ``herring`` bone."""
    s.shadow(146, 338)
    top = s.vary(118, 10)
    s.path(f"M84 {top} H316 q14 0 14 14 V300 H70 V{top + 14} q0 -14 14 -14 Z", s.main)
    if style == "herring":
        for row, y in enumerate(range(top + 14, 296, 22)):
            slant = "l11 18" if row % 2 else "l-11 18"
            for x in range(86, 322, 16):
                s.line(f"M{x} {y} {slant}", s.light, 4, 0.75)
    else:
        for x in (104, 188, 272):
            s.rect(x, top, 34, 300 - top, s.dark, 0, 0.45)
            s.rect(x + 44, top, 5, 300 - top, CREAM, 0, 0.8)
        for y in range(top + 20, 280, 70):
            s.rect(70, y, 260, 28, s.light, 0, 0.5)
            s.rect(70, y + 40, 260, 4, CREAM, 0, 0.8)
    s.path("M70 236 Q200 252 330 236 V300 H70 Z", s.dark, opacity=0.3)
    s.path("M70 300 H330 v14 H70 z", s.dark)
    _fringe(s, 314, s.main)


def rug(s: Sketch, _style: str) -> None:
    """A rolled picnic rug in its straps."""
    s.shadow(150)
    y = s.vary(216, 6)
    s.line(f"M136 {y - 40} C140 110 260 110 264 {y - 40}", LEATHER, 13)
    s.rect(48, y - 58, 304, 330 - y + 60, s.main, 50)
    for x in range(92, 300, 46):
        s.rect(x, y - 58, 14, 390 - y, s.dark, 0, 0.5)
        s.rect(x + 22, y - 58, 4, 390 - y, CREAM, 0, 0.85)
    s.rect(70, y - 10, 260, 8, CREAM, 0, 0.6)
    s.rect(60, y + 46, 280, 14, s.dark, 0, 0.5)
    s.ellipse(330, y + 28, 34, 66, s.light)
    for r in (48, 32, 16):
        s.path(f"M330 {y + 28 - r} a{r * 0.5} {r} 0 1 1 -1 0", "none", s.dark, 5, 0.7)
    for x in (126, 254):
        s.rect(x, y - 60, 20, 394 - y, LEATHER, 4)
        s.rect(x - 4, y + 4, 28, 26, BRASS, 4)


def duvet(s: Sketch, style: str) -> None:
    """A plump folded duvet, or a ``cover`` with buttons."""
    s.shadow(150, 338)
    puff = s.vary(70, 6)
    for i, tone in enumerate((s.dark, s.main, s.light)):
        y = 332 - i * (puff - 6)
        s.path(
            f"M64 {y} Q30 {y - puff / 2} 66 {y - puff} Q200 {y - puff - 18} 334 {y - puff} Q370 {y - puff / 2} 336 {y} Q200 {y + 10} 64 {y} Z",
            tone,
        )
        if style != "cover":
            for x in (120, 200, 280):
                s.line(f"M{x} {y - puff + 2} Q{x + 8} {y - puff / 2} {x} {y - 8}", s.glow, 4)
    top = 332 - 2 * (puff - 6)
    if style == "cover":
        for x in range(100, 320, 40):
            s.circle(x, top - 20, 8, "#8a6a4c")
            s.circle(x, top - 20, 3, CREAM)
        s.line(f"M72 {top - 36} Q200 {top - 50} 328 {top - 36}", s.dark, 3, 0.5)
    else:
        s.line(f"M66 {top - puff / 2} Q200 {top - puff / 2 + 14} 334 {top - puff / 2}", s.glow, 4)
    s.line(f"M48 {332 - puff + 6} Q200 {332 - puff + 20} 352 {332 - puff + 6}", s.dark, 3, 0.3)


def pillow(s: Sketch, style: str) -> None:
    """A pillow: in a bordered case, ``plump``, ``small``, or for the ``eye``."""
    s.shadow(140, 314)
    if style == "eye":
        s.path(
            "M40 220 Q36 170 92 172 Q200 196 308 172 Q364 170 360 220 Q362 276 306 274 Q200 250 94 274 Q38 276 40 220 Z",
            s.main,
        )
        s.path(
            "M40 224 Q38 276 94 274 Q200 250 306 274 Q362 276 360 224 Q340 262 200 236 Q60 262 40 224 Z",
            s.dark,
            opacity=0.4,
        )
        for x in (150, 200, 250):
            s.line(f"M{x} 244 q-6 -24 4 -46", "#7d9b64", 4)
            for y in (198, 208, 218):
                s.circle(x + s.vary(2, 4), y, 6, s.light)
        return
    grow = {"small": -26, "plump": 12}.get(style, 0) + s.vary(0, 5)
    left, right = 60 - grow, 340 + grow
    s.path(
        f"M{left} 130 Q200 {96 - grow} {right} 130 Q{right - 26} 214 {right} 304 Q200 {334 + grow} {left} 304 Q{left + 26} 214 {left} 130 Z",
        s.main,
    )
    s.path(
        f"M{right} 130 Q{right - 26} 214 {right} 304 Q200 {334 + grow} {left} 304 Q200 {300 + grow} {right - 60} 250 Q{right - 40} 180 {right} 130 Z",
        s.dark,
        opacity=0.28,
    )
    if style:
        s.line(f"M{left + 4} 132 q44 22 62 44 M{right - 4} 132 q-44 22 -62 44", s.dark, 4, 0.4)
        s.rect(left + 30, 260, 40, 24, PAPER if style == "plump" else LEATHER, 4)
    else:
        s.path(
            f"M{left + 34} 156 Q200 134 {right - 34} 156 Q{right - 54} 214 {right - 34} 280 Q200 300 {left + 34} 280 Q{left + 54} 214 {left + 34} 156 Z",
            "none",
            s.light,
            7,
        )
    s.path(f"M{left + 60} 186 Q130 164 190 164", "none", s.light, 9, 0.8)


def sleepingbag(s: Sketch, _style: str) -> None:
    """A mummy bag laid out, hood at the top."""

    def bag() -> None:
        s.path("M200 24 C290 24 304 110 292 180 L262 360 Q200 388 138 360 L108 180 C96 110 110 24 200 24 Z", s.main)
        s.path("M200 24 C290 24 304 110 292 180 L262 360 Q232 376 206 376 Q260 200 200 24 Z", s.dark, opacity=0.4)
        for y in range(150, 350, s.vary(34, 3)):
            s.line(f"M{104 + (y - 150) // 7} {y} Q200 {y + 22} {296 - (y - 150) // 7} {y}", s.light, 4, 0.75)
        s.ellipse(200, 92, 56, 50, INK, 0.75)
        s.path("M144 100 Q200 176 256 100 Q250 142 200 144 Q150 142 144 100 Z", CREAM)
        s.line("M152 146 L150 342", BRASS, 5)
        s.rect(145, 190, 11, 22, BRASS, 4)

    s.ellipse(210, 210, 130, 176, "#3a2f2a", 0.1)
    s.turned(s.vary(10, 6), bag)


def quilt(s: Sketch, _style: str) -> None:
    """A patchwork quilt over a rail."""
    tones = [s.main, s.light, s.dark, CREAM, "#8fae9a", "#d9a95f", "#7f9cb8"]
    s.rect(40, 84, 320, 14, LEATHER, 7)
    for row in range(5):
        for column in range(6):
            x, y = 74 + column * 42, 92 + row * 46
            s.rect(x, y, 42, 46, s.pick(*tones))
            mark = s.pick("cross", "diamond", "plain")
            if mark == "diamond":
                s.path(f"M{x + 21} {y + 8} l14 15 l-14 15 l-14 -15 z", s.pick(*tones), opacity=0.9)
            elif mark == "cross":
                s.polygon([(x, y), (x + 42, y), (x, y + 46)], s.pick(*tones), 0.8)
    for column in range(1, 6):
        s.line(f"M{74 + column * 42} 94 V322", PAPER, 2, 0.6)
    for row in range(1, 5):
        s.line(f"M74 {92 + row * 46} H326", PAPER, 2, 0.6)
    s.path("M74 92 h252 v230 h-252 z", "none", s.dark, 7)


def towel(s: Sketch, _style: str) -> None:
    """A waffle towel over a rail."""
    s.rect(50, 96, 300, 13, BRASS, 6)
    low = s.vary(316, 8)
    s.rect(120, 100, 176, 180, s.dark, 4)
    s.rect(104, 98, 176, low - 98, s.main, 6)
    for y in range(118, low - 50, 16):
        s.line(f"M108 {y} H276", s.light, 2, 0.9)
    for x in range(120, 276, 16):
        s.line(f"M{x} 102 V{low - 52}", s.light, 2, 0.9)
    s.rect(104, low - 44, 176, 10, s.dark, 0, 0.6)
    s.rect(104, low - 26, 176, 10, s.dark, 0, 0.6)
    s.path("M104 104 q0 -12 12 -12 h152 q12 0 12 12 z", s.light)


def robe(s: Sketch, _style: str) -> None:
    """A roomy hooded changing robe."""
    s.shadow(108, 344)
    cuff = s.vary(226, 6)
    s.path(
        f"M134 118 Q92 132 74 {cuff} L118 {cuff + 16} L134 190 Z M266 118 Q308 132 326 {cuff} L282 {cuff + 16} L266 190 Z",
        s.dark,
    )
    s.path("M140 112 H260 L304 338 Q200 352 96 338 Z", s.main)
    s.path("M244 112 H260 L304 338 Q280 342 250 344 Z", s.dark, opacity=0.5)
    s.path("M138 124 Q132 46 200 44 Q268 46 262 124 Q200 156 138 124 Z", s.light)
    s.path("M158 116 Q156 70 200 68 Q244 70 242 116 Q200 142 158 116 Z", CREAM)
    s.path("M180 130 Q200 138 220 130 L214 344 H190 Z", CREAM, opacity=0.9)
    s.line("M202 140 V344", INK, 4)
    s.rect(122, 244, 52, 50, s.dark, 8, 0.5)
    s.rect(230, 244, 52, 50, s.dark, 8, 0.5)


def hotwater(s: Sketch, _style: str) -> None:
    """A hot water bottle in a cable-knit cover."""
    s.shadow(96, 340)
    s.rect(172, 46, 56, 26, s.dark, 8)
    s.rect(184, 66, 32, 30, LEATHER)
    wide = s.vary(96, 5)
    s.path(
        f"M166 92 H234 L240 122 Q{200 + wide} 126 {200 + wide} 172 V292 q0 44 -44 44 H{244 - wide} q-44 0 -44 -44 V172 Q{200 - wide} 126 160 122 Z",
        s.main,
    )
    s.rect(158, 88, 84, 30, s.light, 8)
    for x in range(168, 238, 10):
        s.line(f"M{x} 92 V114", s.dark, 3, 0.5)
    for x in (148, 200, 252):
        for y in range(146, 310, 34):
            s.line(f"M{x - 13} {y} q26 17 0 34 M{x + 13} {y} q-26 17 0 34", s.light, 6, 0.9)
    for x in (174, 226):
        s.line(f"M{x} 136 V324", s.dark, 3, 0.45)


DRAWINGS: dict[str, Drawing] = {
    "blanket": blanket, "rug": rug, "duvet": duvet, "pillow": pillow, "sleepingbag": sleepingbag,
    "quilt": quilt, "towel": towel, "robe": robe, "hotwater": hotwater,
}  # fmt: skip
