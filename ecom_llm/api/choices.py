"""`me/not-interested/` and `me/recommendations/`: what a visitor wants recommended, and from what."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import OwnView, visitor_of
from ecom_llm.api.documented import ErrorSerializer, documented
from ecom_llm.api.fields import find_product
from ecom_llm.api.forms import NextSerializer, SeeOther, is_form, safe_target
from ecom_llm.api.parsers import SmallJSONParser
from ecom_llm.api.throttles import ChoicesThrottle
from ecom_llm.capture.general import set_general, wants_general
from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.recommend import feedback

NOBODY_TO_REMEMBER = "Nothing is kept of this visitor, so this cannot be either: they agreed to nothing, or gave it up."


class HideSerializer(NextSerializer):
    """A product that is not to be recommended again."""

    product_id = serializers.CharField(max_length=MAX_ID_CHARACTERS, help_text="A variant's stands for its product.")


class HiddenSerializer(serializers.Serializer[dict[str, Any]]):
    """The products that are not recommended to the visitor."""

    product_ids = serializers.ListField(child=serializers.CharField(), help_text="The newest first.")


class ChoiceSerializer(NextSerializer):
    """Whether recommendations may use what the visitor did."""

    personal = serializers.BooleanField()


class ChosenSerializer(serializers.Serializer[dict[str, Any]]):
    """What holds."""

    personal = serializers.BooleanField(
        help_text="Whether recommendations may use what the visitor did, as far as their consent goes."
    )


class ChoicesView(OwnView):
    """A choice of the visitor's, from a form or from the script. A change needs the page's CSRF token."""

    parser_classes = (SmallJSONParser, FormParser, MultiPartParser)
    throttle_classes = (ChoicesThrottle,)


class NotInterestedView(ChoicesView):
    """Products that the visitor does not want to see recommended."""

    @documented("list_not_interested", responses={200: HiddenSerializer})
    def get(self, request: Request) -> Response:
        """The products that are not recommended to the visitor."""
        return Response(_hidden(visitor_of(request)))

    @documented(
        "hide_recommendation",
        request=HideSerializer,
        responses={
            200: HiddenSerializer,
            303: OpenApiResponse(description="The answer to a form: back to the page it was on."),
            404: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Never recommend a product to this visitor again; at `anonymous` for today.

        JSON is answered in JSON, a form with a redirect to `next`.
        """
        asked = HideSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        product_id = get_catalog().product_id(find_product(asked.validated_data["product_id"]))
        visitor = visitor_of(request)
        if not feedback.hide(visitor, product_id):
            raise PermissionDenied(NOBODY_TO_REMEMBER)
        return _answer(request, asked.validated_data["next"]) or Response(_hidden(visitor))

    @documented(
        "show_recommendation_again",
        request=None,
        parameters=[OpenApiParameter("product_id", str, description="One product; all of them when left out.")],
        responses={200: HiddenSerializer},
    )
    def delete(self, request: Request) -> Response:
        """Take it back, for one product or for all."""
        visitor = visitor_of(request)
        product_id = request.query_params.get("product_id")
        if visitor.key and (product_id is None or "\0" not in product_id):
            feedback.show_again(visitor, product_id)
        return Response(_hidden(visitor))


class RecommendationsChoiceView(ChoicesView):
    """Whether recommendations may use what the visitor did."""

    @documented("read_recommendations_choice", responses={200: ChosenSerializer})
    def get(self, request: Request) -> Response:
        """What the visitor has chosen; `true` until they choose."""
        return Response({"personal": not wants_general(request)})

    @documented(
        "choose_recommendations",
        request=ChoiceSerializer,
        responses={
            200: ChosenSerializer,
            303: OpenApiResponse(description="The answer to a form: back to the page it was on."),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Remember the choice in the browser; it changes nothing of what is kept, which consent decides.

        JSON is answered in JSON, a form with a redirect to `next`.
        """
        asked = ChoiceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        is_personal = asked.validated_data["personal"]
        answer = _answer(request, asked.validated_data["next"]) or Response({"personal": is_personal})
        set_general(request, answer, is_general=not is_personal)
        return answer


def _hidden(visitor: Visitor) -> dict[str, list[str]]:
    return {"product_ids": feedback.unwanted_ids(visitor)}


def _answer(request: Request, target: str) -> HttpResponseBase | None:
    """The answer to a form; None for JSON."""
    return SeeOther(safe_target(request, target)) if is_form(request) else None
