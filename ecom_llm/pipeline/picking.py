"""Picks the best of a prompt's completions: what the guard lets through, and among that what says most."""

from __future__ import annotations

from collections.abc import Sequence

from ecom_llm import conf
from ecom_llm.entities import Completion, ProductFacts
from ecom_llm.generate.backends.base import Backend
from ecom_llm.guard.screen import cited, is_blocked, screen
from ecom_llm.pipeline.work import Work
from ecom_llm.publish.drafts import Draft, Facts


def pick(backend: Backend, item: Work, completions: Sequence[Completion], seed: int) -> Draft | None:
    """The best completion as a draft.

    Of those that pass, the one with the fewest findings, then the one that rests on the most facts, then the first:
    the likeliest words.

    Args:
        backend: which made them.
        item: whose completions they are; the findings of the first are left in it when all are blocked.
        completions: at least one.
        seed: of the try.

    Returns:
        A draft; None when the guard blocks them all.
    """
    material = item.material
    best: tuple[tuple[int, int], Draft] | None = None
    item.findings = []
    for text, completion in {completion.text: completion for completion in reversed(completions)}.items():
        findings = screen(
            text, material.products, material.key.kind, material.key.language, material.allowed,
            is_closed=conf.get_settings().guard.closed_vocabulary,
        )  # fmt: skip
        if is_blocked(findings):
            item.findings = findings
            continue
        rests_on = cited(text, material.products)
        rank = (-len(findings), sum(map(len, rests_on.values())))
        if best is None or rank >= best[0]:
            draft = Draft(
                body=text, facts=_as_facts(material.products), cited=rests_on, findings=findings,
                input_hash=material.hash, prompt_version=item.prompt.version, backend=backend.alias,
                model=backend.model_name, seed=seed, prompt_tokens=completion.prompt_tokens,
                completion_tokens=completion.completion_tokens, generation_seconds=completion.seconds,
            )  # fmt: skip
            best = (rank, draft)
    return best[1] if best else None


def _as_facts(products: tuple[ProductFacts, ...]) -> Facts:
    return {facts.product_id: facts.citable for facts in products}
