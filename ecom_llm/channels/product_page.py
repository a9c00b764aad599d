"""What a product's page and card show: the description, recommendations and their reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from ecom_llm import conf
from ecom_llm.capture.boundary import boundary, isolated
from ecom_llm.capture.queries import folded_query
from ecom_llm.capture.scope import current_scope, defer
from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.plain import describe
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.channels.wanted import PAGE_PRIORITY, ask_for
from ecom_llm.entities import EvidenceKind, Kind, ProductFacts, ReasonSubject, Recommendation, TextKey
from ecom_llm.generate.phrases import has_features
from ecom_llm.generate.requests import request_texts
from ecom_llm.generate.templates import has_prompt
from ecom_llm.models import CandidateList, GenerationJob, Text, TextVersion
from ecom_llm.publish.lookup import is_current, published
from ecom_llm.recommend.current_visit import CurrentVisit, read_visit
from ecom_llm.recommend.ranking import recommend
from ecom_llm.signals import text_stale

# Evidence that the model puts into words; it always links two products.
WORDED = (
    EvidenceKind.VIEWED_AFTER, EvidenceKind.VIEWED_TOGETHER, EvidenceKind.ADDED_TOGETHER,
    EvidenceKind.BOUGHT_TOGETHER, EvidenceKind.SAME_ATTRIBUTE, EvidenceKind.SIMILAR,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """What a place in the shop shows now.

    Attributes:
        key: which text.
        text: the words, plain; to be escaped wherever they are put.
        origin: ``model``, ``human`` (an editor here), ``shop`` (the catalogue's own words) or ``plain``.
        is_pending: whether better words have been asked for.
    """

    key: TextKey
    text: str
    origin: str
    is_pending: bool = False


def description(product: Any, language: str) -> Shown:
    """A product's description: an editor's or the model's, else the shop's own, else the plain sentence.

    A missing or stale one is asked for once the page is done. One query, or none behind `prefetch_descriptions`.

    Args:
        product: the shop's object.
        language: a Django language code.
    """
    shown = _description_now(get_catalog().facts(product), language)
    if shown.is_pending:
        ask_for([shown.key])
    return shown


def prefetch_descriptions(products: Iterable[Any], language: str) -> None:
    """Look the descriptions of many products up in one query, for the tags that follow on the same page."""
    catalog = get_catalog()
    _cached([TextKey(Kind.DESCRIPTION, catalog.product_id(product), language) for product in products])


def recommendations(
    *,
    visitor: Visitor,
    product: Any = None,
    query: str = "",
    limit: int = 4,
    language: str = "en",
    is_general: bool = False,
) -> list[Recommendation]:
    """Products to show and why, each with its published reason if there is one. One query more than picking them takes.

    Reasons that are missing or stale are asked for once the page is done.

    Args:
        visitor: who looks; what they looked at in this visit decides, too, and at `personal` what they did before.
        product: the page's product.
        query: the page's search, as typed.
        limit: the most to return.
        language: a Django language code.
        is_general: use nothing of what the visitor did; what they do not want stays away all the same.
    """
    catalog = get_catalog()
    with isolated(CandidateList):
        current = read_visit(visitor, is_general=is_general)
        if current != CurrentVisit() or visitor.has_history or is_general:
            # A cache must not hand to others what was picked for one.
            _keep_private()
        found = recommend(
            visitor=visitor,
            product=product,
            query=folded_query(query, conf.get_settings().capture.query_max_characters),
            limit=limit,
            language=language,
            visit=current,
        )
    facts = {rec.product_id: catalog.facts(rec.product) for rec in found}
    seed = catalog.resolve(product) if product is not None else None
    if seed is not None:
        facts[catalog.product_id(seed)] = catalog.facts(seed)
    keys = {rec.product_id: key for rec in found if (key := reason_key(rec, language))}
    versions = _cached(list(keys.values()))
    missing = []
    for rec in found:
        key = keys.get(rec.product_id)
        version = versions[key] if key is not None else None
        # An editor's words stay until an editor changes them.
        if version is not None and is_current(version, facts):
            rec.text, rec.origin = version.body, version.origin
        elif key is not None:
            missing.append(key)
    ask_for(missing)
    return found


def reason_key(rec: Recommendation, language: str) -> TextKey | None:
    """The text that words a recommendation's evidence; None where only the plain sentence will do."""
    if not rec.evidence.seed_id or rec.evidence.kind not in WORDED or not has_prompt(Kind.REASON, language):
        return None
    subject = ReasonSubject(rec.evidence.seed_id, rec.product_id, rec.evidence.kind)
    return TextKey(Kind.REASON, subject.key, language)


def texts_of(product: Any, language: str) -> dict[str, Any]:
    """Every text of a product's page as plain JSON values, for the API and the script that swaps fresh text in.

    Returns:
        ``product_id``, ``language``, ``description`` (``text`` and ``origin``), ``reasons`` (a list of
        ``product_id``, ``evidence``, ``text`` and ``origin``) and ``is_pending``: whether a job for any of them is
        under way.
    """
    facts = get_catalog().facts(product)
    shown = _description_now(facts, language)
    reasons = _reasons_beside(facts, language)
    if shown.is_pending:
        # At once, not after the answer: whoever polls is told whether waiting is of use.
        with boundary("texts_of"):
            request_texts([shown.key], PAGE_PRIORITY)
    own = Q(kind=Kind.DESCRIPTION, subject=facts.product_id)
    beside = Q(kind=Kind.REASON, subject__startswith=f"{facts.product_id}\t")
    active = GenerationJob.objects.filter(own | beside, language=language, state__in=GenerationJob.ACTIVE)
    return {
        "product_id": facts.product_id,
        "language": language,
        "description": {"text": shown.text, "origin": shown.origin},
        "reasons": reasons,
        "is_pending": active.exists(),
    }


def _description_now(facts: ProductFacts, language: str) -> Shown:
    key = TextKey(Kind.DESCRIPTION, facts.product_id, language)
    version = _cached([key])[key]
    if version is not None and is_current(version, {facts.product_id: facts}):
        return Shown(key, version.body, version.origin)
    if version is not None:
        _tell_stale(version)
    if facts.description:
        return Shown(key, facts.description, "shop")
    is_writable = has_features(facts) and has_prompt(Kind.DESCRIPTION, language)
    return Shown(key, describe(facts, language), "plain", is_pending=is_writable)


def _reasons_beside(seed: ProductFacts, language: str) -> list[dict[str, str]]:
    texts = Text.objects.filter(
        kind=Kind.REASON, language=language, subject__startswith=f"{seed.product_id}\t", published__isnull=False
    ).select_related("published")
    versions = [(ReasonSubject.parse(text.subject), text.published) for text in texts]
    catalog = get_catalog()
    loaded = catalog.in_bulk({subject.product_id for subject, _ in versions})
    facts = {item_id: catalog.facts(item) for item_id, item in loaded.items() if catalog.is_visible(item)}
    facts |= {seed.product_id: seed}
    return [
        {
            "product_id": subject.product_id,
            "evidence": str(subject.evidence_kind),
            "text": version.body,
            "origin": version.origin,
        }
        for subject, version in versions
        # The prefix of the query may match another case of the id, where the database ignores case.
        if version is not None
        and subject.seed_id == seed.product_id
        and subject.product_id in facts
        and is_current(version, facts)
    ]


def _keep_private() -> None:
    scope = current_scope()
    if scope is not None:
        scope.keep_private()


def _cached(keys: list[TextKey]) -> dict[TextKey, TextVersion | None]:
    """Published versions, each looked up once in a request."""
    scope = current_scope()
    cache: dict[TextKey, Any] = scope.texts if scope is not None else {}
    missing = [key for key in keys if key not in cache]
    if missing:
        cache.update(dict.fromkeys(missing))
        with isolated(Text):
            cache.update(published(missing))
    return {key: cache[key] for key in keys}


def _tell_stale(version: TextVersion) -> None:
    defer(lambda: text_stale.send_robust(sender=Text, text=version.text))
