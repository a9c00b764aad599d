"""Drawings of kettles, pots, mugs and everything else that makes a hot drink."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import (
    BRASS,
    CREAM,
    INK,
    PAPER,
    STEEL,
    STEEL_DARK,
    STEEL_LIGHT,
    WOOD,
    WOOD_DARK,
    Drawing,
    Sketch,
)

_BREW = "#6b4226"


def _steam(s: Sketch, x: int, y: int) -> None:
    s.line(f"M{x} {y} q-14 -18 0 -34 t0 -34 M{x + 26} {y - 4} q-14 -18 0 -34 t0 -30", PAPER, 6, 0.85)


def kettle(s: Sketch, style: str) -> None:
    """A kettle: whistling, ``swan`` necked, or a ``camp`` kettle."""
    s.shadow(120)
    top = s.vary(176, 6)
    if style == "swan":
        s.line("M118 300 C30 300 92 170 34 150", s.dark, 15)
        s.line("M286 190 C372 180 372 290 296 300", WOOD_DARK, 17)
        s.path(f"M136 {top} H272 L304 306 q2 26 -22 26 H126 q-24 0 -22 -26 Z", s.main)
        s.path(f"M236 {top} H272 L304 306 q2 26 -22 26 H238 Z", s.dark, opacity=0.6)
    else:
        s.path("M104 236 L46 190 L34 206 L92 300 Z", s.dark)
        s.path(f"M200 {top - 8} C300 {top - 8} 322 270 304 332 H96 C78 270 100 {top - 8} 200 {top - 8} Z", s.main)
        s.path(
            f"M200 {top - 8} C300 {top - 8} 322 270 304 332 H250 C282 270 270 {top} 200 {top - 8} Z",
            s.dark,
            opacity=0.5,
        )
        bail = f"M112 {top + 34} C110 60 290 60 288 {top + 34}"
        s.line(bail, STEEL_DARK if style == "camp" else INK, 8)
        s.line("M152 99 C176 86 224 86 248 99", WOOD, 19)
    s.line(f"M132 {top + 44} Q116 260 122 306", s.light, 11, 0.85)
    s.ellipse(204 if style == "swan" else 200, top - 2, 66, 13, s.light)
    s.circle(204 if style == "swan" else 200, top - 18, 13, WOOD if style != "camp" else INK)
    if style == "camp":
        s.line("M92 330 H308", STEEL, 6)


def teapot(s: Sketch, style: str) -> None:
    """A round teapot, of clay or of ``glass``."""
    s.shadow(124)
    glass = style == "glass"
    body, y = ("#e4efec" if glass else s.main), s.vary(238, 5)
    s.path(f"M296 {y - 40} C376 {y - 60} 372 {y + 60} 290 {y + 44}", "none", WOOD_DARK if glass else s.dark, 16)
    s.path(f"M112 {y + 20} Q70 {y + 6} 40 {y - 66} l24 -8 Q90 {y - 20} 126 {y - 26} Z", body if glass else s.dark)
    s.ellipse(200, y, 112, 96, body, 0.9 if glass else 1)
    if glass:
        s.path(
            f"M92 {y + 10} q54 -14 108 0 t108 0 Q304 {y + 90} 200 {y + 92} Q96 {y + 90} 92 {y + 10} Z",
            s.main,
            opacity=0.85,
        )
        s.path(f"M170 {y - 70} h60 l-8 110 h-44 z", STEEL, opacity=0.75)
    else:
        s.path(f"M240 {y - 90} A112 96 0 0 1 226 {y + 93} A150 120 0 0 0 240 {y - 90} Z", s.dark, opacity=0.5)
    s.path(f"M132 {y - 40} A90 80 0 0 0 118 {y + 30}", "none", PAPER if glass else s.light, 10, 0.85)
    s.path(f"M148 {y - 82} Q200 {y - 124} 252 {y - 82} Z", WOOD if glass else s.light)
    s.circle(200, y - 112, 13, WOOD_DARK if glass else s.dark)
    s.rect(154, 326, 92, 10, WOOD if glass else s.dark, 5)


def dripper(s: Sketch, style: str) -> None:
    """A pour-over cone on a jug, or on a wooden ``stand``."""
    s.shadow(104)
    cone = PAPER if style == "stand" else s.main
    lift = s.vary(0, 6)
    if style == "stand":
        s.rect(84, 312, 232, 20, s.main, 6)
        s.rect(92, 90, 18, 226, s.main, 5)
        s.rect(92, 150, 196, 15, BRASS, 5)
    s.path(f"M146 {206 + lift} H254 L282 314 q2 18 -16 18 H134 q-18 0 -16 -18 Z", "#e3ecea", opacity=0.92)
    s.path("M124 286 q38 -10 76 0 t76 0 L282 314 q2 18 -16 18 H134 q-18 0 -16 -18 Z", _BREW)
    s.path(f"M102 {84 + lift} H298 L232 {192 + lift} H168 Z", cone)
    s.path(f"M248 {84 + lift} H298 L232 {192 + lift} H212 Z", s.dark, opacity=0.35)
    for x in (138, 166, 194):
        s.line(f"M{x} {94 + lift} L{186 + (x - 166) // 4} {186 + lift}", s.light if style != "stand" else s.ground, 4)
    s.rect(138, 190 + lift, 124, 13, cone, 6)
    s.path(f"M112 {84 + lift} L132 {62 + lift} H268 L288 {84 + lift} Z", "#efe3c8")
    s.line(f"M200 {206 + lift} V278", _BREW, 4)
    if style != "stand":
        s.path(f"M282 {110 + lift} q44 4 34 34 q-14 20 -54 12", "none", s.dark, 11)


def cafetiere(s: Sketch, _style: str) -> None:
    """A cafetiere with its plunger up."""
    s.shadow(92)
    level = s.vary(214, 10)
    s.path("M268 172 h38 q20 0 20 20 v78 q0 20 -20 20 h-38", "none", INK, 15)
    s.rect(130, 142, 142, 186, "#e4eeec", 10, 0.9)
    s.path(f"M136 {level} H266 V318 q0 6 -6 6 H142 q-6 0 -6 -6 Z", _BREW)
    s.rect(136, level + 30, 130, 9, STEEL)
    s.line(f"M201 76 V{level + 30}", STEEL_DARK, 5)
    s.rect(146, 156, 9, 130, PAPER, 4, 0.7)
    for x in (126, 264):
        s.rect(x, 138, 12, 196, s.main, 4)
    s.rect(122, 302, 158, 16, s.main, 5)
    s.path("M118 142 l-16 -14 h26 z", s.main)
    s.path("M122 142 Q126 116 201 114 Q276 116 280 142 Z", s.dark)
    s.circle(201, 68, 17, INK)


def moka(s: Sketch, _style: str) -> None:
    """An eight-sided stovetop pot."""
    s.shadow(92)
    y = s.vary(222, 4)
    s.path("M264 136 h44 l14 96 h-20 l-10 -74 h-28 z", INK)
    s.path(f"M136 120 L96 96 L112 128 L142 {y - 10} H258 L272 120 Z", s.main)
    s.path(f"M226 120 H272 L258 {y - 10} H218 Z", s.dark, opacity=0.7)
    s.path(f"M166 120 H200 L196 {y - 10} H172 Z", STEEL_LIGHT, opacity=0.8)
    s.path(f"M142 {y + 12} H258 L292 332 H108 Z", s.main)
    s.path(f"M220 {y + 12} H258 L292 332 H234 Z", s.dark, opacity=0.7)
    s.path(f"M168 {y + 12} H196 L190 332 H146 Z", STEEL_LIGHT, opacity=0.8)
    s.rect(134, y - 12, 132, 26, s.dark, 6)
    s.path("M134 120 L200 90 L274 120 Z", s.dark)
    s.rect(190, 66, 20, 28, INK, 6)
    s.circle(150, 290, 7, BRASS)
    _steam(s, 104, 82)


def grinder(s: Sketch, _style: str) -> None:
    """A hand grinder with a crank."""
    s.shadow(86)
    y = s.vary(196, 6)
    s.line("M200 98 V66 H312", STEEL_DARK, 9)
    s.line("M312 66 V44", STEEL_DARK, 7)
    s.rect(296, 22, 32, 36, WOOD_DARK, 13)
    s.path(f"M132 {y - 40} Q136 98 200 94 Q264 98 268 {y - 40} Z", STEEL)
    s.path(f"M230 98 Q264 104 268 {y - 40} H240 Z", STEEL_DARK)
    s.rect(124, y - 44, 152, 18, STEEL_DARK, 5)
    s.rect(130, y - 26, 140, 356 - y, s.main, 10)
    s.rect(230, y - 26, 40, 356 - y, s.dark, 10, 0.6)
    s.rect(146, y - 16, 10, 320 - y, s.light, 5, 0.6)
    s.rect(152, 262, 96, 46, s.light, 6)
    s.circle(200, 285, 8, BRASS)
    for x, bean in ((70, 318), (96, 330), (328, 326)):
        s.ellipse(x, bean, 13, 9, _BREW)
        s.line(f"M{x - 9} {bean} q9 -5 18 0", "#3f2513", 2)


def mug(s: Sketch, style: str) -> None:
    """A mug: stoneware, ``enamel``, or ``small`` cups on saucers."""
    if style == "small":
        s.shadow(150)
        for x, y in ((112, 176), (262, 184), (124, 286), (274, 292)):
            s.ellipse(x, y + 40, 74, 15, s.light)
            s.path(f"M{x + 40} {y - 18} q34 -2 26 22 q-8 16 -30 10", "none", s.dark, 9)
            s.path(
                f"M{x - 46} {y - 34} H{x + 46} Q{x + 44} {y + 36} {x + 18} {y + 38} H{x - 18} Q{x - 44} {y + 36} {x - 46} {y - 34} Z",
                s.main,
            )
            s.ellipse(x, y - 34, 46, 10, s.light)
            s.ellipse(x, y - 33, 38, 7, _BREW)
        return
    s.shadow(92)
    top, enamel = s.vary(168, 8), style == "enamel"
    s.path(f"M272 {top + 34} C350 {top + 20} 346 {top + 126} 268 {top + 118}", "none", s.dark, 17 if not enamel else 12)
    s.path(f"M112 {top} H284 L276 308 q-2 24 -26 24 H146 q-24 0 -26 -24 Z", s.main)
    s.path(f"M242 {top} H284 L276 308 q-2 24 -26 24 H226 Q246 300 242 {top} Z", s.dark, opacity=0.4)
    s.line(f"M134 {top + 28} L138 294", s.light, 11, 0.8)
    s.ellipse(198, top, 86, 17, STEEL_DARK if enamel else s.light)
    s.ellipse(198, top + 2, 76, 12, _BREW)
    if enamel:
        s.ellipse(198, top, 86, 17, "none")
        s.path("M150 262 l30 -44 l20 26 l14 -18 l32 36 z", CREAM if s.main != "#f1eee7" else s.dark, opacity=0.85)
    else:
        for _ in range(26):
            s.circle(s.vary(198, 66), s.vary(258, 56), 2, s.dark, 0.6)
        s.path(f"M112 {top} H284 l-2 26 q-40 12 -84 2 t-84 2 Z", s.light, opacity=0.55)
    _steam(s, 184, top - 22)


def flask(s: Sketch, _style: str) -> None:
    """A vacuum flask with a cup for a lid."""
    s.shadow(66)
    top = s.vary(148, 8)
    s.path(
        f"M154 {top} H246 Q264 {top + 18} 264 {top + 46} V314 q0 18 -18 18 H154 q-18 0 -18 -18 V{top + 46} Q136 {top + 18} 154 {top} Z",
        s.main,
    )
    s.path(f"M228 {top} H246 Q264 {top + 18} 264 {top + 46} V314 q0 18 -18 18 H228 Z", s.dark, opacity=0.6)
    s.rect(152, top + 46, 11, 296 - top - 62, s.light, 5, 0.8)
    s.rect(136, 300, 128, 14, STEEL)
    s.path(f"M156 {top - 8} L162 {top - 78} q2 -12 14 -12 H224 q12 0 14 12 L244 {top - 8} Z", STEEL)
    s.path(f"M222 {top - 90} q14 0 16 12 L244 {top - 8} H226 Z", STEEL_DARK)
    s.rect(150, top - 12, 100, 14, STEEL_DARK, 4)
    s.path("M174 236 l18 -30 l14 20 l8 -10 l16 20 z", CREAM, opacity=0.85)


def caddy(s: Sketch, _style: str) -> None:
    """A tea tin with a paper label."""
    s.shadow(92)
    top = s.vary(146, 6)
    s.rect(116, top, 168, 332 - top, s.main, 10)
    s.rect(246, top, 38, 332 - top, s.dark, 10, 0.6)
    s.rect(110, top - 34, 180, 50, s.dark, 10)
    s.rect(172, top - 54, 56, 22, BRASS, 8)
    s.rect(138, top + 52, 124, 92, PAPER, 6)
    s.path(f"M200 {top + 68} q34 20 0 60 q-34 -40 0 -60 z", "#7d9b64")
    s.line(f"M200 {top + 74} v50", CREAM, 3)
    s.rect(130, top + 26, 140, 6, BRASS, 3)
    s.rect(130, 306, 140, 6, BRASS, 3)


DRAWINGS: dict[str, Drawing] = {
    "kettle": kettle, "teapot": teapot, "dripper": dripper, "cafetiere": cafetiere, "moka": moka,
    "grinder": grinder, "mug": mug, "flask": flask, "caddy": caddy,
}  # fmt: skip
