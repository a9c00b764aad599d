"""Drawings of boots, shoes, slippers and socks. Pairs stand side by side, toes to the right."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from collections.abc import Callable

from shop_demo.art.sketch import BRASS, CREAM, INK, LEATHER, RUBBER, STEEL, STEEL_DARK, WOOD, WOOD_DARK, Drawing, Sketch


def _pair(s: Sketch, one: Callable[[int, int], None]) -> None:
    s.shadow(150, 338)
    one(-34, -18)
    one(22, 0)


def boot(s: Sketch, style: str) -> None:
    """A laced boot: high, ``mid``, or ``fur`` lined."""
    top = {"mid": 168, "fur": 116}.get(style, 132) + s.vary(0, 6)

    def one(x: int, y: int) -> None:
        s.path(
            f"M{x + 116} {top + y} H{x + 208} Q{x + 210} {216 + y} {x + 238} {238 + y} Q{x + 312} {250 + y} {x + 316} {306 + y} H{x + 108} Q{x + 104} {240 + y} {x + 116} {top + y} Z",
            s.main,
        )
        s.path(
            f"M{x + 238} {238 + y} Q{x + 312} {250 + y} {x + 316} {306 + y} H{x + 250} Q{x + 262} {262 + y} {x + 238} {238 + y} Z",
            s.light,
        )
        s.path(
            f"M{x + 116} {top + y} H{x + 144} Q{x + 130} {240 + y} {x + 150} {306 + y} H{x + 108} Q{x + 104} {240 + y} {x + 116} {top + y} Z",
            s.dark,
            opacity=0.6,
        )
        s.path(
            f"M{x + 104} {304 + y} H{x + 320} v14 q0 12 -12 12 H{x + 196} l-6 -8 h-12 l-6 8 H{x + 112} q-8 0 -8 -10 Z",
            RUBBER,
        )
        s.line(f"M{x + 106} {306 + y} H{x + 316}", CREAM, 3)
        for at in range(top + 26 + y, 236 + y, 22):
            s.line(f"M{x + 170} {at + 6} L{x + 208} {at - 4}", CREAM, 4)
            s.circle(x + 172, at + 6, 4, BRASS)
        s.rect(x + 110, top - 10 + y, 104, 24, CREAM if style == "fur" else s.dark, 12)
        if style == "fur":
            for at in range(116, 214, 16):
                s.circle(x + at, top + y, 12, CREAM)

    _pair(s, one)


def chelsea(s: Sketch, _style: str) -> None:
    """A smooth ankle boot with elastic sides."""
    top = s.vary(138, 6)

    def one(x: int, y: int) -> None:
        s.path(
            f"M{x + 120} {top + y} H{x + 206} Q{x + 204} {220 + y} {x + 236} {240 + y} Q{x + 306} {254 + y} {x + 312} {308 + y} H{x + 110} Q{x + 108} {230 + y} {x + 120} {top + y} Z",
            s.main,
        )
        s.path(
            f"M{x + 236} {240 + y} Q{x + 306} {254 + y} {x + 312} {308 + y} H{x + 268} Q{x + 270} {270 + y} {x + 236} {240 + y} Z",
            s.light,
            opacity=0.6,
        )
        s.path(
            f"M{x + 146} {top + y} H{x + 190} L{x + 180} {232 + y} Q{x + 168} {240 + y} {x + 156} {232 + y} Z", s.dark
        )
        for at in range(x + 154, x + 188, 8):
            s.line(f"M{at} {top + 8 + y} L{x + 168 + (at - x - 168) * 0.5:.0f} {228 + y}", s.light, 2, 0.6)
        s.line(f"M{x + 122} {top + y} q-8 -26 8 -26 q12 0 8 26", LEATHER, 5)
        s.path(f"M{x + 108} {306 + y} H{x + 316} q0 12 -10 12 H{x + 176} v14 H{x + 108} Z", RUBBER)

    _pair(s, one)


def welly(s: Sketch, style: str) -> None:
    """A rubber boot; ``short`` is a child's, with handles."""
    top = 196 if style == "short" else s.vary(92, 6)

    def one(x: int, y: int) -> None:
        s.path(
            f"M{x + 114} {top + y} H{x + 214} Q{x + 206} {200 + y} {x + 226} {244 + y} Q{x + 306} {250 + y} {x + 312} {310 + y} H{x + 112} Q{x + 118} {220 + y} {x + 114} {top + y} Z",
            s.main,
        )
        s.path(
            f"M{x + 114} {top + y} H{x + 142} Q{x + 136} {240 + y} {x + 150} {310 + y} H{x + 112} Q{x + 118} {220 + y} {x + 114} {top + y} Z",
            s.dark,
            opacity=0.5,
        )
        s.line(f"M{x + 196} {top + 26 + y} Q{x + 190} {206 + y} {x + 202} {240 + y}", s.light, 9, 0.7)
        s.line(f"M{x + 236} {262 + y} Q{x + 270} {264 + y} {x + 288} {284 + y}", s.light, 8, 0.7)
        s.rect(x + 108, top - 4 + y, 112, 22, s.dark, 8)
        s.path(f"M{x + 106} {306 + y} H{x + 318} v12 q0 10 -10 10 H{x + 182} l-6 -6 l-6 6 H{x + 106} Z", CREAM)
        if style == "short":
            s.path(f"M{x + 134} {top + y} q0 -34 18 -34 q18 0 18 34", "none", s.dark, 9)
            s.rect(x + 128, 248 + y, 74, 12, CREAM, 3)
        else:
            s.rect(x + 116, top + 34 + y, 34, 16, s.light, 4)
            s.rect(x + 126, top + 30 + y, 14, 24, STEEL, 3)

    _pair(s, one)


def shoe(s: Sketch, style: str) -> None:
    """A trail shoe, or a ``low`` canvas trainer."""
    low = style == "low"
    top = s.vary(206, 6)

    def one(x: int, y: int) -> None:
        s.path(
            f"M{x + 92} {top + y} Q{x + 120} {top + 26 + y} {x + 154} {top + y} Q{x + 210} {top + 46 + y} {x + 270} {258 + y} Q{x + 324} {266 + y} {x + 326} {308 + y} H{x + 86} Q{x + 78} {250 + y} {x + 92} {top + y} Z",
            s.main,
        )
        s.path(
            f"M{x + 270} {258 + y} Q{x + 324} {266 + y} {x + 326} {308 + y} H{x + 266} Q{x + 276} {280 + y} {x + 270} {258 + y} Z",
            CREAM if low else s.dark,
        )
        s.path(
            f"M{x + 92} {top + y} Q{x + 104} {top + 14 + y} {x + 118} {top + 16 + y} L{x + 126} {308 + y} H{x + 86} Q{x + 78} {250 + y} {x + 92} {top + y} Z",
            s.dark,
            opacity=0.6,
        )
        if not low:
            s.line(
                f"M{x + 140} {300 + y} Q{x + 170} {250 + y} {x + 200} {300 + y} Q{x + 222} {262 + y} {x + 242} {300 + y}",
                s.light,
                9,
            )
        for i in range(4):
            s.line(f"M{x + 160 + i * 22} {top + 34 + i * 9 + y} l18 -20", INK if low else CREAM, 5)
        s.path(f"M{x + 82} {302 + y} H{x + 330} q2 28 -20 28 H{x + 104} q-22 0 -22 -28 Z", "#e9e2d2" if low else RUBBER)
        if low:
            s.line(f"M{x + 90} {314 + y} H{x + 322}", s.dark, 3)
        else:
            for at in range(x + 100, x + 316, 22):
                s.rect(at, 326 + y, 12, 9, RUBBER, 2)

    _pair(s, one)


def espadrille(s: Sketch, _style: str) -> None:
    """A slip-on with a rope sole."""
    top = s.vary(240, 6)

    def one(x: int, y: int) -> None:
        s.path(
            f"M{x + 88} {top + y} Q{x + 150} {top + 40 + y} {x + 200} {top + 6 + y} Q{x + 316} {236 + y} {x + 324} {306 + y} H{x + 82} Z",
            s.main,
        )
        s.path(
            f"M{x + 88} {top + y} Q{x + 150} {top + 40 + y} {x + 200} {top + 6 + y} Q{x + 150} {top + 62 + y} {x + 92} {top + 26 + y} Z",
            s.dark,
        )
        s.line(f"M{x + 216} {top + 14 + y} Q{x + 290} {256 + y} {x + 304} {298 + y}", s.light, 5, 0.7)
        s.rect(x + 78, 300 + y, 250, 26, "#d9bd8b", 12)
        for at in range(x + 90, x + 318, 13):
            s.line(f"M{at} {322 + y} l8 -18", "#b08f58", 3)
        s.line(f"M{x + 84} {328 + y} H{x + 322}", RUBBER, 5)

    _pair(s, one)


def sandal(s: Sketch, style: str) -> None:
    """A strapped sandal or a two-buckle ``slide``."""
    lean = s.vary(0, 5)
    sole = "#c99b6b" if style == "slide" else RUBBER

    def one(x: int, y: int) -> None:
        s.path(
            f"M{x + 82} {286 + y} Q{x + 180} {262 + y} {x + 322} {292 + y} q10 30 -18 34 H{x + 100} q-28 -2 -18 -40 Z",
            sole,
        )
        s.path(f"M{x + 82} {286 + y} Q{x + 180} {262 + y} {x + 322} {292 + y} q-80 20 -240 4 Z", "#e6cda6")
        s.line(f"M{x + 246} {300 + y} Q{x + 252} {240 + y + lean} {x + 296} {298 + y}", s.main, 24)
        s.line(f"M{x + 176} {298 + y} Q{x + 190} {216 + y + lean} {x + 232} {300 + y}", s.main, 24)
        s.rect(x + 196, 246 + y, 20, 18, BRASS, 4)
        s.rect(x + 258, 260 + y, 18, 16, BRASS, 4)
        if style != "slide":
            s.line(
                f"M{x + 100} {294 + y} Q{x + 92} {206 + y} {x + 148} {206 + y} Q{x + 172} {210 + y} {x + 178} {292 + y}",
                s.main,
                18,
            )
            s.line(f"M{x + 100} {250 + y} L{x + 170} {244 + y}", s.dark, 14)

    _pair(s, one)


def slipper(s: Sketch, _style: str) -> None:
    """A felt slipper."""
    top = s.vary(236, 6)

    def one(x: int, y: int) -> None:
        s.path(
            f"M{x + 84} {264 + y} Q{x + 130} {290 + y} {x + 176} {top + y} Q{x + 316} {224 + y} {x + 324} {308 + y} H{x + 80} Z",
            s.main,
        )
        s.path(
            f"M{x + 84} {264 + y} Q{x + 130} {290 + y} {x + 176} {top + y} Q{x + 186} {268 + y} {x + 130} {290 + y} Q{x + 100} {292 + y} {x + 82} {280 + y} Z",
            CREAM,
        )
        s.path(
            f"M{x + 230} {242 + y} Q{x + 312} {244 + y} {x + 324} {308 + y} H{x + 262} Q{x + 268} {262 + y} {x + 230} {242 + y} Z",
            s.light,
            opacity=0.7,
        )
        s.rect(x + 76, 302 + y, 252, 22, LEATHER, 11)
        s.line(f"M{x + 90} {300 + y} H{x + 316}", s.dark, 3, 0.6)

    _pair(s, one)


def clog(s: Sketch, _style: str) -> None:
    """A wooden-soled clog with studs."""
    top = s.vary(222, 6)

    def one(x: int, y: int) -> None:
        s.path(f"M{x + 150} {top + y} Q{x + 310} {top - 10 + y} {x + 322} {292 + y} L{x + 148} {282 + y} Z", s.main)
        s.path(
            f"M{x + 240} {top + 4 + y} Q{x + 310} {234 + y} {x + 322} {292 + y} L{x + 280} {290 + y} Q{x + 280} {240 + y} {x + 240} {top + 4 + y} Z",
            s.light,
            opacity=0.6,
        )
        s.path(
            f"M{x + 80} {268 + y} Q{x + 150} {290 + y} {x + 328} {286 + y} q8 34 -30 38 L{x + 206} {326 + y} Q{x + 186} {304 + y} {x + 160} {306 + y} L{x + 152} {332 + y} H{x + 92} Q{x + 76} {300 + y} {x + 80} {268 + y} Z",
            WOOD,
        )
        s.line(f"M{x + 90} {286 + y} Q{x + 170} {300 + y} {x + 310} {302 + y}", WOOD_DARK, 3, 0.6)
        for at in range(x + 160, x + 320, 24):
            s.circle(at, 284 + y, 4, BRASS)

    _pair(s, one)


def socks(s: Sketch, style: str) -> None:
    """A pair of socks, mid-calf or ``short``."""
    top = 150 if style == "short" else s.vary(76, 8)
    for x, tone in ((-44, s.dark), (26, s.main)):
        s.path(
            f"M{x + 118} {top} H{x + 194} V226 Q{x + 214} 256 {x + 268} 266 Q{x + 306} 286 {x + 292} 316 Q{x + 280} 334 {x + 246} 330 L{x + 164} 316 Q{x + 116} 300 {x + 118} 236 Z",
            tone,
        )
        s.path(
            f"M{x + 268} 266 Q{x + 306} 286 {x + 292} 316 Q{x + 280} 334 {x + 246} 330 Q{x + 240} 290 {x + 268} 266 Z",
            s.light,
        )
        s.path(f"M{x + 118} 226 Q{x + 160} 236 {x + 164} 316 Q{x + 116} 300 {x + 118} 226 Z", s.light)
        s.rect(x + 112, top - 6, 88, 36, s.light, 8)
        for at in range(x + 122, x + 198, 10):
            s.line(f"M{at} {top} V{top + 24}", s.dark, 3, 0.4)
        s.line(f"M{x + 120} {top + 46} H{x + 192} M{x + 120} {top + 60} H{x + 192}", CREAM, 6, 0.8)


def tin(s: Sketch, _style: str) -> None:
    """A round, flat tin beside its lid."""
    s.shadow(130, 320)
    s.ellipse(276, 236, 74, 78, STEEL_DARK)
    s.ellipse(270, 234, 70, 74, s.main)
    s.ellipse(270, 234, 50, 54, s.light)
    s.path("M270 200 l10 24 l26 2 l-20 17 l7 26 l-23 -14 l-23 14 l7 -26 l-20 -17 l26 -2 z", s.dark)
    s.path("M66 258 V300 Q70 330 154 330 T242 300 V258 Z", STEEL)
    s.path("M196 326 Q242 320 242 300 V258 H210 Z", STEEL_DARK)
    s.ellipse(154, 258, 88, 26, STEEL)
    s.ellipse(154, 258, 78, 20, "#e9c886")
    s.line("M110 258 q30 -14 66 -4", CREAM, 4, 0.7)


DRAWINGS: dict[str, Drawing] = {
    "boot": boot, "chelsea": chelsea, "welly": welly, "shoe": shoe, "espadrille": espadrille,
    "sandal": sandal, "slipper": slipper, "clog": clog, "socks": socks, "tin": tin,
}  # fmt: skip
