"""Colour names of the catalogue as hex values, and the tones a drawing takes from one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEX_COLOUR = re.compile(r"#[0-9a-f]{6}")

COLOURS: dict[str, str] = {
    "amber": "#d8913a",
    "ash": "#d3ae7d",
    "beech": "#d9b083",
    "black": "#3a3b41",
    "blush": "#e3a9a0",
    "brass": "#cfa24a",
    "brick red": "#b4483a",
    "charcoal": "#50555c",
    "cherry": "#a8553f",
    "chestnut": "#8a5338",
    "clay": "#b98263",
    "copper": "#c17a4e",
    "coral": "#e2735f",
    "cream": "#ecdfc4",
    "forest green": "#2f5d4a",
    "indigo": "#3f4a82",
    "lavender": "#a79bc9",
    "lemon": "#ecc94b",
    "lime": "#a5bf45",
    "mint": "#9ccbb5",
    "moss green": "#6d7f45",
    "mustard": "#d3a032",
    "navy": "#2e4367",
    "oak": "#c59a62",
    "oatmeal": "#d8c8ab",
    "olive": "#7a7747",
    "plum": "#7b4466",
    "rust": "#b4592f",
    "sage": "#9caf8f",
    "sand": "#d5ba8c",
    "silver": "#b9c0c6",
    "sky blue": "#7fb2d3",
    "slate": "#66727f",
    "slate blue": "#5c7796",
    "tangerine": "#e58537",
    "tartan red": "#a93b3d",
    "teal": "#2f7f83",
    "terracotta": "#c8714f",
    "walnut": "#7c5640",
    "white": "#f1eee7",
}
FALLBACK = "#8d8378"


@dataclass(frozen=True, slots=True)
class Palette:
    """The tones of one picture, as ``#rrggbb``: the thing itself (three tones) and what is behind it."""

    main: str
    dark: str
    light: str
    ground: str
    glow: str

    def as_list(self) -> list[str]:
        """The tones in order, for a JSON field."""
        return [self.main, self.dark, self.light, self.ground, self.glow]


def mix(first: str, second: str, share: float) -> str:
    """Blend two hex colours; ``share`` (0 to 1) is how much of the second is in the result."""
    pairs = [(int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def palette_for(colour_name: str, backdrop: str = "#e9d9c0") -> Palette:
    """The palette of a colour the catalogue names; an unknown name gives a warm grey."""
    main = COLOURS.get(colour_name.casefold(), FALLBACK)
    if _brightness(main) > 0.78:
        # A pale thing needs something to stand out from.
        ground, glow = mix(main, "#a3b9bd", 0.62), mix(main, "#86a1a8", 0.74)
    else:
        ground = mix(mix(main, backdrop, 0.55), "#ffffff", 0.66)
        glow = mix(mix(main, backdrop, 0.6), "#ffffff", 0.36)
    return Palette(main, mix(main, "#1e1a2b", 0.28), mix(main, "#fff6e6", 0.34), ground, glow)


def _brightness(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def palette_from(tones: object) -> Palette:
    """Read a palette back from JSON. Anything that is not five hex colours gives the fallback palette."""
    kept = [tone for tone in tones if _is_hex(tone)] if isinstance(tones, list) else []
    return Palette(*kept) if len(kept) == len(Palette.__slots__) else palette_for("")


def _is_hex(tone: object) -> bool:
    return isinstance(tone, str) and HEX_COLOUR.fullmatch(tone) is not None
