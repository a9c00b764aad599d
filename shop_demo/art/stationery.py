"""Drawings of desks, paper and pens."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import BRASS, CREAM, INK, LEATHER, PAPER, STEEL, STEEL_DARK, WOOD, Drawing, Sketch


def desk(s: Sketch, style: str) -> None:
    """A desk on two legs, or with ``drawers``."""
    s.shadow(168)
    top = s.vary(192, 6)
    if style == "drawers":
        s.path(f"M62 {top} L54 332 M150 {top} V332", "none", s.dark, 13)
        s.rect(232, top, 114, 128, s.main, 4)
        for y in range(top + 8, top + 110, 40):
            s.rect(242, y, 94, 32, s.light, 4)
            s.circle(289, y + 16, 6, BRASS)
        s.path(f"M240 {top + 126} V332 M338 {top + 126} V332", "none", s.dark, 11)
    else:
        s.line(f"M70 {top} L54 332 M330 {top} L346 332 M96 {top} L90 326 M304 {top} L310 326", INK, 10)
        s.rect(210, top + 8, 104, 34, s.light, 4)
        s.circle(262, top + 25, 6, BRASS)
    s.rect(36, top - 16, 328, 24, s.main, 6)
    s.rect(36, top, 328, 8, s.dark, 4, 0.6)
    s.rect(70, top - 62, 70, 14, "#b4593f", 2)
    s.rect(76, top - 48, 66, 14, "#5c7796", 2)
    s.rect(72, top - 34, 74, 18, "#7d9b64", 2)
    s.path(f"M268 {top - 16} l-8 -38 h44 l-8 38 z", CREAM)
    s.line(f"M282 {top - 54} q-22 -26 -12 -54 M282 {top - 54} q4 -38 26 -48 M282 {top - 54} q0 -40 2 -66", "#6f8f5f", 6)


def stool(s: Sketch, _style: str) -> None:
    """A round stool on three legs."""
    s.shadow(100)
    top = s.vary(156, 6)
    s.line(f"M148 {top + 20} L104 330 M252 {top + 20} L296 330", s.main, 18)
    s.line(f"M200 {top + 20} V318", s.dark, 17)
    s.line("M130 258 H270", s.dark, 10)
    s.rect(92, top - 6, 216, 32, s.dark, 16)
    s.ellipse(200, top, 108, 26, s.main)
    s.ellipse(200, top - 2, 86, 18, s.light, 0.7)
    s.path(f"M124 {top} q76 -24 152 0 M146 {top + 6} q54 -14 108 0", "none", s.dark, 3, 0.35)


def notebook(s: Sketch, style: str) -> None:
    """A notebook: with ribbon, elastic ``band``, or ``spiral``."""
    motif = s.pick("sun", "hills", "frame")

    def book() -> None:
        s.rect(116, 88, 190, 252, s.dark, 10)
        s.rect(122, 92, 186, 242, PAPER, 6)
        s.rect(106, 82, 192, 246, s.main, 10)
        s.rect(106, 82, 30, 246, s.dark, 10, 0.5)
        if motif == "sun":
            s.circle(216, 186, 40, CREAM, 0.92)
            s.rect(160, 212, 112, 40, s.main)
            s.line("M164 214 H268 M178 230 H254 M192 246 H240", CREAM, 5)
        elif motif == "hills":
            s.path("M152 246 l38 -56 l24 30 l20 -22 l42 48 z", CREAM, opacity=0.92)
            s.circle(250, 160, 13, CREAM)
        else:
            s.path("M156 128 h118 v66 h-118 z", "none", CREAM, 5)
            s.line("M176 152 h78 M190 170 h50", CREAM, 5)
        if style == "band":
            s.rect(268, 80, 12, 250, INK, 2, 0.8)
        elif style == "spiral":
            for y in range(100, 322, 22):
                s.line(f"M94 {y} q-6 10 4 12 h18", STEEL_DARK, 5)
        else:
            s.path("M234 328 v34 l8 -9 l8 9 v-34 z", "#b4483a")

    s.ellipse(206, 346, 124, 11, "#3a2f2a", 0.14)
    s.turned(s.vary(-5, 4), book)


def pen(s: Sketch, style: str) -> None:
    """A fountain pen, or a ``ball`` pen."""

    def barrel() -> None:
        if style == "ball":
            s.rect(116, 182, 176, 34, s.main, 15)
            s.rect(116, 200, 176, 16, s.dark, 8, 0.5)
            s.path("M116 184 L66 196 V202 L116 214 Z", s.light)
            s.rect(196, 180, 8, 38, s.dark)
            s.rect(232, 172, 62, 9, s.dark, 4)
        else:
            s.rect(150, 178, 206, 42, s.main, 18)
            s.rect(150, 200, 206, 20, s.dark, 10, 0.5)
            s.rect(166, 184, 150, 7, s.light, 3)
            s.rect(136, 180, 20, 38, BRASS, 4)
            s.path("M138 184 L94 190 V208 L138 214 Z", INK)
            s.path("M96 186 L34 199 L96 212 Z", BRASS)
            s.line("M38 199 H82", LEATHER, 2)
            s.circle(84, 199, 4, LEATHER)

    s.line(f"M54 318 q30 -{s.vary(26, 6)} 56 -4 t54 -6 t54 2 t50 -8 t60 2", s.dark if style != "ball" else INK, 5)
    s.turned(s.vary(-34, 5), barrel)


def pencils(s: Sketch, _style: str) -> None:
    """Drawing pencils in a flat tin."""
    s.shadow(150, 330)
    s.rect(54, 96, 292, 226, STEEL, 14)
    s.rect(66, 108, 268, 202, STEEL_DARK, 8, 0.5)
    for i in range(8):
        x, tip = 74 + i * 32, s.vary(124, 6)
        s.path(f"M{x} {tip + 40} L{x + 13} {tip} L{x + 26} {tip + 40} Z", "#ead2a8")
        s.path(f"M{x + 9} {tip + 13} L{x + 13} {tip} L{x + 17} {tip + 13} Z", INK)
        s.rect(x, tip + 38, 26, 258 - tip, (s.main, s.dark)[i % 2])
        s.rect(x + 8, tip + 38, 9, 258 - tip, s.light, 0, 0.7)
        s.rect(x, 278, 26, 14, BRASS)


def ink(s: Sketch, _style: str) -> None:
    """An ink bottle with a label and a drop."""
    s.shadow(108)
    top = s.vary(188, 5)
    s.path(f"M140 {top} H260 L304 {top + 40} V310 q0 22 -22 22 H118 q-22 0 -22 -22 V{top + 40} Z", "#dfe7e8")
    s.path(f"M112 {top + 48} Q200 {top + 58} 288 {top + 48} V306 q0 12 -12 12 H124 q-12 0 -12 -12 Z", s.main)
    s.rect(138, top - 62, 124, 56, INK, 8)
    for x in range(150, 256, 13):
        s.line(f"M{x} {top - 56} V{top - 14}", "#5d5c63", 4)
    s.rect(146, top - 8, 108, 12, STEEL)
    s.rect(136, 250, 128, 56, PAPER, 4)
    s.path("M200 256 q16 22 0 32 q-16 -10 0 -32 z", s.main)
    s.line("M164 296 h72", s.dark, 3)
    s.path("M322 300 q16 22 0 32 q-16 -10 0 -32 z", s.dark)


def cards(s: Sketch, _style: str) -> None:
    """Paper and envelopes."""

    def sheets() -> None:
        s.rect(96, 70, 190, 230, PAPER, 3)
        for y in range(108, 210, 20):
            s.line(f"M118 {y} h{s.vary(136, 18)}", s.glow, 5)

    s.shadow(140)
    s.turned(s.vary(-6, 3), sheets)
    s.rect(94, 184, 236, 148, s.main, 6)
    s.path("M94 188 L212 276 L330 188 Q328 184 322 184 H102 Q96 184 94 188 Z", s.light)
    s.line("M96 330 L176 252 M328 330 L248 252", s.dark, 3, 0.5)
    s.circle(212, 262, 20, "#b4483a")
    s.path("M212 250 l4 8 l9 1 l-7 6 l2 9 l-8 -5 l-8 5 l2 -9 l-7 -6 l9 -1 z", "#d9786a")


def tray(s: Sketch, _style: str) -> None:
    """A desk tray with compartments."""
    s.ellipse(204, 318, 160, 14, "#3a2f2a", 0.14)
    s.rect(40, 92, 320, 224, s.dark, 16)
    s.rect(40, 84, 320, 220, s.main, 16)
    for x, y, w, h in ((58, 102, 180, 78), (252, 102, 90, 78), (58, 194, 90, 92), (162, 194, 180, 92)):
        s.rect(x, y, w, h, "#b98a55", 8)
        s.rect(x, y + 6, w, h - 6, "#d2a877", 8)
    for _ in range(40):
        s.circle(s.vary(200, 136), s.vary(196, 84), 2, "#a87d4a", 0.6)
    s.turned(4, lambda: s.rect(74, 130, 148, 13, "#d3a032", 3))
    s.turned(-5, lambda: s.rect(180, 232, 146, 13, "#2f7f83", 4))
    s.path("M280 128 h34 v28 h-34 z", "none", STEEL, 5)
    s.circle(102, 238, 22, "none")
    s.path("M102 216 a22 22 0 1 1 -1 0 M102 260 v18 h10", "none", BRASS, 7)


def penpot(s: Sketch, _style: str) -> None:
    """A stoneware pot full of pens."""
    s.shadow(84)
    for x, lean, tone in ((164, -12, "#d3a032"), (190, -3, WOOD), (214, 5, "#b4483a"), (236, 14, "#3f4a82")):

        def stick(x: int = x, tone: str = tone) -> None:
            top = s.vary(96, 18)
            s.rect(x - 8, top, 16, 170, tone, 3)
            s.path(f"M{x - 8} {top} L{x} {top - 28} L{x + 8} {top} Z", "#ead2a8")
            s.path(f"M{x - 3} {top - 18} L{x} {top - 28} L{x + 3} {top - 18} Z", INK)

        s.turned(lean, stick, x, 280)
    top = s.vary(204, 5)
    s.path(f"M116 {top} H284 Q290 270 276 318 q-4 14 -20 14 H144 q-16 0 -20 -14 Q110 270 116 {top} Z", s.main)
    s.path(f"M246 {top} H284 Q290 270 276 318 q-4 14 -20 14 H232 Q250 270 246 {top} Z", s.dark, opacity=0.45)
    s.ellipse(200, top, 84, 13, s.dark)
    s.line(f"M117 {top} a84 13 0 0 0 166 0", s.light, 7)
    s.path(f"M122 {top + 64} q20 -12 39 0 t39 0 t39 0 t40 0", "none", s.light, 6, 0.9)


def boxfile(s: Sketch, _style: str) -> None:
    """Archive box files on a shelf."""
    s.shadow(150)
    for x, tone in ((64, s.light), (156, s.main), (248, s.dark)):
        top = s.vary(96, 4)
        s.rect(x, top, 88, 334 - top, tone, 5)
        s.rect(x + 68, top, 20, 334 - top, s.dark, 5, 0.35)
        s.rect(x + 18, top + 36, 52, 58, BRASS, 4)
        s.rect(x + 23, top + 41, 42, 48, PAPER, 2)
        s.line(f"M{x + 31} {top + 56} h26 M{x + 31} {top + 68} h18", INK, 3, 0.6)
        s.circle(x + 44, 288, 15, BRASS)
        s.circle(x + 44, 288, 9, INK, 0.8)


def bookends(s: Sketch, _style: str) -> None:
    """Two gulls holding up a row of books."""
    s.shadow(166)
    x = 126
    for tone in ("#b4593f", CREAM, "#5c7796", "#d3a032", "#7d9b64"):
        tall = s.vary(158, 24)
        s.rect(x, 330 - tall, 28, tall, tone, 3)
        s.rect(x + 5, 350 - tall, 18, 6, INK, 0, 0.4)
        x += 29
    for base, flip in ((34, 1), (366, -1)):
        s.rect(base if flip > 0 else base - 86, 316, 86, 16, s.dark, 4)
        s.path(
            f"M{base + flip * 20} 316 Q{base + flip * 6} 236 {base + flip * 44} 214 Q{base + flip * 42} 176 {base + flip * 66} 178 Q{base + flip * 86} 184 {base + flip * 84} 240 Q{base + flip * 86} 290 {base + flip * 70} 316 Z",
            s.main,
        )
        s.path(
            f"M{base + flip * 24} 300 Q{base + flip * 14} 250 {base + flip * 52} 238 Q{base + flip * 74} 262 {base + flip * 24} 300 Z",
            s.light,
            opacity=0.7,
        )
        s.path(f"M{base + flip * 46} 194 l{-flip * 26} 9 l{flip * 24} 9 z", BRASS)
        s.circle(base + flip * 60, 196, 4, INK)


def deskpad(s: Sketch, _style: str) -> None:
    """A leather pad with paper and pen."""
    s.path("M84 132 H316 L382 310 q4 14 -12 14 H30 q-16 0 -12 -14 Z", s.dark)
    s.path("M84 126 H316 L382 302 q4 14 -12 14 H30 q-16 0 -12 -14 Z", s.main)
    s.path("M94 138 H306 L364 302 H36 Z", "none", s.light, 3, 0.8)
    lean = s.vary(0, 8)
    s.path(f"M{132 + lean} 160 H{226 + lean} L{236 + lean} 276 H{112 + lean} Z", PAPER)
    for i in range(5):
        s.line(f"M{140 + lean - i * 3} {182 + i * 18} h{76 + i * 4}", s.glow, 4)
    s.line("M276 176 L302 268", INK, 9)
    s.line("M301 264 l5 18", BRASS, 6)


def calendar(s: Sketch, _style: str) -> None:
    """A wall calendar with a landscape."""
    s.ellipse(204, 352, 110, 9, "#3a2f2a", 0.1)
    s.rect(92, 62, 216, 284, PAPER, 6)
    s.rect(92, 62, 216, 134, s.light, 6)
    s.circle(s.vary(240, 34), 106, 24, CREAM)
    s.path(f"M92 196 V160 q50 -{s.vary(46, 10)} 100 -8 q56 -50 116 10 v34 z", s.main)
    s.path("M92 196 v-14 q70 -34 128 -4 q40 -14 88 2 v16 z", s.dark)
    for x in range(106, 304, 14):
        s.line(f"M{x} 52 v20", STEEL_DARK, 5)
    for row in range(5):
        for column in range(7):
            busy = s.vary(0, 9) == 0
            s.rect(108 + column * 27, 216 + row * 24, 20, 16, s.main if busy else s.ground, 4)


def paperweight(s: Sketch, _style: str) -> None:
    """A glass dome with a lighthouse inside."""
    s.shadow(118, 322)
    r = s.vary(120, 5)
    s.path(f"M{200 - r} 304 A{r} {r + 20} 0 0 1 {200 + r} 304 Z", s.light)
    s.path(f"M{200 - r + 8} 300 Q130 262 200 280 T{192 + r} 296 V304 H{208 - r} Z", s.main)
    s.path("M180 286 L188 212 H212 L220 286 Z", PAPER)
    s.path("M184 254 L187 232 H213 L216 254 Z", "#b4483a")
    s.rect(186, 196, 28, 18, INK, 3)
    s.path("M184 196 L200 180 L216 196 Z", "#b4483a")
    s.path("M214 200 L290 178 V220 Z", "#fff0c2", opacity=0.7)
    s.path(f"M{226 - r} 268 Q{232 - r} 206 {268 - r + 20} 190", "none", PAPER, 11, 0.85)
    s.rect(196 - r, 300, r * 2 + 8, 20, s.dark, 8)


DRAWINGS: dict[str, Drawing] = {
    "desk": desk, "stool": stool, "notebook": notebook, "pen": pen, "pencils": pencils, "ink": ink,
    "cards": cards, "tray": tray, "penpot": penpot, "boxfile": boxfile, "bookends": bookends,
    "deskpad": deskpad, "calendar": calendar, "paperweight": paperweight,
}  # fmt: skip
