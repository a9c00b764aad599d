"""Drawings of rucksacks, bags and pouches."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import BRASS, CREAM, INK, LEATHER, STEEL, Drawing, Sketch


def _straps(s: Sketch) -> None:
    s.line("M128 150 Q84 200 112 316 M272 150 Q316 200 288 316", s.dark, 16)


def rolltop(s: Sketch, _style: str) -> None:
    """A rucksack whose top rolls shut."""
    s.shadow(110)
    _straps(s)
    top, half = s.vary(98, 8), s.vary(92, 6)
    s.path(f"M{200 - half} 140 L{192 - half} 312 q0 20 20 20 H{188 + half} q20 0 20 -20 L{200 + half} 140 Z", s.main)
    s.path(f"M{226 + half - 60} 140 L{200 + half} 140 L{208 + half} 312 q0 20 -20 20 H200 Z", s.dark, opacity=0.35)
    s.rect(196 - half, top, half * 2 + 8, 30, s.dark, 14)
    s.rect(202 - half, top + 22, half * 2 - 4, 28, s.light, 12)
    s.path("M148 228 h104 q10 0 10 10 v66 q0 14 -14 14 h-96 q-14 0 -14 -14 v-66 q0 -10 10 -10 z", s.light)
    s.path("M140 240 q60 26 120 0 v-12 h-120 z", s.dark, opacity=0.4)
    s.line(f"M200 {top + 2} V216", LEATHER, 12)
    s.rect(186, 176, 28, 22, BRASS, 4)
    s.rect(193, 182, 14, 10, LEATHER, 2)


def trek(s: Sketch, _style: str) -> None:
    """A tall trekking pack with lid and hip belt."""
    s.shadow(116)
    high = s.vary(92, 8)
    s.line("M116 292 Q70 300 62 270 M284 292 Q330 300 338 270", INK, 14)
    s.path(f"M124 {high + 40} L114 306 q0 26 26 26 H260 q26 0 26 -26 L276 {high + 40} Z", s.main)
    s.path(f"M238 {high + 40} H276 L286 306 q0 26 -26 26 H226 Z", s.dark, opacity=0.5)
    s.path(
        f"M114 {high + 52} Q112 {high - 6} 200 {high - 10} Q288 {high - 6} 286 {high + 52} Q200 {high + 78} 114 {high + 52} Z",
        s.light,
    )
    s.rect(94, 232, 30, 74, s.dark, 12)
    s.rect(276, 232, 30, 74, s.dark, 12)
    s.rect(148, 226, 104, 90, s.light, 14, 0.8)
    s.line("M160 246 H240", s.dark, 5)
    s.line(f"M158 {high + 60} V214 M242 {high + 60} V214", INK, 8)
    for x in (149, 233):
        s.rect(x, 168, 18, 22, STEEL, 3)
    s.path("M118 322 q82 24 164 0 v10 q-82 16 -164 0 z", INK)


def daypack(s: Sketch, _style: str) -> None:
    """A small rounded rucksack."""
    s.shadow(108)
    _straps(s)
    top, half = s.vary(116, 10), s.vary(96, 8)
    s.line(f"M176 {top} Q200 {top - 40} 224 {top}", s.dark, 12)
    s.path(
        f"M{200 - half} 220 C{200 - half} {top + 10} 160 {top - 6} 200 {top - 6} S{200 + half} {top + 10} {200 + half} 220 V304 q0 28 -28 28 H{228 - half} q-28 0 -28 -28 Z",
        s.main,
    )
    s.path(
        f"M200 {top - 6} C240 {top - 6} {200 + half} {top + 10} {200 + half} 220 V304 q0 28 -28 28 H236 Q270 200 200 {top - 6} Z",
        s.dark,
        opacity=0.45,
    )
    s.line(
        f"M{212 - half} 204 C{214 - half} {top + 30} 168 {top + 16} 200 {top + 16} S{186 + half} {top + 30} {188 + half} 204",
        CREAM,
        4,
        0.8,
    )
    s.rect(200 - half + 22, 228, half * 2 - 44, 88, s.light, 18)
    s.line(f"M{200 - half + 36} 250 H{164 + half}", s.dark, 5)
    s.circle(168 + half, 256, 6, BRASS)
    s.rect(178, 172, 44, 26, LEATHER, 5)


def duffel(s: Sketch, _style: str) -> None:
    """A round-ended bag with two handles."""
    s.shadow(150)
    top = s.vary(176, 10)
    s.line(f"M132 {top + 30} C140 {top - 90} 260 {top - 90} 268 {top + 30}", s.dark, 13)
    s.rect(48, top, 304, 332 - top, s.main, 66)
    s.path(f"M286 {top} h0 a66 78 0 0 1 0 {332 - top} h-14 V{top} z", s.dark, opacity=0.5)
    s.path(f"M114 {top} a66 78 0 0 0 0 {332 - top} h14 V{top} z", s.light, opacity=0.6)
    s.rect(120, top, 22, 332 - top, LEATHER, 0)
    s.rect(258, top, 22, 332 - top, LEATHER, 0)
    s.line(f"M132 {top + 30} C140 {top - 60} 260 {top - 60} 268 {top + 30}", LEATHER, 12)
    s.line(f"M148 {top + 18} H252", CREAM, 5)
    s.rect(240, top + 14, 10, 26, BRASS, 3)


def satchel(s: Sketch, _style: str) -> None:
    """A flap bag with two buckles."""
    s.shadow(140)
    flap, half = s.vary(254, 12), s.vary(130, 8)
    s.line(f"M{204 - half} 190 C110 50 290 50 {196 + half} 190", LEATHER, 11)
    s.rect(200 - half, 172, half * 2, 158, s.main, 16)
    s.rect(200 - half, 290, half * 2, 40, s.dark, 16, 0.5)
    s.path(
        f"M{198 - half} 186 q0 -22 22 -22 H{180 + half} q22 0 22 22 V{flap - 16} q0 16 -18 16 H{216 - half} q-18 0 -18 -16 Z",
        s.light,
    )
    s.line(f"M{208 - half} {flap - 12} H{192 + half}", s.dark, 3, 0.6)
    for x in (138, 262):
        s.rect(x - 10, flap - 70, 20, 100, LEATHER, 5)
        s.rect(x - 15, flap - 6, 30, 24, BRASS, 4)
        s.rect(x - 7, flap, 14, 12, LEATHER, 2)


def tote(s: Sketch, _style: str) -> None:
    """An open shopping bag."""
    s.shadow(116)
    top, loop = s.vary(158, 8), s.vary(66, 10)
    s.line(f"M150 {top + 10} C150 {loop} 250 {loop} 250 {top + 10}", s.dark, 12)
    s.path(f"M100 {top} H300 L312 320 q0 12 -12 12 H100 q-12 0 -12 -12 Z", s.main)
    s.path(f"M262 {top} H300 L312 320 q0 12 -12 12 H252 Z", s.dark, opacity=0.35)
    s.line(f"M150 {top + 40} C150 {loop + 24} 250 {loop + 24} 250 {top + 40}", s.light, 12)
    s.line(f"M104 {top + 12} H296", CREAM, 3, 0.7)
    mark = s.pick("sun", "leaf", "wave")
    if mark == "sun":
        s.circle(200, 250, 30, CREAM, 0.9)
    elif mark == "leaf":
        s.path("M200 208 q46 40 0 88 q-46 -48 0 -88 z", CREAM, opacity=0.9)
    else:
        s.line("M150 244 q25 -22 50 0 t50 0 M150 268 q25 -22 50 0 t50 0", CREAM, 7, 0.9)


def hippack(s: Sketch, _style: str) -> None:
    """A small bag on a belt."""
    s.shadow(120, 312)
    top = s.vary(168, 8)
    s.line("M92 226 C10 190 60 120 200 118 S390 190 308 226", INK, 14)
    s.path(f"M84 220 Q86 {top} 150 {top} H250 Q314 {top} 316 220 Q312 306 200 308 Q88 306 84 220 Z", s.main)
    s.path("M100 250 Q200 290 300 250 Q286 306 200 308 Q114 306 100 250 Z", s.dark, opacity=0.5)
    s.line(f"M110 {top + 30} Q200 {top + 10} 290 {top + 30}", CREAM, 5)
    s.rect(278, top + 26, 10, 26, BRASS, 3)


def drybag(s: Sketch, _style: str) -> None:
    """A waterproof sack with a rolled, clipped top."""
    s.shadow(92)
    top, half = s.vary(118, 10), s.vary(84, 6)
    s.path(
        f"M{206 - half} {top + 20} Q{190 - half} 230 {200 - half} 316 q4 18 24 18 H{176 + half} q20 0 24 -18 Q{210 + half} 230 {194 + half} {top + 20} Z",
        s.main,
    )
    s.path(
        f"M{194 + half} {top + 20} Q{210 + half} 230 {200 + half} 316 q-4 18 -24 18 H220 Q{160 + half} 220 {150 + half} {top + 20} Z",
        s.dark,
        opacity=0.45,
    )
    s.path(f"M{218 - half} {top + 30} Q{206 - half} 220 {212 - half} 300", "none", s.light, 10)
    s.rect(196 - half, top - 6, half * 2 + 8, 34, s.dark, 15)
    s.line(f"M{200 - half} {top + 8} C130 {top - 62} 270 {top - 62} {200 + half} {top + 8}", INK, 9)
    s.rect(182, top - 58, 36, 22, INK, 6)
    s.line("M170 226 q15 -14 30 0 t30 0 M170 246 q15 -14 30 0 t30 0", CREAM, 6, 0.9)


def pannier(s: Sketch, _style: str) -> None:
    """A cycle bag with hooks at the back."""
    s.shadow(104)
    top = s.vary(110, 6)
    s.path(f"M132 {top} q-4 -34 14 -34 q16 0 14 34 M240 {top} q-4 -34 14 -34 q16 0 14 34", "none", INK, 10)
    s.path(f"M112 {top + 10} H288 L300 300 q0 32 -32 32 H132 q-32 0 -32 -32 Z", s.main)
    s.path(f"M250 {top + 10} H288 L300 300 q0 32 -32 32 H240 Z", s.dark, opacity=0.5)
    s.rect(104, top - 2, 192, 36, s.light, 14)
    s.rect(116, 214, 168, 16, "#e9eef0", 3)
    s.line(f"M200 {top} V196", INK, 10)
    s.rect(186, 176, 28, 24, INK, 5)
    s.rect(128, 250, 144, 62, s.dark, 14, 0.5)


def pouch(s: Sketch, _style: str) -> None:
    """A flat bag with a zip along the top."""
    s.shadow(136)
    top, half = s.vary(184, 10), s.vary(134, 8)
    s.line(f"M{200 + half} {top + 14} q36 10 22 54", LEATHER, 9)
    s.path(
        f"M{212 - half} {top} H{188 + half} q12 0 14 14 L{208 + half} 300 q0 32 -34 32 H{226 - half} q-34 0 -34 -32 L{198 - half} {top + 14} q2 -14 14 -14 Z",
        s.main,
    )
    s.path(
        f"M{192 - half} 292 v8 q0 32 34 32 H{174 + half} q34 0 34 -32 v-8 q-{half} 24 -{half * 2 + 16} 0 Z",
        s.dark,
        opacity=0.5,
    )
    s.rect(206 - half, top + 10, half * 2 - 12, 14, CREAM, 7)
    s.line(f"M{214 - half} {top + 17} H{180 + half}", STEEL, 3)
    s.rect(160 + half, top + 8, 12, 40, BRASS, 5)
    s.rect(212 - half, 258, 46, 30, LEATHER, 5)


def coolbox(s: Sketch, _style: str) -> None:
    """An insulated picnic bag."""
    s.shadow(130)
    top = s.vary(168, 8)
    s.line(f"M140 {top + 6} C146 {top - 92} 254 {top - 92} 260 {top + 6}", s.dark, 13)
    s.rect(80, top, 240, 332 - top, s.main, 22)
    s.rect(262, top, 58, 332 - top, s.dark, 22, 0.4)
    s.rect(72, top - 8, 256, 40, s.light, 16)
    s.line(f"M88 {top + 34} H312", CREAM, 5)
    s.rect(118, 236, 164, 68, s.light, 12, 0.85)
    s.line("M200 248 v44 M181 259 l38 22 M219 259 l-38 22", s.dark, 5)


DRAWINGS: dict[str, Drawing] = {
    "rolltop": rolltop, "trek": trek, "daypack": daypack, "duffel": duffel, "satchel": satchel, "tote": tote,
    "hippack": hippack, "drybag": drybag, "pannier": pannier, "pouch": pouch, "coolbox": coolbox,
}  # fmt: skip
