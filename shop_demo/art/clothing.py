"""Drawings of jackets, knitwear and small warm things."""
# ruff: noqa: E501  # path data reads better unbroken

from __future__ import annotations

from shop_demo.art.sketch import BRASS, CREAM, INK, LEATHER, Drawing, Sketch

_BODY = "M138 108 L262 108 L296 150 L282 328 Q200 340 118 328 L104 150 Z"


def _sleeves(s: Sketch, cuff: int) -> None:
    s.path(f"M134 112 Q96 124 84 170 L54 {cuff} L92 {cuff + 14} L124 200 Z", s.main)
    s.path(f"M266 112 Q304 124 316 170 L346 {cuff} L308 {cuff + 14} L276 200 Z", s.dark)
    s.path(f"M58 {cuff - 14} L54 {cuff} L92 {cuff + 14} L96 {cuff - 2} Z", s.light, opacity=0.8)
    s.path(f"M342 {cuff - 14} L346 {cuff} L308 {cuff + 14} L304 {cuff - 2} Z", s.light, opacity=0.5)


def _torso(s: Sketch) -> None:
    s.path(_BODY, s.main)
    s.path("M240 108 L262 108 L296 150 L282 328 Q262 332 240 333 Z", s.dark, opacity=0.45)
    s.path("M160 108 L138 108 L104 150 L118 328 L136 330 Q120 190 160 108 Z", s.light, opacity=0.45)


def jacket(s: Sketch, style: str) -> None:
    """A jacket with a hood, a collar or a plain neck."""
    s.shadow(100, 340)
    cuff = s.vary(272, 8)
    if style == "hood":
        s.path("M142 116 Q136 54 200 52 Q264 54 258 116 Q200 150 142 116 Z", s.dark)
        s.path("M162 112 Q160 78 200 76 Q240 78 238 112 Q200 138 162 112 Z", INK, opacity=0.55)
    _sleeves(s, cuff)
    _torso(s)
    if style == "collar":
        s.path("M158 104 L200 132 L180 160 L148 116 Z M242 104 L200 132 L220 160 L252 116 Z", s.dark)
        s.path("M160 102 Q200 86 240 102 L200 132 Z", INK, opacity=0.45)
    else:
        s.path("M160 110 Q200 140 240 110 L234 96 Q200 112 166 96 Z", s.light)
    stop = 236 if style == "nohood" else 330
    s.line(f"M200 130 V{stop}", CREAM, 4)
    for y in (168, 210, 252, 294) if style == "collar" else ():
        s.circle(208, y, 5, BRASS)
    pocket = s.vary(244, 8)
    if style == "nohood":
        s.path("M122 196 L282 196 L284 214 L120 214 Z", CREAM, opacity=0.75)
    else:
        s.rect(130, pocket, 52, 52, s.dark, 7, 0.45)
        s.rect(218, pocket, 52, 52, s.dark, 7, 0.6)
        s.path(f"M130 {pocket} h52 v12 h-52 z M218 {pocket} h52 v12 h-52 z", s.light, opacity=0.8)


def smock(s: Sketch, _style: str) -> None:
    """A loose pullover with a short placket."""
    s.shadow(100, 340)
    _sleeves(s, s.vary(256, 8))
    _torso(s)
    s.path("M160 108 Q200 128 240 108 L234 94 Q200 108 166 94 Z", s.light)
    s.path("M190 118 h20 v74 h-20 z", s.light)
    for y in (136, 156, 176):
        s.circle(200, y, 4, CREAM)
    s.path("M140 240 h50 v58 q-25 10 -50 0 z M210 240 h50 v58 q-25 10 -50 0 z", s.dark, opacity=0.5)


def puffer(s: Sketch, _style: str) -> None:
    """A quilted down jacket."""
    s.shadow(104, 340)
    s.path("M142 116 Q136 54 200 52 Q264 54 258 116 Q200 150 142 116 Z", s.dark)
    s.path("M164 112 Q162 82 200 80 Q238 82 236 112 Q200 136 164 112 Z", INK, opacity=0.5)
    _sleeves(s, s.vary(268, 6))
    _torso(s)
    step = s.vary(34, 3)
    for y in range(146, 324, step):
        s.line(
            f"M{110 + (y - 146) * 0.07:.0f} {y} q44 12 {88 - (y - 146) * 0.07:.0f} 2 M202 {y + 2} q44 10 {88 - (y - 146) * 0.07:.0f} -2",
            s.dark,
            4,
            0.6,
        )
    for y in (178, 208, 238):
        s.line(f"M{86 - (y - 178) // 4} {y} l26 8 M{314 + (y - 178) // 4} {y} l-26 8", s.dark, 4, 0.6)
    s.line("M200 132 V330", CREAM, 4)


def gilet(s: Sketch, _style: str) -> None:
    """A sleeveless quilted layer."""
    s.shadow(100, 340)
    s.path(
        "M146 92 L172 88 Q200 128 228 88 L254 92 Q258 140 296 164 L284 328 Q200 340 116 328 L104 164 Q142 140 146 92 Z",
        s.main,
    )
    s.path("M254 92 Q258 140 296 164 L284 328 Q262 332 236 334 Z", s.dark, opacity=0.45)
    for y in range(180, 320, s.vary(26, 3)):
        s.line(
            f"M114 {y} L284 {y - 40 if y > 210 else y - 10} M116 {y - 30 if y > 210 else y - 6} L284 {y}",
            s.light,
            2,
            0.6,
        )
    s.path("M172 88 Q200 128 228 88 L236 110 Q200 150 164 110 Z", s.light)
    s.line("M200 136 V334", s.dark, 5)
    for y in (160, 200, 240, 280):
        s.circle(200, y, 6, BRASS)
    s.rect(132, 252, 48, 42, s.dark, 6, 0.5)
    s.rect(220, 252, 48, 42, s.dark, 6, 0.5)


def jumper(s: Sketch, style: str) -> None:
    """A knitted jumper; ``roll`` has a tall neck, ``thin`` no ribs."""
    s.shadow(100, 340)
    _sleeves(s, s.vary(274, 8))
    _torso(s)
    if style == "roll":
        s.path("M166 112 Q162 66 200 64 Q238 66 234 112 Q200 130 166 112 Z", s.light)
        s.line("M166 92 Q200 108 234 92", s.dark, 3, 0.5)
    else:
        s.path("M156 108 Q200 140 244 108 L236 100 Q200 124 164 100 Z", s.light)
    s.path("M118 306 Q200 318 282 306 L281 328 Q200 340 119 328 Z", s.light)
    for x in range(132, 276, 12):
        s.line(f"M{x} 312 V328", s.dark, 3, 0.45)
    if style == "thin":
        s.line("M138 150 Q200 172 262 150", s.light, 4)
        return
    yoke = s.vary(170, 8)
    for i, x in enumerate(range(124, 280, 22)):
        s.path(f"M{x} {yoke} l11 -14 l11 14 l-11 14 z", (s.light, CREAM)[i % 2], opacity=0.85)
    s.line(f"M116 {yoke + 26} H284 M112 {yoke - 26} H288", s.light, 5, 0.8)


def poncho(s: Sketch, _style: str) -> None:
    """A wide rain cape with a hood."""
    s.shadow(130, 338)
    wide = s.vary(140, 8)
    s.path(
        f"M152 118 L{200 - wide} 296 Q{204 - wide} 330 200 332 Q{196 + wide} 330 {200 + wide} 296 L248 118 Z", s.main
    )
    s.path(f"M248 118 L{200 + wide} 296 Q{196 + wide} 330 214 332 Q262 220 232 118 Z", s.dark, opacity=0.5)
    s.path("M146 130 Q138 58 200 56 Q262 58 254 130 Q200 160 146 130 Z", s.light)
    s.path("M164 124 Q160 84 200 82 Q240 84 236 124 Q200 146 164 124 Z", INK, opacity=0.6)
    s.line("M186 146 V190 M214 146 V182", CREAM, 4)
    s.path("M150 226 h100 v44 q-50 16 -100 0 z", s.dark, opacity=0.35)


def beanie(s: Sketch, style: str) -> None:
    """A knitted hat, with or without a bobble."""
    s.shadow(120, 318)
    top = s.vary(114, 8)
    if style == "bobble":
        s.circle(200, top - 18, 40, CREAM)
        for dx, dy in ((-26, -14), (24, -18), (0, -34), (-30, 10), (30, 8)):
            s.circle(200 + dx, top - 18 + dy, 16, CREAM)
    s.path(f"M92 262 C92 {top + 40} 130 {top} 200 {top} S308 {top + 40} 308 262 Z", s.main)
    s.path(f"M200 {top} C270 {top} 308 {top + 40} 308 262 H250 Q252 180 200 {top} Z", s.dark, opacity=0.4)
    for x in (124, 150, 176, 224, 250, 276):
        s.line(f"M{x} 256 Q{200 + (x - 200) * 0.8:.0f} 176 {200 + (x - 200) * 0.25:.0f} {top + 12}", s.light, 5, 0.6)
    s.rect(80, 244, 240, 66, s.light, 26)
    for x in range(102, 312, 18):
        s.line(f"M{x} 256 V298", s.dark, 4, 0.4)


def scarf(s: Sketch, _style: str) -> None:
    """A checked scarf, looped once."""
    s.shadow(100, 336)
    s.path("M120 128 Q200 80 280 128 Q300 170 270 190 Q200 222 130 190 Q100 170 120 128 Z", s.main)
    s.path("M150 142 Q200 114 250 142 Q256 158 244 164 Q200 180 156 164 Q144 158 150 142 Z", s.ground)
    s.path("M140 186 L190 204 L176 320 L112 306 Z", s.dark)
    s.path("M206 204 L266 188 L290 312 L222 322 Z", s.main)
    s.line("M216 230 L272 216 M220 268 L280 252 M224 300 L286 286 M236 200 L254 318", CREAM, 5, 0.75)
    s.line("M136 220 L186 234 M128 258 L180 270 M120 292 L176 304 M164 196 L142 312", s.light, 5, 0.75)
    s.line("M128 176 Q200 204 272 176 M122 146 Q132 120 160 112", s.light, 5, 0.7)
    for x in range(116, 178, 10):
        s.line(f"M{x} {306 + (x - 116) * 0.22:.0f} v18", s.dark, 4)
    for x in range(224, 290, 10):
        s.line(f"M{x} {322 - (x - 224) * 0.15:.0f} v18", s.main, 4)


def mittens(s: Sketch, style: str) -> None:
    """A pair of mittens or open-fingered gloves."""
    s.shadow(130, 336)
    for lean, x in ((-10, 128), (10, 272)):
        sign = 1 if x < 200 else -1

        def one(x: int = x, sign: int = sign) -> None:
            if style == "glove":
                for i in range(4):
                    s.rect(x - 52 + i * 26, 112 + abs(i - 1.4) * 10, 23, 90, s.dark if i % 2 else s.main, 8)
                s.rect(x - 52, 168, 104, 92, s.main, 18)
            else:
                s.path(f"M{x - 54} 258 V160 Q{x - 52} 92 {x} 90 Q{x + 52} 92 {x + 54} 160 V258 Z", s.main)
            s.path(
                f"M{x + sign * 44} 250 Q{x + sign * 96} 214 {x + sign * 82} 182 Q{x + sign * 66} 166 {x + sign * 44} 200 Z",
                s.dark,
            )
            s.rect(x - 58, 250, 116, 70, s.light, 14)
            for dx in range(-44, 50, 14):
                s.line(f"M{x + dx} 260 V310", s.dark, 4, 0.4)
            s.path(f"M{x - 20} 190 l20 -24 l20 24 l-20 24 z", CREAM, opacity=0.85)

        s.turned(lean, one, x, 220)


def trousers(s: Sketch, _style: str) -> None:
    """Walking trousers."""
    s.shadow(96, 342)
    hem = s.vary(50, 4)
    s.path(f"M130 70 H270 L292 336 H{292 - hem} L204 170 L{108 + hem} 336 H108 Z", s.main)
    s.path(f"M236 70 H270 L292 336 H{292 - hem} L216 196 Z", s.dark, opacity=0.5)
    s.rect(128, 66, 144, 26, s.light, 6)
    s.rect(192, 68, 20, 22, BRASS, 4)
    s.path("M136 96 q24 6 26 38 M264 96 q-24 6 -26 38", "none", s.dark, 5)
    s.line("M200 92 V150", s.dark, 4)
    s.rect(124, 150, 38, 50, s.light, 6, 0.6)
    s.path("M122 262 q18 8 38 0 M240 262 q18 8 38 0", "none", LEATHER, 3, 0.4)


DRAWINGS: dict[str, Drawing] = {
    "jacket": jacket, "smock": smock, "puffer": puffer, "gilet": gilet, "jumper": jumper, "poncho": poncho,
    "beanie": beanie, "scarf": scarf, "mittens": mittens, "trousers": trousers,
}  # fmt: skip
