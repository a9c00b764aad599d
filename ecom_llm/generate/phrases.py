"""Puts facts into short English phrases that a small model can join into a sentence without inventing any.

"Handle: olive wood" becomes "an olive wood handle". On the packaged 135-million-parameter model this alone raised the
share of completions that add nothing; see docs/performance.md. Prompts in other languages, or for larger models, use
`PromptProduct.facts` as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ecom_llm.entities import Fact, ProductFacts

MAX_VALUE_CHARACTERS = 32
MAX_FACTS = 12
# Labels under which shops file the same thing.
MATERIAL = ("material", "materials", "fabric")
COLOUR = ("colour", "color")
USE = ("use", "suitable for")
# Facts that make no noun phrase: "a machine wash care".
NOT_A_FEATURE = frozenset(
    {
        "age", "assembly", "box", "care", "charging", "cleaning", "comfort", "contents", "drying", "firmness", "fits",
        "fixing", "food", "frost", "hanging", "hobs", "inside", "keeps", "markings", "origin", "protects", "quantity",
        "season", "size", "sizes", "type",
    }
)  # fmt: skip
NO_ARTICLE = frozenset({"insulation", "noise", "packaging", "paint", "power", "storage"})
COLOURS_THAT_ARE_MATERIALS = frozenset(
    {
        "ash", "beech", "birch", "brass", "bronze", "cedar", "cherry", "chestnut", "copper", "cork", "gold", "linen",
        "oak", "pewter", "pine", "slate", "stone", "terracotta", "walnut", "willow",
    }
)  # fmt: skip
FLAG = re.compile(r"^(yes|no|none|not .*|required|optional|n/a|-)$", re.IGNORECASE)
# "on the cable", "up to 40 hours": words that do not stand before a noun.
NOT_BEFORE_A_NOUN = re.compile(
    r"^(a|an|the|on|in|at|with|without|up|down|from|to|for|under|above|below|behind|every|most|all|\w+ to)\b",
    re.IGNORECASE,
)
MEASURE = re.compile(r"^\d[\d.,]*\s?(g|kg|mm|cm|m|ml|l|w|h|lumens?|min)$", re.IGNORECASE)
SINGULAR_S = re.compile(r"(ss|us|is|canvas|lens)$", re.IGNORECASE)
VOWEL = re.compile(r"^([aeio]|u(?!n[is]|s)|8|11\b|18\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PromptProduct:
    """A product as a prompt template sees it.

    Attributes:
        name: its name.
        category: its category.
        facts: label and value, as the shop wrote them.
        use: what it is for; empty when no fact says so, as the next two.
        material: what it is made of.
        colour: its colour.
        features: noun phrases, at most as many as asked for.
        verb: ``has`` or ``have``, as the name is one or many.
    """

    name: str
    category: str
    facts: tuple[Fact, ...]
    use: str
    material: str
    colour: str
    features: tuple[str, ...]
    verb: str


def for_prompt(product: ProductFacts, features: int) -> PromptProduct:
    """Choose and phrase what a prompt says of a product.

    Args:
        product: its facts.
        features: the most noun phrases; a small model joins three safely.
    """
    short = [fact for fact in product.facts if _is_short(fact.value)]
    material, colour, use = _first(short, MATERIAL), _first(short, COLOUR), _first(short, USE)
    phrases = feature_phrases(short, features)
    if not phrases:
        # Nothing else to say: then the sentence is about these.
        phrases = [_phrase(fact) for fact in short if fact.value in {material, colour}][:features]
        material = colour = ""
    return PromptProduct(
        name=product.name,
        category=product.category,
        facts=product.facts[:MAX_FACTS],
        # "For under other layers", "made of oak in oak": what does not read well is left out.
        use="" if NOT_BEFORE_A_NOUN.match(use) else use,
        material=material,
        colour="" if _reads_as_material(colour, material) else colour,
        features=tuple(phrases),
        verb="have" if _is_plural(product.name) else "has",
    )


def _reads_as_material(colour: str, material: str) -> bool:
    """ "Made of steel in oak" says that the oak is a wood; "made of oak in oak" says nothing."""
    return colour.lower() in material.lower() or not COLOURS_THAT_ARE_MATERIALS.isdisjoint(colour.lower().split())


def has_features(product: ProductFacts) -> bool:
    """Whether there is anything to write from; a product with nothing but its name keeps its plain sentence."""
    return bool(for_prompt(product, 1).features)


def feature_phrases(facts: Iterable[Fact], limit: int) -> list[str]:
    """Noun phrases in the shop's order, those with words before those with measures."""
    candidates = [fact for fact in facts if _is_feature(fact)]
    worded = [fact for fact in candidates if not any(char.isdigit() for char in fact.value)]
    measured = [fact for fact in candidates if MEASURE.match(fact.value)]
    return [_phrase(fact) for fact in [*worded, *measured][:limit]]


def _phrase(fact: Fact) -> str:
    label, value = fact.name.lower(), fact.value
    phrase = value if label in value.lower().split() else f"{value} {label}"
    return phrase if _is_plural(phrase) or label in NO_ARTICLE else f"{_article(phrase)}{phrase}"


def _article(phrase: str) -> str:
    return "an " if VOWEL.match(phrase) else "a "


def _is_feature(fact: Fact) -> bool:
    label = fact.name.lower()
    if label in (*MATERIAL, *COLOUR, *USE) or NOT_A_FEATURE & set(label.split()):
        return False
    if NOT_BEFORE_A_NOUN.match(fact.value):
        return False
    # "two buckles closure": a plural stands badly before another noun, unless it is the noun itself.
    return not _is_plural(fact.value) or label in fact.value.lower().split()


def _is_short(value: str) -> bool:
    return len(value) <= MAX_VALUE_CHARACTERS and "," not in value and not FLAG.match(value)


def _is_plural(text: str) -> bool:
    return text.lower().endswith("s") and not SINGULAR_S.search(text)


def _first(facts: list[Fact], labels: tuple[str, ...]) -> str:
    return next((fact.value for label in labels for fact in facts if fact.name.lower() == label), "")
