"""`products/<id>/texts/`: what is said on one product's page; the script asks here for fresh text."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import PublicView
from ecom_llm.api.documented import documented
from ecom_llm.api.fields import LanguageQuery, find_product
from ecom_llm.capture.consent import django_request
from ecom_llm.channels import product_page
from ecom_llm.entities import EvidenceKind


class DescriptionSerializer(serializers.Serializer[dict[str, Any]]):
    """A product's description."""

    text = serializers.CharField()
    origin = serializers.CharField(help_text="Who wrote it: `model`, `human`, `shop`, or `plain` for a plain sentence.")


class ReasonSerializer(serializers.Serializer[dict[str, Any]]):
    """Why one product is shown beside this one."""

    product_id = serializers.CharField()
    evidence = serializers.ChoiceField(choices=[kind.value for kind in EvidenceKind])
    text = serializers.CharField()
    origin = serializers.CharField(help_text="Who wrote it: `model` or `human`.")


class ProductTextsSerializer(serializers.Serializer[dict[str, Any]]):
    """All texts of one product's page, as plain text."""

    product_id = serializers.CharField()
    language = serializers.CharField()
    description = DescriptionSerializer()
    reasons = ReasonSerializer(many=True)
    is_pending = serializers.BooleanField(help_text="Whether a text of this page is being written now.")


class ProductTextsView(PublicView):
    """The texts of one product's page. The same for every visitor, so it carries an ETag."""

    @documented("product_texts", parameters=[LanguageQuery], responses=ProductTextsSerializer)
    def get(self, request: Request, product_id: str) -> HttpResponseBase | None:
        """The description and the reasons that are published, and whether more is being written."""
        query = LanguageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        texts = product_page.texts_of(find_product(product_id), query.validated_data["language"])
        payload = ProductTextsSerializer(texts).data
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        response = Response(
            payload, headers={"Cache-Control": "max-age=0, must-revalidate", "ETag": f'"{digest[:32]}"'}
        )
        return get_conditional_response(django_request(request), etag=response["ETag"], response=response)
