"""The template tags. None raises into a page: each shows the plain words, or nothing, when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from ecom_llm import conf
from ecom_llm.capture.beacon import make_token
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.consent import DECIDING, capped, consent_of, has_decided
from ecom_llm.capture.general import wants_general
from ecom_llm.capture.page_product import page_product
from ecom_llm.capture.scope import active_language, current_scope
from ecom_llm.capture.visitors import NOBODY, get_visitor
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.plain import describe
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.channels import product_page
from ecom_llm.channels import search_copy as search_copies
from ecom_llm.entities import Consent, Kind, Recommendation, TextKey
from ecom_llm.recommend.sentences import explain_long
from ecom_llm.templatetags.synchronously import synchronously

register = template.Library()


@register.simple_tag(takes_context=True)
def product_description(context: template.Context, product: Any) -> str:
    """A product's description: an editor's, the model's or the shop's own words, else the plain sentence.

    Args:
        context: the page's.
        product: the shop's object, or its id.
    """
    if product is None or product == "":
        return ""
    language = active_language()
    shown = _guarded("product_description", lambda: product_page.description(_parent(product), language))
    if shown is None:
        shown = _guarded("product_description.plain", lambda: _plain(product, language))
    return _render(context, "description", {"shown": shown}) if shown else ""


@register.simple_tag
def prefetch_texts(products: Iterable[Any]) -> str:
    """Look up the descriptions of a whole list in one query, ahead of `product_description` for each."""
    language = active_language()
    _guarded("prefetch_texts", lambda: product_page.prefetch_descriptions(products or (), language))
    return ""


@register.simple_tag(takes_context=True)
def recommendations(
    context: template.Context, product: Any = None, query: str = "", limit: int = 4
) -> list[Recommendation]:
    """Products to show and why; use it with `as`.

    Args:
        context: the page's.
        product: the page's product.
        query: the page's search. With neither, this visit decides.
        limit: the most to return.
    """
    request = _request(context)

    def find() -> list[Recommendation]:
        seed = None if product is None or product == "" else _parent(product)
        return product_page.recommendations(
            visitor=NOBODY if request is None else get_visitor(request),
            product=seed,
            query=str(query or ""),
            limit=int(limit),
            language=active_language(),
            is_general=request is not None and wants_general(request),
        )

    return _guarded("recommendations", find) or []


@register.simple_tag(takes_context=True)
def reason(context: template.Context, rec: Recommendation) -> str:
    """Why a product is recommended, in a sentence."""
    if not isinstance(rec, Recommendation):
        return ""
    language = active_language()
    is_pending = not rec.text and product_page.reason_key(rec, language) is not None
    return _render(context, "reason", {"rec": rec, "language": language, "is_pending": is_pending})


@register.simple_tag(takes_context=True)
def why_this(context: template.Context, rec: Recommendation) -> str:
    """What a recommendation rests on, at length, folded away, with what the visitor can do about it."""
    if not isinstance(rec, Recommendation):
        return ""
    explanation = _guarded("why_this", partial(_explanation, rec)) or rec.reason
    choices = _guarded("why_this.choices", partial(_choices, context, rec)) or {}
    return _render(context, "why_this", {"explanation": explanation, **choices})


@register.simple_tag(takes_context=True)
def search_copy(context: template.Context, query: str) -> str:
    """The words above a page of search results; nothing for a search that finds nothing."""
    language = active_language()
    shown = _guarded("search_copy", lambda: search_copies.search_copy(str(query or ""), language))
    return _render(context, "search_copy", {"shown": shown}) if shown else ""


@register.simple_tag(takes_context=True)
def consent_banner(context: template.Context) -> str:
    """Asks what may be remembered; there only until the visitor has decided. Works without JavaScript."""
    request = _request(context)
    _note_choice()
    if request is None or _guarded("consent_banner", partial(has_decided, request)) is not False:
        return ""
    return _render(context, "consent_banner", partial(_consent_values, context, request))


@register.simple_tag(takes_context=True)
def consent_settings(context: template.Context) -> str:
    """Lets a visitor change the decision at any time; for the shop's footer."""
    request = _request(context)
    _note_choice()
    if request is None:
        return ""
    return _render(
        context, "consent_settings", lambda: {**_consent_values(context, request), **_showing_again(request)}
    )


@register.simple_tag(takes_context=True)
def ecom_llm_scripts(context: template.Context) -> str:
    """The style sheet and the script: fresh text, events, the banner without a reload.

    Put it into the page's main template: there it sees which product the page is about.
    """
    request = _request(context)
    return _render(
        context,
        "scripts",
        lambda: {
            "api": reverse("ecom_llm:schema").removesuffix("schema/"),
            "language": active_language(),
            "consent": "none" if request is None else consent_of(request),
            "token": make_token(),
            "product_id": _guarded("ecom_llm_scripts.product", partial(_page_product_id, context, request)) or "",
        },
    )


def _page_product_id(context: template.Context, request: HttpRequest | None) -> str:
    """The id of the product that the page is about, a variant's own; empty elsewhere. Runs no query."""
    product = page_product(request, context.get)
    if product is None:
        return ""
    catalog = get_catalog()
    product_id = catalog.product_id(product) if catalog.is_product(product) else str(product)
    return product_id if len(product_id) <= MAX_ID_CHARACTERS else ""


def _parent(product: Any) -> Any:
    """The product itself, or the one that a variant or an id stands for."""
    return get_catalog().resolve(product)


def _plain(product: Any, language: str) -> product_page.Shown:
    facts = get_catalog().facts(product)
    key = TextKey(Kind.DESCRIPTION, facts.product_id, language)
    if facts.description:
        return product_page.Shown(key, facts.description, "shop")
    return product_page.Shown(key, describe(facts, language), "plain")


def _explanation(rec: Recommendation) -> str:
    return explain_long(rec.evidence, get_catalog().facts(rec.product), rec.seed, active_language())


def _choices(context: template.Context, rec: Recommendation) -> dict[str, Any]:
    """What the forms beside an explanation need; none without a request, which nobody could send them from."""
    request = _request(context)
    if request is None:
        return {}
    return {
        "product_id": rec.product_id,
        # Of who cannot be told apart nothing can be remembered.
        "is_hideable": bool(get_visitor(request).key),
        "is_general": wants_general(request),
        "hide": reverse("ecom_llm:not_interested"),
        "switch": reverse("ecom_llm:recommendations_choice"),
        "next": request.get_full_path(),
        "token": make_token(),
    }


def _showing_again(request: HttpRequest) -> dict[str, Any]:
    """What the form needs with which all that was hidden is recommended again; none where no such list is kept."""
    if not get_visitor(request).has_history:
        return {}
    return {"show_again": reverse("ecom_llm:show_again"), "token": make_token()}


def _note_choice() -> None:
    """Have caches keep apart who is asked from who has answered."""
    scope = current_scope()
    if scope is not None:
        scope.varies.update(DECIDING)


def _consent_values(context: template.Context, request: HttpRequest) -> dict[str, Any]:
    return {
        "action": reverse("ecom_llm:consent"),
        "next": request.get_full_path(),
        "level": consent_of(request) if has_decided(request) else "",
        "is_personal_offered": capped(request, Consent.PERSONAL) is Consent.PERSONAL,
        "policy_url": conf.get_settings().privacy.policy_url,
        "csrf_token": context.get("csrf_token", ""),
    }


def _request(context: template.Context) -> HttpRequest | None:
    request = getattr(context, "request", None) or context.get("request")
    return request if isinstance(request, HttpRequest) else None


def _render(context: template.Context, name: str, values: dict[str, Any] | Callable[[], dict[str, Any]]) -> str:
    """Render one of our templates. Always escaping, even where the page around it has escaping turned off."""

    def render() -> SafeString:
        made = values() if callable(values) else values
        engine = context.template.engine  # type: ignore[union-attr] # set while a template is being rendered
        return engine.get_template(f"ecom_llm/{name}.html").render(template.Context(made, autoescape=True))

    return _guarded(f"{name}.render", render) or ""


def _guarded(place: str, function: Callable[[], Any]) -> Any:
    """What the function returns; None, logged and counted, when it fails."""
    with boundary(place):
        return synchronously(function)
    return None
