"""Prompt templates: files that a shop overrides as it overrides any Django template.

`ecom_llm/prompts/<kind>.<language>.txt` is looked for first, then the language's base (`de` for `de-at`). A language
that has neither is not written in: an English prompt would only put English around its facts. The first line may say
`{# version: 3 #}`; a digest of the file follows it in the version, so an edited template is a new version whether or
not its author remembered the number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.template import Context, Engine, Template, TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template

from ecom_llm.entities import Kind, Message
from ecom_llm.exceptions import PromptError
from ecom_llm.generate.turn_marks import without_turn_marks

VERSION = re.compile(r"\{#\s*version:\s*([\w.]{1,16})\s*#\}")
SECTION = re.compile(r"^## (system|user|assistant|prefix)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """One template, read into turns before anything is filled in, so that no value can open a turn.

    Attributes:
        version: its declared version and a digest of its source.
        sections: role and Django template of each turn, oldest first; the role `prefix` starts the completion.
    """

    version: str
    sections: tuple[tuple[str, Template], ...]

    def render(self, values: Mapping[str, Any]) -> tuple[tuple[Message, ...], str]:
        """Fill the template in.

        Args:
            values: the template's variables; strings in them are taken as data.

        Returns:
            The turns and the prefix of the completion.
        """
        context = Context(dict(values), autoescape=False)
        filled = [(role, without_turn_marks(template.render(context)).strip()) for role, template in self.sections]
        prefix = "".join(content for role, content in filled if role == "prefix")
        return tuple(Message(role, content) for role, content in filled if role != "prefix"), prefix


def get_prompt_template(kind: Kind, language: str) -> PromptTemplate:
    """The template of a kind in a language.

    Raises:
        PromptError: no file is found, or it has no turns or a mistake in its template language.
    """
    found = _find(kind, language)
    if found is None:
        looked_for = ", ".join(template_names(kind, language))
        raise PromptError(f"No prompt template for {kind}: looked for {looked_for}.")
    return _compile(*found)


def has_prompt(kind: Kind, language: str) -> bool:
    """Whether texts of a kind can be written in a language."""
    try:
        return _find(kind, language) is not None
    except PromptError:
        # It is there; whoever uses it is told what is wrong with it.
        return True


def template_names(kind: Kind, language: str) -> list[str]:
    """The files in which a prompt is looked for, best first."""
    languages = dict.fromkeys([language.lower(), language.lower().split("-")[0]])
    return [f"ecom_llm/prompts/{kind}.{code}.txt" for code in languages]


def _find(kind: Kind, language: str) -> tuple[str, str] | None:
    """Name and source of the best file; None when there is none."""
    for name in template_names(kind, language):
        try:
            template: Any = get_template(name)
        except TemplateDoesNotExist:
            continue
        except TemplateSyntaxError as error:
            raise PromptError(f"{name}: {error}") from error
        return name, template.template.source
    return None


@lru_cache(maxsize=128)
def _compile(name: str, source: str) -> PromptTemplate:
    declared = VERSION.search(source)
    digest = hashlib.sha256(source.encode()).hexdigest()[:8]
    parts = SECTION.split(source)[1:]
    # Loops and conditions only: a prompt loads no tag library and includes no other file.
    engine = Engine(autoescape=False)
    sections = tuple(
        (role, Template(content.strip("\n"), engine=engine))
        for role, content in zip(parts[::2], parts[1::2], strict=True)
    )
    if not any(role == "user" for role, _ in sections):
        raise PromptError(f"{name} has no turn: a line '## user' must introduce one.")
    return PromptTemplate(f"{declared[1] if declared else '0'}-{digest}", sections)
