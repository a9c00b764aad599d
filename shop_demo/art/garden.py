"""Drawings of garden tools, pots and things for birds."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import (
    BRASS,
    CREAM,
    GREEN,
    INK,
    LEATHER,
    STEEL,
    STEEL_DARK,
    STEEL_LIGHT,
    WOOD,
    WOOD_DARK,
    Drawing,
    Sketch,
)


def _grip(s: Sketch, top: int, end: int, width: int = 26) -> None:
    s.path(
        f"M{200 - width / 2} {top + 14} q0 -14 {width / 2} -14 q{width / 2} 0 {width / 2} 14 L{200 + width / 2 - 4} {end} H{204 - width / 2} Z",
        s.main,
    )
    s.path(f"M204 {top} q{width / 2 - 4} 2 {width / 2 - 4} 14 L{200 + width / 2 - 4} {end} H206 Z", s.dark, opacity=0.5)


def _shaft(s: Sketch, head: int) -> None:
    s.rect(191, 60, 18, head - 60, s.main, 6)
    s.rect(201, 60, 8, head - 60, s.dark, 4, 0.5)


def _wishbone(s: Sketch) -> None:
    s.line("M200 96 L164 40 M200 96 L236 40", s.main, 13)
    s.rect(150, 24, 100, 22, s.dark, 10)


def trowel(s: Sketch, style: str) -> None:
    """A hand trowel, broad or ``slim``."""
    half = (28 if style == "slim" else 48) + s.vary(0, 4)

    def tool() -> None:
        s.line("M200 50 q-26 -36 0 -44 q22 8 0 44", LEATHER, 5)
        _grip(s, 44, 168)
        s.rect(188, 162, 24, 18, STEEL_DARK, 3)
        s.line("M200 176 V214", STEEL_DARK, 13)
        s.path(
            f"M{200 - half} 216 Q200 196 {200 + half} 216 Q{202 + half} 300 200 364 Q{198 - half} 300 {200 - half} 216 Z",
            STEEL,
        )
        s.path(f"M200 206 Q{180 + half} 206 {200 + half} 216 Q{202 + half} 300 200 364 Z", STEEL_DARK, opacity=0.7)
        if style == "slim":
            for y in range(236, 316, 18):
                s.line(f"M188 {y} h24", INK, 3, 0.6)
        else:
            s.line(f"M{222 - half} 232 Q{222 - half} 290 188 330", STEEL_LIGHT, 6)

    s.turned(s.vary(-26, 6), tool)


def handfork(s: Sketch, _style: str) -> None:
    """A three-tined hand fork."""

    def tool() -> None:
        s.line("M200 50 q-26 -36 0 -44 q22 8 0 44", LEATHER, 5)
        _grip(s, 44, 172)
        s.rect(188, 166, 24, 18, STEEL_DARK, 3)
        s.line("M200 182 V226", STEEL_DARK, 13)
        s.path("M156 342 V262 Q156 236 200 234 Q244 236 244 262 V342", "none", STEEL, 14)
        s.line("M200 234 V350", STEEL, 14)
        s.line("M249 262 V340 M205 240 V348", STEEL_DARK, 4)

    s.turned(s.vary(-26, 6), tool)


def spade(s: Sketch, _style: str) -> None:
    """A digging spade."""

    def tool() -> None:
        _wishbone(s)
        _shaft(s, 226)
        s.path("M186 208 h28 l4 36 h-36 z", STEEL_DARK)
        s.path("M146 236 H254 L248 330 Q236 374 200 384 Q164 374 152 330 Z", STEEL)
        s.path("M200 236 H254 L248 330 Q236 374 200 384 Z", STEEL_DARK, opacity=0.6)
        s.rect(140, 230, 120, 12, STEEL_DARK, 4)

    s.turned(s.vary(22, 5), tool)


def longfork(s: Sketch, _style: str) -> None:
    """A border fork."""

    def tool() -> None:
        _wishbone(s)
        _shaft(s, 226)
        s.path("M186 208 h28 l4 36 h-36 z", STEEL_DARK)
        s.line("M150 376 V250 H250 V376 M183 250 V380 M217 250 V380", STEEL, 12)
        s.line("M254 256 V374 M221 256 V378", STEEL_DARK, 3)

    s.turned(s.vary(22, 5), tool)


def hoe(s: Sketch, _style: str) -> None:
    """A hoe with a three-edged blade."""

    def tool() -> None:
        s.rect(191, -20, 18, 300, s.main, 6)
        s.rect(201, -20, 8, 300, s.dark, 4, 0.5)
        s.rect(188, 262, 24, 30, STEEL_DARK, 3)
        s.path("M200 288 Q204 314 232 320", "none", STEEL_DARK, 11)
        s.path("M216 306 L322 322 L310 352 L198 336 Z", STEEL)
        s.path("M198 336 L310 352 L308 359 L196 343 Z", STEEL_LIGHT)

    s.turned(s.vary(24, 5), tool)


def rake(s: Sketch, _style: str) -> None:
    """A spring-tined leaf rake."""

    def tool() -> None:
        s.rect(191, -20, 18, 240, WOOD, 6)
        s.rect(201, -20, 8, 240, WOOD_DARK, 4, 0.5)
        s.path("M186 200 h28 l8 34 h-44 z", s.main)
        for i in range(-6, 7):
            s.line(
                f"M{200 + i * 3} 230 L{200 + i * 18} {340 - abs(i) * 4} q2 12 {10 - abs(i)} 14",
                s.main if i % 2 else s.dark,
                6,
            )
        s.path("M146 284 Q200 300 254 284", "none", STEEL_DARK, 7)

    s.turned(s.vary(20, 5), tool)
    for x, y, tone in ((70, 320, "#c8714f"), (112, 344, "#d3a032"), (338, 336, "#b4592f")):
        s.path(f"M{x} {y} q14 -22 32 -10 q-6 22 -32 10 z", tone)


def secateurs(s: Sketch, style: str) -> None:
    """Bypass secateurs, or ``snips``."""

    def tool() -> None:
        thin = style == "snips"
        s.path(
            "M206 196 Q160 120 176 52 Q222 96 224 190 Z" if not thin else "M204 200 Q184 110 194 44 Q216 100 218 196 Z",
            STEEL,
        )
        s.path(
            "M194 200 Q236 140 238 72 Q190 110 178 190 Z"
            if not thin
            else "M196 200 Q220 110 208 44 Q186 100 182 196 Z",
            STEEL_DARK,
        )
        if thin:
            s.path(
                "M196 212 Q120 232 130 316 Q150 356 178 318 Q196 262 204 216 Z M204 212 Q280 232 270 316 Q250 356 222 318 Q204 262 196 216 Z",
                "none",
                s.main,
                17,
            )
        else:
            s.line("M192 208 Q134 260 148 350", s.main, 28)
            s.line("M208 208 Q266 260 252 350", s.dark, 28)
            s.line("M184 224 Q142 270 150 338", s.light, 6, 0.8)
            s.path("M186 262 q14 12 28 0 q-14 16 -28 18 q14 8 28 18", "none", STEEL_DARK, 5)
        s.circle(200, 204, 17, BRASS)
        s.circle(200, 204, 6, INK)

    s.turned(s.vary(24, 6), tool)


def can(s: Sketch, style: str) -> None:
    """A watering can with a rose, or a ``small`` one."""
    s.shadow(130)
    small = style == "small"
    top = s.vary(186, 6)
    s.line(
        "M226 296 L344 158" if not small else "M218 300 Q300 300 318 168 Q322 146 346 144",
        s.dark,
        19 if not small else 11,
    )
    if not small:
        s.path("M326 134 L376 172 L356 188 L320 158 Z", BRASS)
        for x, y in ((366, 196), (378, 206), (360, 212), (384, 186)):
            s.line(f"M{x} {y} l5 12", "#7fb2d3", 4)
    s.path(f"M96 {top + 34} C20 {top - 20} 44 320 104 296", "none", s.dark, 14)
    s.path(f"M92 {top} H248 L262 314 q0 18 -20 18 H98 q-20 0 -20 -18 Z", s.main)
    s.path(f"M214 {top} H248 L262 314 q0 18 -20 18 H206 Q222 280 214 {top} Z", s.dark, opacity=0.5)
    s.line(f"M112 {top + 20} L104 304", s.light, 11, 0.85)
    s.path(f"M92 {top} Q94 {top - 36} 150 {top - 36} L248 {top} Z", s.light)
    s.path(f"M112 {top - 14} C116 {top - 84} 216 {top - 84} 232 {top - 6}", "none", s.dark, 12)
    s.line(f"M86 {top + 70} H252", s.dark, 4, 0.5)


def flowerpot(s: Sketch, _style: str) -> None:
    """Terracotta pots with seedlings."""
    s.shadow(156)
    for x, top in ((96, 222), (200, 188), (306, 232)):
        top += s.vary(0, 7)
        for lean in (-20, 0, 18):
            s.line(f"M{x} {top} q{lean // 2} -30 {lean} -{s.vary(58, 10)}", "#5f7f4c", 5)
            s.path(
                f"M{x + lean} {top - 52} q20 -16 26 6 q-20 10 -26 -6 z M{x + lean // 2} {top - 26} q-22 -12 -26 8 q20 8 26 -8 z",
                GREEN,
            )
        s.path(f"M{x - 40} {top + 20} H{x + 40} L{x + 30} 332 H{x - 30} Z", s.main)
        s.path(f"M{x + 14} {top + 20} H{x + 40} L{x + 30} 332 H{x + 10} Z", s.dark, opacity=0.5)
        s.rect(x - 47, top - 4, 94, 28, s.light, 5)
        s.rect(x + 16, top - 4, 31, 28, s.main, 5, 0.9)


def trug(s: Sketch, _style: str) -> None:
    """A wooden trug with vegetables in it."""
    s.shadow(150)
    top = s.vary(218, 6)
    s.path(f"M92 {top + 10} C96 60 304 60 308 {top + 10}", "none", WOOD_DARK, 15)
    for x, tone in ((112, "#d9582f"), (150, GREEN), (188, "#b4483a"), (232, "#7b4466"), (272, "#ecc94b")):
        s.circle(x, top - 2 + s.vary(0, 6), 27, tone)
        s.line(f"M{x} {top - 26} q6 -22 16 -26 M{x} {top - 26} q-4 -20 -14 -22", "#5f7f4c", 6)
    s.path(f"M40 {top} Q200 {top + 30} 360 {top} L318 318 q-6 14 -22 14 H104 q-16 0 -22 -14 Z", s.main)
    for i, y in enumerate((top + 40, top + 70, top + 98)):
        s.line(f"M{52 + i * 12} {y} Q200 {y + 20} {348 - i * 12} {y}", s.dark, 3, 0.6)
    s.path(f"M188 {top + 14} h24 v{318 - top} h-24 z", WOOD_DARK)
    for y in (top + 34, top + 64, top + 92):
        s.circle(200, y, 4, BRASS)


def gloves(s: Sketch, _style: str) -> None:
    """Long-cuffed gardening gloves."""
    s.shadow(130, 344)
    for lean, x, sign in ((-9, 132, 1), (9, 268, -1)):

        def one(x: int = x, sign: int = sign) -> None:
            for i in range(4):
                s.rect(x - 50 + i * 25, 62 + s.vary(14, 3) * abs(i * 2 - 3) // 2, 23, 110, s.main, 11)
            s.path(
                f"M{x + sign * 42} 206 Q{x + sign * 90} 170 {x + sign * 78} 140 Q{x + sign * 62} 126 {x + sign * 40} 170 Z",
                s.main,
            )
            s.rect(x - 50, 136, 98, 92, s.main, 14)
            s.path(f"M{x - 46} 220 H{x + 44} L{x + 62} 336 H{x - 64} Z", "#e6d6b6")
            s.line(f"M{x - 46} 230 H{x + 44} M{x - 61} 324 H{x + 59}", s.dark, 6)
            s.line(f"M{x - 26} 164 V210 M{x} 164 V210 M{x + 24} 164 V210", s.dark, 3, 0.5)
            s.path(f"M{x} 250 q18 18 0 46 q-18 -28 0 -46 z", GREEN)

        s.turned(lean, one, x, 260)


def dibber(s: Sketch, _style: str) -> None:
    """A dibber with marks for depth."""

    def tool() -> None:
        s.rect(142, 58, 116, 32, s.dark, 15)
        s.rect(184, 78, 32, 190, s.main, 6)
        s.rect(202, 90, 14, 178, s.dark, 6, 0.5)
        for y in range(140, 266, s.vary(24, 2)):
            s.line(f"M184 {y} h32", s.dark, 4)
        s.path("M182 264 h36 l-10 62 l-8 18 l-8 -18 z", BRASS)
        s.path("M202 264 h16 l-10 62 l-8 18 z", LEATHER, opacity=0.35)

    s.turned(s.vary(18, 6), tool)
    for x in (78, 112, 330):
        s.ellipse(x, 330, 9, 6, WOOD_DARK)


def twine(s: Sketch, _style: str) -> None:
    """A ball of jute twine."""
    s.shadow(110)
    s.path("M280 300 q70 10 50 34 q-20 14 -60 2", "none", s.dark, 6)
    s.circle(200, 220, 112, s.main)
    s.path("M250 120 A112 112 0 0 1 240 324 A140 140 0 0 0 250 120 Z", s.dark, opacity=0.45)
    for i in range(9):
        turn = -70 + i * 14 + s.vary(0, 3)
        s.turned(turn, lambda: s.path("M92 220 Q200 150 308 220", "none", s.light, 4, 0.7), 200, 220)
        s.turned(turn + 90, lambda: s.path("M110 240 Q200 190 290 240", "none", s.dark, 3, 0.4), 200, 220)
    s.rect(140, 190, 120, 58, CREAM, 3)
    s.line("M158 210 h84 M170 228 h60", s.dark, 5)


def nestbox(s: Sketch, _style: str) -> None:
    """A nest box with a bird at the door."""
    s.rect(190, 40, 20, 360, WOOD_DARK)
    top = s.vary(136, 5)
    s.path(f"M116 {top} L200 {top - 46} L284 {top} V326 H116 Z", s.main)
    s.path(f"M246 {top - 22} L284 {top} V326 H246 Z", s.dark, opacity=0.45)
    for x in (150, 184, 218):
        s.line(f"M{x} {top + 6} V322", s.dark, 3, 0.4)
    s.path(f"M92 {top + 12} L200 {top - 62} L308 {top + 12} L296 {top + 26} L200 {top - 36} L104 {top + 26} Z", INK)
    s.circle(200, 206, 30, CREAM)
    s.circle(200, 206, 24, INK)
    s.path("M182 216 Q180 190 202 188 Q220 192 218 220 Q200 232 182 216 Z", "#7fb2d3")
    s.path("M184 212 Q192 200 216 208 Q216 228 198 226 Z", "#ecc94b")
    s.path("M184 202 l-13 5 l13 4 z", BRASS)
    s.circle(193, 200, 3, INK)
    s.line("M200 252 V276", WOOD, 8)
    s.rect(110, 318, 180, 14, s.dark, 4)


def feeder(s: Sketch, _style: str) -> None:
    """A seed feeder on its hook."""
    s.line("M200 0 V56", INK, 4)
    s.path("M186 74 q0 -22 14 -22 q14 0 14 22", "none", STEEL_DARK, 6)
    s.path("M124 112 Q140 72 200 72 Q260 72 276 112 Z", s.main)
    s.path("M230 78 Q264 86 276 112 H244 Z", s.dark, opacity=0.5)
    s.rect(144, 110, 112, 190, "#e5efec", 6, 0.85)
    level = s.vary(156, 16)
    s.rect(150, level, 100, 298 - level, "#c79a55", 4)
    for _ in range(60):
        s.ellipse(
            s.vary(200, 44), s.vary((level + 296) / 2, (286 - level) / 2), 4, 3, s.pick("#8a6235", "#e3c07f", INK)
        )
    for x, y in ((144, 214), (256, 214), (144, 276), (256, 276)):
        side = -1 if x < 200 else 1
        s.circle(x - side * 16, y - 12, 9, INK)
        s.line(f"M{x - side * 4} {y + 6} h{side * 34}", STEEL_DARK, 6)
    s.rect(130, 296, 140, 22, s.main, 8)
    s.path("M276 196 q4 -34 34 -32 q22 4 20 26 q-4 24 -40 20 z", "#a3b15a")
    s.path("M280 206 l-22 16 l30 -4 z", INK)
    s.path("M328 178 l14 5 l-14 5 z", BRASS)
    s.circle(318, 178, 3, INK)


DRAWINGS: dict[str, Drawing] = {
    "trowel": trowel, "handfork": handfork, "spade": spade, "longfork": longfork, "hoe": hoe, "rake": rake,
    "secateurs": secateurs, "can": can, "flowerpot": flowerpot, "trug": trug, "gloves": gloves,
    "dibber": dibber, "twine": twine, "nestbox": nestbox, "feeder": feeder,
}  # fmt: skip
