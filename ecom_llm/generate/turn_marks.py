"""The marks that chat templates are made of. A model reads them wherever they stand, so none may come from a value."""

from __future__ import annotations

import re

# <|im_start|> and its like, DeepSeek's, Llama's and Mistral's, Gemma's, EXAONE's, of models that think or call tools;
# and what neither JSON nor a tokenizer takes.
TURN_MARKS = re.compile(
    r"<[|\uff5c][^<>\s]{1,60}?[|\uff5c]>|\[\|[^\[\]\s]{1,60}?\|\]|</?s>|<</?SYS>>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|THINK|AVAILABLE_TOOLS|TOOL_[A-Z]+)\]|<(?:start|end)_of_[a-z_]{1,30}>"
    r"|<(?:bos|eos|pad|unk)>|</?(?:think|tool_call|tool_response)>|[\0\ud800-\udfff]",
    re.IGNORECASE,
)


def without_turn_marks(text: str) -> str:
    """A text with a space for each mark, so that what stood around one makes no other.

    Args:
        text: a value of the shop's, or what it was filled into.
    """
    return TURN_MARKS.sub(" ", text)
