"""A text is plain: no tags, no Markdown, no links, nothing left over from the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecom_llm.entities import Finding
from ecom_llm.guard.reading import Reading

_PROMPT = re.compile(
    r"<\|[^|>]{0,40}\|?>?|</?s>|\[/?INST\]|</?(?:think|system|user|assistant)>"
    r"|^[ \t]*(?:#+\s*)?(?:facts?|details?|products?|search|instructions?|description|reason|answer|output"
    r"|response|input|prompt|user|assistant|system|note|example|text|title|sentence)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_CHATTER = re.compile(
    r"\b(?:as an?|i am an?|i'm an?) (?:ai|artificial intelligence|(?:large )?language model|assistant|chatbot)\b"
    r"|^\W*(?:sure|certainly|of course|absolutely|okay|ok)\b\s*[,!.:]"
    r"|\bhere(?:'s| is| are) (?:a|an|the|your|my|one|some) (?:\w+ ){0,3}"
    r"(?:description|sentences?|texts?|reasons?|copy|paragraph|summary|version)\b"
    r"|\b(?:i can(?:no|')t|i'm sorry|i am sorry|i apologi[sz]e|please provide|let me know)\b"
    r"|\bthe (?:facts|prompt|instructions|product details) (?:above|given|provided|below|say|state|listed)\b"
    r"|\b(?:product|brand|company|shop|customer) name here\b|\[(?:product|brand|name|insert)[^\]]*\]|\{\{?\s*\w+",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[/!?]?[a-z][^<>]{0,200}>?|&(?:#\d+|#x[\da-f]+|[a-z]{2,8});", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"\*\*|__|~~|```|`[^`]+`|!?\[[^\]]*\]\([^)]*\)|^\s{0,3}(?:#{1,6}\s|[-*+\u2022]\s|>\s|\d{1,2}[.)]\s|\|)"
    r"|(?<!\w)\*[^*\s][^*]*\*(?!\w)|^[ \t]*(?:---|===)",
    re.MULTILINE,
)
_LINK = re.compile(
    r"\b(?:https?|ftp|javascript|mailto)\s?:\s?\S+|\bwww\.\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.\w"
    r"|\b[a-z0-9-]{1,63}\.(?:com|org|net|io|shop|store|info|biz|co\.uk|de|fr|eu)\b",
    re.IGNORECASE,
)
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffd]"
)
_RULES = (
    ("markup.prompt", "This is left over from the prompt.", _PROMPT),
    ("markup.chatter", "The model speaks of itself or to the person who asked.", _CHATTER),
    ("markup.tag", "Tags are shown as they stand.", _TAG),
    ("markup.markdown", "Markdown is shown as it stands.", _MARKDOWN),
    ("markup.link", "A text holds no address.", _LINK),
    ("markup.control", "It holds a character that is not seen but changes what is shown.", _CONTROL),
)


def check_markup(reading: Reading) -> Iterator[Finding]:
    """Codes `markup.prompt`, `.chatter`, `.tag`, `.markdown`, `.link` and `.control`; the first of each."""
    for code, message, pattern in _RULES:
        if match := pattern.search(reading.text):
            yield reading.block(code, message, match.start(), match.end())
