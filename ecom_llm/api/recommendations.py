"""`recommendations/`: products to show beside a product, for a search or for this visitor, and why."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import PublicView, visitor_of
from ecom_llm.api.documented import ErrorSerializer, documented
from ecom_llm.api.fields import MAX_LIMIT, LanguageField, StrictBooleanField, find_product
from ecom_llm.capture.general import wants_general
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.channels import product_page
from ecom_llm.entities import EvidenceKind, Recommendation
from ecom_llm.recommend.current_visit import is_visit_used
from ecom_llm.recommend.sentences import explain_long


class RecommendationsQuery(serializers.Serializer[dict[str, Any]]):
    """What to recommend for; neither `product_id` nor `query` means for this visit."""

    product_id = serializers.CharField(required=False, default="", allow_blank=True)
    query = serializers.CharField(required=False, default="", allow_blank=True)
    limit = serializers.IntegerField(required=False, default=4, min_value=1, max_value=MAX_LIMIT)
    personal = StrictBooleanField(
        required=False,
        default=True,
        help_text="Whether what the visitor did may be used; never where they have switched it off.",
    )
    language = LanguageField()


class EvidenceSerializer(serializers.Serializer[Any]):
    """The typed reason a product was picked."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in EvidenceKind])
    seed_id = serializers.CharField(allow_blank=True, help_text="The product it was picked beside; empty for none.")
    support = serializers.IntegerField(help_text="Visits or orders that show it; 0 when nothing was counted.")
    lift = serializers.FloatField(help_text="How many times as often as by chance; 0 when it was not counted.")
    detail = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)


class RecommendationSerializer(serializers.Serializer[Any]):
    """One product to show; price and availability are as of now."""

    product_id = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    price = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    currency = serializers.CharField(allow_blank=True)
    is_available = serializers.BooleanField()
    evidence = EvidenceSerializer()
    reason = serializers.CharField(help_text="Why it is shown, in words; plain text.")
    why = serializers.CharField(help_text="The same in plain words, with what was counted or compared.")
    origin = serializers.ChoiceField(
        choices=["model", "human", "plain"],
        help_text="Who wrote the reason: the model, an editor, or nobody (`plain`, the plain sentence).",
    )


class RecommendationsSerializer(serializers.Serializer[Any]):
    """Products to show, best first."""

    personal = serializers.BooleanField(help_text="Whether what the visitor did could be used: not at `none`.")
    recommendations = RecommendationSerializer(many=True)


class RecommendationsView(PublicView):
    """Recommendations for this visitor."""

    @documented(
        "recommendations",
        parameters=[RecommendationsQuery],
        responses={200: RecommendationsSerializer, 404: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        """Products to show beside a product, for a search, or for what this visit has looked at."""
        query = RecommendationsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        visitor = visitor_of(request)
        is_personal = asked["personal"] and not wants_general(request) and is_visit_used(visitor)
        found = product_page.recommendations(
            visitor=visitor,
            product=find_product(asked["product_id"]) if asked["product_id"] else None,
            query=asked["query"],
            limit=asked["limit"],
            language=asked["language"],
            is_general=not is_personal,
        )
        made = [_as_dict(item, asked["language"]) for item in found]
        return Response(RecommendationsSerializer({"personal": is_personal, "recommendations": made}).data)


def _as_dict(recommendation: Recommendation, language: str) -> dict[str, Any]:
    catalog = get_catalog()
    product = recommendation.product
    facts, offer = catalog.facts(product), catalog.offer(product)
    return {
        "product_id": recommendation.product_id,
        "name": facts.name,
        "url": catalog.url(product),
        "image_url": catalog.image_url(product),
        "price": offer.price,
        "currency": offer.currency,
        "is_available": offer.is_available,
        "evidence": recommendation.evidence,
        "reason": recommendation.words,
        "why": explain_long(recommendation.evidence, facts, recommendation.seed, language),
        "origin": recommendation.origin,
    }
