"""Turns material into a prompt."""

from __future__ import annotations

from ecom_llm.entities import Prompt
from ecom_llm.generate.material import Material
from ecom_llm.generate.templates import get_prompt_template


def make_prompt(material: Material) -> Prompt:
    """Fill the kind's template in.

    Raises:
        PromptError: the template cannot be read.
    """
    template = get_prompt_template(material.key.kind, material.key.language)
    messages, prefix = template.render(material.variables)
    citable = [value for facts in material.products for value in facts.citable.values()]
    return Prompt(messages, prefix, material.plain, template.version, (*citable, *material.allowed))
